package store

import (
	"context"
	"database/sql"

	"github.com/gatehouse-sec/gatehouse"
)

// Spare marks those of the records that a run has not seen as seen of which stays
// says so by their documents, so that [Store.FinishSweep] does not remove them. It
// returns how many there were. Nothing else of them changes, and to do it again is
// safe. stays must neither keep a document nor use the store.
func (s *Store) Spare(ctx context.Context, run gatehouse.SyncRun, stays func(document []byte) bool) (spared int64, err error) {
	var mirror int64
	if err := s.write(ctx, "spare", func(tx *transaction) error {
		mirror, err = tx.fence(ctx, run)
		return err
	}); err != nil {
		return 0, err
	}
	for key := ""; ; {
		missing, err := s.missing(ctx, mirror, run.ID, key)
		if err != nil || len(missing) == 0 {
			return spared, s.failure("spare", err)
		}
		key = missing[len(missing)-1].key
		n, err := s.spareBatch(ctx, run, missing, stays)
		if spared += n; err != nil {
			return spared, err
		}
	}
}

// spareBatch marks those of some records that stay, in one transaction.
func (s *Store) spareBatch(ctx context.Context, run gatehouse.SyncRun, missing []missingRecord, stays func([]byte) bool) (n int64, err error) {
	ids, err := s.staying(ctx, missing, stays)
	if err != nil || len(ids) == 0 {
		return 0, s.failure("spare", err)
	}
	list, err := s.dialect.list(ids)
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, "spare", func(tx *transaction) error {
		if _, err := tx.fence(ctx, run); err != nil {
			return err
		}
		n, err = tx.exec(ctx, "UPDATE records SET seen_run = $1 WHERE seen_run < $1 AND id IN "+tx.dialect.numbers("$2"), run.ID, list)
		return err
	})
	return n, err
}

// staying returns the ids of those of some records that stay. One document is held in
// memory at a time.
func (s *Store) staying(ctx context.Context, missing []missingRecord, stays func([]byte) bool) (ids []int64, err error) {
	all := make([]int64, len(missing))
	for i, m := range missing {
		all[i] = m.id
	}
	list, err := s.dialect.list(all)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT record_id, document FROM documents WHERE record_id IN "+s.dialect.numbers("$1"), list) //nolint:gosec // the parts are ours
	if err != nil {
		return nil, err
	}
	_, err = scanAll(rows, func(scan func(...any) error) (none struct{}, err error) {
		var id int64
		var document sql.RawBytes
		if err = scan(&id, &document); err == nil && stays(document) {
			ids = append(ids, id)
		}
		return none, err
	})
	return ids, err
}
