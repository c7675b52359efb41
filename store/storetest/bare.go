package storetest

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/store"
)

// Bare writes documents into one table with a primary key, in the database of
// a store, the quickest way that each database has for rows in a transaction.
// It is what the rates of the store are set against.
type Bare struct {
	db       *sql.DB
	postgres bool
}

// NewBare makes the table anew. Call [Bare.Drop] when done with it.
func NewBare(ctx context.Context, s *store.Store) (*Bare, error) {
	b := &Bare{db: s.DB(), postgres: s.Database() == "postgres"}
	bytes := "BLOB"
	if b.postgres {
		bytes = "BYTEA"
	}
	_, err := b.db.ExecContext(ctx, "CREATE TABLE bare (integration TEXT NOT NULL, stream TEXT NOT NULL, key TEXT NOT NULL, document "+bytes+" NOT NULL, PRIMARY KEY (integration, stream, key))")
	return b, err
}

// Drop deletes the table.
func (b *Bare) Drop(ctx context.Context) error {
	_, err := b.db.ExecContext(ctx, "DROP TABLE bare")
	return err
}

// Insert writes a page in one transaction.
func (b *Bare) Insert(ctx context.Context, page []store.PageRecord) error {
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	write := b.insertRows
	if b.postgres {
		write = b.insertArrays
	}
	if err := write(ctx, tx, page); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// insertArrays sends each column as an array.
func (b *Bare) insertArrays(ctx context.Context, tx *sql.Tx, page []store.PageRecord) error {
	keys, documents := make([]string, len(page)), make([][]byte, len(page))
	for i, r := range page {
		keys[i], documents[i] = r.Key, r.Document
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO bare SELECT 'i', 's', * FROM unnest($1::text[], $2::bytea[])", keys, documents)
	return err
}

// bareRows is how many rows one statement inserts into SQLite.
const bareRows = 16

// insertRows inserts a few rows with each statement.
func (b *Bare) insertRows(ctx context.Context, tx *sql.Tx, page []store.PageRecord) error {
	rest := len(page) % bareRows
	return errors.Join(b.insertBy(ctx, tx, page[rest:], bareRows), b.insertBy(ctx, tx, page[:rest], 1))
}

func (b *Bare) insertBy(ctx context.Context, tx *sql.Tx, page []store.PageRecord, size int) error {
	//nolint:gosec // nothing but places for values
	stmt, err := tx.PrepareContext(ctx, "INSERT INTO bare VALUES "+strings.TrimSuffix(strings.Repeat("('i', 's', ?, ?), ", size), ", "))
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	for rows := range slices.Chunk(page, size) {
		var args []any
		for _, r := range rows {
			args = append(args, r.Key, r.Document)
		}
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}
