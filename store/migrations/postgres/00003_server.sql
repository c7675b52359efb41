-- What a server over the mirror keeps: the searchable fields of records, points
-- of a history, API keys, the audit log, actions, hunts, answers.

-- +goose Up
ALTER TABLE mirrors ADD COLUMN faceted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mirrors ADD COLUMN facet_version BIGINT NOT NULL DEFAULT 0;

-- gone parts the facets of removed records from those of the living. place says
-- which of several values of one name a value is: 0 the only one, 1 the first,
-- 2 the last, 3 one between.
CREATE TABLE facets (
    mirror_id BIGINT NOT NULL,
    gone      BIGINT NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    value     TEXT COLLATE "C" NOT NULL,
    record_id BIGINT NOT NULL,
    place     BIGINT NOT NULL,
    PRIMARY KEY (mirror_id, gone, name, value, record_id)
);

-- The facets of one record together, to compare with and to check conditions by.
CREATE TABLE record_facets (
    record_id BIGINT PRIMARY KEY,
    gone      BIGINT NOT NULL,
    facets    BYTEA NOT NULL
);

CREATE TABLE points (
    mirror_id BIGINT NOT NULL,
    key       TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    value     DOUBLE PRECISION NOT NULL,
    maximum   DOUBLE PRECISION NOT NULL,
    detail    BYTEA NOT NULL,
    PRIMARY KEY (mirror_id, key, at)
);

CREATE TABLE api_keys (
    id           TEXT COLLATE "C" PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         BYTEA NOT NULL UNIQUE,
    old_hash     BYTEA NOT NULL,
    old_until    BIGINT NOT NULL,
    scopes       BYTEA NOT NULL, -- JSON
    integrations BYTEA NOT NULL, -- JSON
    created      BIGINT NOT NULL,
    expires      BIGINT NOT NULL,
    revoked      BIGINT NOT NULL,
    rotated      BIGINT NOT NULL,
    last_used    BIGINT NOT NULL,
    bootstrap    BIGINT NOT NULL
);
CREATE INDEX api_keys_old ON api_keys (old_hash);
CREATE UNIQUE INDEX api_keys_bootstrap ON api_keys (bootstrap) WHERE bootstrap = 1;

-- Entries are only ever added. Triggers refuse the rest; whoever owns the file can
-- drop them, and that is what the chain of hashes finds.
CREATE TABLE audit (
    number         BIGINT PRIMARY KEY,
    at             BIGINT NOT NULL,
    actor          TEXT NOT NULL,
    actor_kind     TEXT NOT NULL,
    operation      TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    target         TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    request_id     TEXT NOT NULL,
    detail         BYTEA NOT NULL,
    previous       BYTEA NOT NULL,
    hash           BYTEA NOT NULL
);
CREATE INDEX audit_integration ON audit (integration_id, number);

-- The number and the hash of the last entry, so that a tail that was cut off is missed.
CREATE TABLE audit_head (
    one    BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   BYTEA NOT NULL
);
INSERT INTO audit_head (one, number, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_update BEFORE UPDATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_delete BEFORE DELETE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head FOR EACH ROW
    WHEN (NEW.one <> 1 OR NEW.number <> OLD.number + 1) EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_truncate BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- An action is its own durable job: due is when it wants work, 0 for never.
CREATE TABLE actions (
    id              TEXT COLLATE "C" PRIMARY KEY,
    integration_id  TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint     BYTEA NOT NULL,
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    created         BIGINT NOT NULL,
    changed         BIGINT NOT NULL,
    body            BYTEA NOT NULL, -- the action whole, as JSON
    due             BIGINT NOT NULL,
    holder          TEXT NOT NULL,
    lease_until     BIGINT NOT NULL,
    fence           BIGINT NOT NULL,
    UNIQUE (integration_id, idempotency_key)
);
CREATE INDEX actions_created ON actions (integration_id, created, id);
CREATE INDEX actions_due ON actions (due) WHERE due > 0;

CREATE TABLE action_targets (
    action_id      TEXT NOT NULL,
    n              BIGINT NOT NULL,
    integration_id TEXT NOT NULL,
    target_id      TEXT NOT NULL,
    upstream_id    TEXT NOT NULL,
    state          TEXT NOT NULL,
    PRIMARY KEY (action_id, n)
);
CREATE INDEX action_targets_target ON action_targets (integration_id, target_id);
CREATE INDEX action_targets_upstream ON action_targets (integration_id, upstream_id);

CREATE TABLE action_events (
    number         BIGINT PRIMARY KEY,
    action_id      TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    name           TEXT NOT NULL,
    target         BIGINT NOT NULL,
    state          TEXT NOT NULL,
    at             BIGINT NOT NULL
);
CREATE INDEX action_events_action ON action_events (action_id, number);
CREATE INDEX action_events_integration ON action_events (integration_id, number);
INSERT INTO counters (name, value) VALUES ('action_events', 0);

CREATE TABLE hunts (
    id          TEXT COLLATE "C" PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    body        BYTEA NOT NULL, -- the hunt whole, as JSON
    created     BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    due         BIGINT NOT NULL,
    holder      TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    fence       BIGINT NOT NULL
);
CREATE INDEX hunts_due ON hunts (due) WHERE due > 0;

CREATE TABLE hunt_runs (
    id             TEXT COLLATE "C" PRIMARY KEY,
    hunt_id        TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    state          TEXT NOT NULL,
    created        BIGINT NOT NULL,
    ended          BIGINT NOT NULL,
    row_count      BIGINT NOT NULL,
    body           BYTEA NOT NULL -- the run whole, as JSON
);
CREATE INDEX hunt_runs_hunt ON hunt_runs (hunt_id, created, id);
CREATE INDEX hunt_runs_integration ON hunt_runs (integration_id, created, id);

CREATE TABLE hunt_rows (
    run_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    body   BYTEA NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE answers (
    key_id          TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint     BYTEA NOT NULL,
    token           TEXT NOT NULL, -- of whoever is at it; empty when it is done
    token_until     BIGINT NOT NULL,
    status          BIGINT NOT NULL,
    content_type    TEXT NOT NULL,
    body            BYTEA NOT NULL,
    expires         BIGINT NOT NULL,
    PRIMARY KEY (key_id, idempotency_key)
);
CREATE INDEX answers_expires ON answers (expires);
