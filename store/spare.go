package store

import (
	"context"

	"github.com/gatehouse-sec/gatehouse"
)

// Spare marks those of the records that a run has not seen as seen of which stays
// says so by their documents, so that [Store.FinishSweep] does not remove them. It
// returns how many there were. Nothing else of them changes, and to do it again is
// safe.
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
	var ids []int64
	for _, m := range missing {
		r, err := s.Record(ctx, run.Integration, run.Stream, m.key)
		if err != nil {
			return 0, err
		}
		if stays(r.Document) {
			ids = append(ids, m.id)
		}
	}
	if len(ids) == 0 {
		return 0, nil
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
