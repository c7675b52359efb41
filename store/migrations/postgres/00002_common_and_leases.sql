-- +goose Up
-- What every door of a stream knows about an object; empty for one door.
ALTER TABLE records ADD COLUMN common BYTEA NOT NULL DEFAULT ''::bytea;

-- Who works on an integration, and until when at least.
CREATE TABLE leases (
    integration_id TEXT PRIMARY KEY,
    holder         TEXT NOT NULL,
    until          BIGINT NOT NULL
);
