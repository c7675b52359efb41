-- Times are microseconds since 1970 in UTC, 0 for never. Truth values are 0 and 1.
-- The columns are the same as those of ../postgres; a test compares them.

-- +goose Up
CREATE TABLE integrations (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    tenant   TEXT NOT NULL,
    state    TEXT NOT NULL,
    settings BLOB NOT NULL, -- the integration whole, as JSON
    created  INTEGER NOT NULL,
    changed  INTEGER NOT NULL
);

CREATE TABLE secrets (
    integration_id TEXT NOT NULL,
    name           TEXT NOT NULL,
    key_id         TEXT NOT NULL,
    sealed         BLOB NOT NULL,
    PRIMARY KEY (integration_id, name)
);

-- One row for each stream of each integration. Whoever commits writes to it
-- first, so it is also the lock and the fence of the stream.
CREATE TABLE mirrors (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    integration_id   TEXT NOT NULL,
    stream           TEXT NOT NULL,
    run_id           INTEGER NOT NULL DEFAULT 0,
    attempt          INTEGER NOT NULL DEFAULT 0,
    held             INTEGER NOT NULL DEFAULT 0,
    last_change      INTEGER NOT NULL DEFAULT 0,
    phase            TEXT NOT NULL DEFAULT '',
    watermark        INTEGER NOT NULL DEFAULT 0,
    checkpoint       BLOB,
    checkpoint_moved INTEGER NOT NULL DEFAULT 0,
    health           BLOB,
    UNIQUE (integration_id, stream)
);

CREATE TABLE runs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    mirror_id        INTEGER NOT NULL,
    attempt          INTEGER NOT NULL,
    mode             TEXT NOT NULL,
    started          INTEGER NOT NULL,
    ended            INTEGER NOT NULL DEFAULT 0,
    complete         INTEGER NOT NULL DEFAULT 0,
    sweeping         INTEGER NOT NULL DEFAULT 0,
    swept            INTEGER NOT NULL DEFAULT 0,
    pages            INTEGER NOT NULL DEFAULT 0,
    row_count        INTEGER NOT NULL DEFAULT 0,
    created          INTEGER NOT NULL DEFAULT 0,
    updated          INTEGER NOT NULL DEFAULT 0,
    unchanged        INTEGER NOT NULL DEFAULT 0,
    removed          INTEGER NOT NULL DEFAULT 0,
    set_aside        INTEGER NOT NULL DEFAULT 0,
    set_aside_no_key INTEGER NOT NULL DEFAULT 0,
    calls            INTEGER NOT NULL DEFAULT 0,
    error            TEXT NOT NULL DEFAULT ''
);
CREATE INDEX runs_mirror ON runs (mirror_id, id);

-- What changes with every reading is narrow and stands apart from the documents.
CREATE TABLE records (
    id         INTEGER PRIMARY KEY,
    mirror_id  INTEGER NOT NULL,
    key        TEXT NOT NULL,
    api        TEXT NOT NULL,
    version    INTEGER NOT NULL,
    content    BLOB NOT NULL,
    whole      BLOB NOT NULL,
    first_seen INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    removed    INTEGER NOT NULL,
    seen_run   INTEGER NOT NULL
);
CREATE UNIQUE INDEX records_key ON records (mirror_id, key);

CREATE TABLE documents (
    record_id INTEGER PRIMARY KEY,
    document  BLOB NOT NULL
);

CREATE TABLE events (
    number    INTEGER PRIMARY KEY,
    mirror_id INTEGER NOT NULL,
    record_id INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    at        INTEGER NOT NULL
);
CREATE INDEX events_mirror ON events (mirror_id, number);

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
INSERT INTO counters (name, value) VALUES ('events', 0);

CREATE TABLE set_aside (
    mirror_id  INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    key        TEXT NOT NULL,
    raw        BLOB NOT NULL,
    error      TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    times      INTEGER NOT NULL,
    seen_run   INTEGER NOT NULL,
    PRIMARY KEY (mirror_id, digest)
);

CREATE TABLE cursors (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    moved  INTEGER NOT NULL
);
