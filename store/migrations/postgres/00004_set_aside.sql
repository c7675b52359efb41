-- The columns are the same as those of ../sqlite; a test compares them.

-- +goose Up
-- Why a row cannot be read by the version that tried last; empty when it can.
ALTER TABLE actions ADD COLUMN aside TEXT NOT NULL DEFAULT '';
ALTER TABLE hunts ADD COLUMN aside TEXT NOT NULL DEFAULT '';

-- Until when at least somebody works on a run; 0 when nobody has said so.
ALTER TABLE hunt_runs ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;

-- What every process on this database obeys.
CREATE TABLE settings (
    name    TEXT PRIMARY KEY,
    value   TEXT NOT NULL,
    changed BIGINT NOT NULL
);
