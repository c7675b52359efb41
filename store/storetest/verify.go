package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse/store"
)

// laws are counts that are 0 in every sound database.
func laws() map[string]string {
	return map[string]string{
		"mirrors whose count of records is wrong":      "SELECT COUNT(*) FROM mirrors m WHERE m.held <> (SELECT COUNT(*) FROM records r WHERE r.mirror_id = m.id AND r.removed = 0)",
		"records without a document":                   "SELECT COUNT(*) FROM records r LEFT JOIN documents d ON d.record_id = r.id WHERE d.record_id IS NULL",
		"documents without a record":                   "SELECT COUNT(*) FROM documents d LEFT JOIN records r ON r.id = d.record_id WHERE r.id IS NULL",
		"events without a record":                      "SELECT COUNT(*) FROM events e LEFT JOIN records r ON r.id = e.record_id WHERE r.id IS NULL",
		"records whose version is not their events":    "SELECT COUNT(*) FROM records r LEFT JOIN (SELECT record_id, COUNT(*) AS n, MAX(version) AS v FROM events GROUP BY record_id) e ON e.record_id = r.id WHERE e.n IS NULL OR e.n <> r.version OR e.v <> r.version",
		"events numbered beyond the counter":           "SELECT COUNT(*) FROM events WHERE number > (SELECT value FROM counters WHERE name = 'events')",
		"open runs that their mirror does not know":    "SELECT COUNT(*) FROM runs r JOIN mirrors m ON m.id = r.mirror_id WHERE r.ended = 0 AND m.run_id <> r.id",
		"runs whose rows do not add up":                "SELECT COUNT(*) FROM runs WHERE swept = 0 AND sweeping = 0 AND row_count <> created + updated + unchanged + removed + set_aside",
		"removed records whose last event is another":  "SELECT COUNT(*) FROM records r JOIN events e ON e.record_id = r.id AND e.version = r.version WHERE (r.removed <> 0) <> (e.kind = 'removed')",
		"events of one record whose numbers go back":   "SELECT COUNT(*) FROM events a JOIN events b ON b.record_id = a.record_id AND b.version = a.version + 1 WHERE b.number <= a.number",
		"events that are a record's first, but differ": "SELECT COUNT(*) FROM events WHERE (version = 1) AND kind <> 'created'",
	}
}

// Verify looks for what must hold at any instant and returns what does not.
func Verify(ctx context.Context, s *store.Store) error {
	var broken []error
	for law, query := range laws() {
		var n int64
		if err := s.DB().QueryRowContext(ctx, query).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", law, err)
		}
		if n != 0 {
			broken = append(broken, fmt.Errorf("%d %s", n, law))
		}
	}
	return errors.Join(broken...)
}

// VerifyNumbers looks whether the numbers of the events leave no gap. They may
// only where an integration has been removed.
func VerifyNumbers(ctx context.Context, s *store.Store) error {
	var n, last, counter int64
	err := s.DB().QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM events), (SELECT COALESCE(MAX(number), 0) FROM events), (SELECT value FROM counters WHERE name = 'events')").Scan(&n, &last, &counter)
	if err == nil && (n != last || last != counter) {
		err = fmt.Errorf("%d events, the last numbered %d, the counter at %d", n, last, counter)
	}
	return err
}
