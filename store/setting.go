package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// Setting returns what every process on this database obeys under a name; empty when
// nothing was said.
func (s *Store) Setting(ctx context.Context, name string) (value string, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = $1", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, s.failure("read setting", err)
}

// PutSetting says what every process on this database obeys under a name; empty for
// nothing. The entry in the audit log is written when that changes something, which
// is returned.
func (s *Store) PutSetting(ctx context.Context, name, value string, audit *gatehouse.AuditEntry) (changed bool, err error) {
	if name == "" || strings.ContainsRune(name+value, 0) {
		return false, fmt.Errorf("store: setting %q: %w: it needs a name, and texts without a zero byte", name, ErrInvalid)
	}
	err = s.write(ctx, "put setting", func(tx *transaction) error {
		query, args := "DELETE FROM settings WHERE name = $1", []any{name}
		if value != "" {
			query = `INSERT INTO settings (name, value, changed) VALUES ($1, $2, $3)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed = excluded.changed WHERE settings.value <> excluded.value`
			args = append(args, value, micros(tx.now))
		}
		n, err := tx.exec(ctx, query, args...)
		if changed = n > 0; err != nil || !changed {
			return err
		}
		return tx.auditMaybe(ctx, audit)
	})
	return changed && err == nil, err
}
