package store

import (
	"context"
	"iter"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// writeSetAside keeps what could not be decoded, each item once however often
// it comes, and forgets what was set aside under a key that has now come well.
func (w *pageWriter) writeSetAside(ctx context.Context, aside []SetAside) error {
	if err := w.forgetSetAside(ctx); err != nil || len(aside) == 0 {
		return err
	}
	seen := map[gatehouse.Hash]bool{}
	var mirrors, at, once, runs []int64
	var digests, raws [][]byte
	var keys, texts []string
	for _, a := range aside {
		digest := gatehouse.HashOf(a.Raw)
		if seen[digest] {
			continue
		}
		seen[digest] = true
		mirrors, at, once, runs = append(mirrors, w.mirror), append(at, micros(w.now)), append(once, 1), append(runs, w.page.Run.ID)
		digests, raws = append(digests, digest[:]), append(raws, a.Raw)
		keys, texts = append(keys, a.Key), append(texts, a.Error)
	}
	return w.dialect.insert(ctx, w.Tx, bulk{
		table:   "set_aside",
		columns: []string{"mirror_id", "digest", "key", "raw", "error", "first_seen", "last_seen", "times", "seen_run"},
		conflict: "ON CONFLICT (mirror_id, digest) DO UPDATE SET key = excluded.key, error = excluded.error, " +
			"last_seen = excluded.last_seen, times = set_aside.times + 1, seen_run = excluded.seen_run",
	}, []any{mirrors, digests, keys, raws, texts, at, at, once, runs})
}

// forgetSetAside drops the items of the page's keys.
func (w *pageWriter) forgetSetAside(ctx context.Context) error {
	var some int64
	err := w.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM set_aside WHERE mirror_id = $1 LIMIT 1) s", w.mirror).Scan(&some)
	if err != nil || some == 0 {
		return err
	}
	keys := []string{}
	for _, r := range w.page.Records {
		if badKey(r.Key) == "" {
			keys = append(keys, r.Key)
		}
	}
	list, err := w.dialect.list(keys)
	if err != nil {
		return err
	}
	_, err = w.exec(ctx, "DELETE FROM set_aside WHERE mirror_id = $1 AND key IN "+w.dialect.texts("$2"), w.mirror, list)
	return err
}

// SetAsideItem is an item that could not be decoded, as it is kept.
type SetAsideItem struct {
	SetAside
	FirstSeen time.Time
	LastSeen  time.Time
	Times     int64 // how often it came
}

// setAsideBatch is how many items are held in memory at a time.
const setAsideBatch = 20

// SetAside yields what could not be decoded in a stream, in no particular order.
func (s *Store) SetAside(ctx context.Context, integration string, stream gatehouse.Stream) iter.Seq2[SetAsideItem, error] {
	return func(yield func(SetAsideItem, error) bool) {
		after := []byte{}
		for {
			batch, err := s.setAsideBatch(ctx, integration, stream, after)
			if err != nil {
				yield(SetAsideItem{}, err)
				return
			}
			for _, item := range batch {
				if !yield(item, nil) {
					return
				}
			}
			if len(batch) < setAsideBatch {
				return
			}
			digest := gatehouse.HashOf(batch[len(batch)-1].Raw)
			after = digest[:]
		}
	}
}

func (s *Store) setAsideBatch(ctx context.Context, integration string, stream gatehouse.Stream, after []byte) ([]SetAsideItem, error) {
	return every(ctx, s, "read what was set aside", func(scan func(...any) error) (i SetAsideItem, err error) {
		var first, last int64
		err = scan(&i.Key, &i.Raw, &i.Error, &first, &last, &i.Times)
		i.FirstSeen, i.LastSeen = moment(first), moment(last)
		return i, err
	}, "SELECT a.key, a.raw, a.error, a.first_seen, a.last_seen, a.times FROM set_aside a JOIN mirrors m ON m.id = a.mirror_id WHERE m.integration_id = $1 AND m.stream = $2 AND a.digest > $3 ORDER BY a.digest LIMIT $4",
		integration, stream, after, setAsideBatch)
}
