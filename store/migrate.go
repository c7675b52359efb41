package store

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrationTries is how often a migration is tried when several processes open
// a new SQLite file at once: the loser finds the winner's work on its next try.
const migrationTries = 5

// migrate brings the schema up to date, or refuses a newer one.
func (s *Store) migrate(ctx context.Context) error {
	var err error
	for range migrationTries {
		if err = s.migrateOnce(ctx); err == nil || isOwn(err) || ctx.Err() != nil {
			return err
		}
		if cause := s.dialect.cause(err); cause != nil && s.dialect.goose() == goose.DialectPostgres {
			return err // PostgreSQL has a lock for this: trying again helps nobody
		}
	}
	return err
}

func (s *Store) migrateOnce(ctx context.Context) error {
	files, err := s.dialect.migrations()
	if err != nil {
		return err
	}
	// The file is read, not goose's global list, and nothing is logged.
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.dialect.goose() == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(s.dialect.goose(), s.db, files, options...)
	if err != nil {
		return err
	}
	// The provider is not closed: that would close the database with it.
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("store: %w: it has schema %d and this program knows %d: run the newer gatehouse, or restore a backup", ErrNewerSchema, current, target)
	}
	if current == target {
		return nil
	}
	_, err = p.Up(ctx)
	return err
}
