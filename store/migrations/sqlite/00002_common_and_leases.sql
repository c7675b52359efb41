-- +goose Up
-- What every door of a stream knows about an object; empty for one door.
ALTER TABLE records ADD COLUMN common BLOB NOT NULL DEFAULT x'';

-- Who works on an integration, and until when at least.
CREATE TABLE leases (
    integration_id TEXT PRIMARY KEY,
    holder         TEXT NOT NULL,
    until          INTEGER NOT NULL
);
