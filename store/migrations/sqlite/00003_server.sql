-- What a server over the mirror keeps: the searchable fields of records, points
-- of a history, API keys, the audit log, actions, hunts, answers.

-- +goose Up
ALTER TABLE mirrors ADD COLUMN faceted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mirrors ADD COLUMN facet_version INTEGER NOT NULL DEFAULT 0;

-- The names of a mirror's facets.
CREATE TABLE facet_names (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    mirror_id INTEGER NOT NULL,
    name      TEXT NOT NULL,
    UNIQUE (mirror_id, name)
);

-- facet is twice the id of the name, and one more for removed records: so those
-- stand apart from the living, and a row is small. place says which of several
-- values of one name a value is: 0 the only one, 1 the first, 2 the last, 3 one
-- between.
CREATE TABLE facets (
    facet     INTEGER NOT NULL,
    value     TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    place     INTEGER NOT NULL,
    PRIMARY KEY (facet, value, record_id)
) WITHOUT ROWID;

-- The facets of one record together, to compare with and to check conditions by.
CREATE TABLE record_facets (
    record_id INTEGER PRIMARY KEY,
    gone      INTEGER NOT NULL,
    facets    BLOB NOT NULL
);

CREATE TABLE points (
    mirror_id INTEGER NOT NULL,
    key       TEXT NOT NULL,
    at        INTEGER NOT NULL,
    value     REAL NOT NULL,
    maximum   REAL NOT NULL,
    detail    BLOB NOT NULL,
    PRIMARY KEY (mirror_id, key, at)
) WITHOUT ROWID;

CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    old_hash     BLOB NOT NULL,
    old_until    INTEGER NOT NULL,
    scopes       BLOB NOT NULL, -- JSON
    integrations BLOB NOT NULL, -- JSON
    created      INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    revoked      INTEGER NOT NULL,
    rotated      INTEGER NOT NULL,
    last_used    INTEGER NOT NULL,
    bootstrap    INTEGER NOT NULL
);
CREATE INDEX api_keys_old ON api_keys (old_hash);
CREATE UNIQUE INDEX api_keys_bootstrap ON api_keys (bootstrap) WHERE bootstrap = 1;

-- Entries are only ever added. Triggers refuse the rest; whoever owns the file can
-- drop them, and that is what the chain of hashes finds.
CREATE TABLE audit (
    number         INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    actor_kind     TEXT NOT NULL,
    operation      TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    target         TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    request_id     TEXT NOT NULL,
    detail         BLOB NOT NULL,
    previous       BLOB NOT NULL,
    hash           BLOB NOT NULL
);
CREATE INDEX audit_integration ON audit (integration_id, number);

-- The number and the hash of the last entry, so that a tail that was cut off is missed.
CREATE TABLE audit_head (
    one    INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL
);
INSERT INTO audit_head (one, number, hash) VALUES (1, 0, zeroblob(32));

-- +goose StatementBegin
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head WHEN NEW.one <> 1 OR NEW.number <> OLD.number + 1 BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
-- +goose StatementEnd

-- An action is its own durable job: due is when it wants work, 0 for never.
CREATE TABLE actions (
    id              TEXT PRIMARY KEY,
    integration_id  TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint     BLOB NOT NULL,
    name            TEXT NOT NULL,
    state           TEXT NOT NULL,
    created         INTEGER NOT NULL,
    changed         INTEGER NOT NULL,
    body            BLOB NOT NULL, -- the action whole, as JSON
    due             INTEGER NOT NULL,
    holder          TEXT NOT NULL,
    lease_until     INTEGER NOT NULL,
    fence           INTEGER NOT NULL,
    UNIQUE (integration_id, idempotency_key)
);
CREATE INDEX actions_created ON actions (integration_id, created, id);
CREATE INDEX actions_due ON actions (due) WHERE due > 0;

CREATE TABLE action_targets (
    action_id      TEXT NOT NULL,
    n              INTEGER NOT NULL,
    integration_id TEXT NOT NULL,
    target_id      TEXT NOT NULL,
    upstream_id    TEXT NOT NULL,
    state          TEXT NOT NULL,
    PRIMARY KEY (action_id, n)
) WITHOUT ROWID;
CREATE INDEX action_targets_target ON action_targets (integration_id, target_id);
CREATE INDEX action_targets_upstream ON action_targets (integration_id, upstream_id);

CREATE TABLE action_events (
    number         INTEGER PRIMARY KEY,
    action_id      TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    name           TEXT NOT NULL,
    target         INTEGER NOT NULL,
    state          TEXT NOT NULL,
    at             INTEGER NOT NULL
);
CREATE INDEX action_events_action ON action_events (action_id, number);
CREATE INDEX action_events_integration ON action_events (integration_id, number);
INSERT INTO counters (name, value) VALUES ('action_events', 0);

CREATE TABLE hunts (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    body        BLOB NOT NULL, -- the hunt whole, as JSON
    created     INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    holder      TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    fence       INTEGER NOT NULL
);
CREATE INDEX hunts_due ON hunts (due) WHERE due > 0;

CREATE TABLE hunt_runs (
    id             TEXT PRIMARY KEY,
    hunt_id        TEXT NOT NULL,
    integration_id TEXT NOT NULL,
    state          TEXT NOT NULL,
    created        INTEGER NOT NULL,
    ended          INTEGER NOT NULL,
    row_count      INTEGER NOT NULL,
    body           BLOB NOT NULL -- the run whole, as JSON
);
CREATE INDEX hunt_runs_hunt ON hunt_runs (hunt_id, created, id);
CREATE INDEX hunt_runs_integration ON hunt_runs (integration_id, created, id);

CREATE TABLE hunt_rows (
    run_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE answers (
    key_id          TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    fingerprint     BLOB NOT NULL,
    token           TEXT NOT NULL, -- of whoever is at it; empty when it is done
    token_until     INTEGER NOT NULL,
    status          INTEGER NOT NULL,
    content_type    TEXT NOT NULL,
    body            BLOB NOT NULL,
    expires         INTEGER NOT NULL,
    PRIMARY KEY (key_id, idempotency_key)
);
CREATE INDEX answers_expires ON answers (expires);
