-- The indexes are the same as those of ../postgres; a test compares them.

-- +goose Up
-- Nobody asks for an action by Microsoft's id of a target.
DROP INDEX action_targets_upstream;
