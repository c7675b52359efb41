package store

import (
	"context"
	"fmt"
	"math"

	"github.com/gatehouse-sec/gatehouse"
)

// AuditBreak is a place where the audit log is not as it was written.
type AuditBreak struct {
	Number int64  `json:"number"` // of the entry
	What   string `json:"what"`   // what is wrong there, one line
}

// AuditVerdict is what a look at the whole audit log has found.
type AuditVerdict struct {
	Entries int64          `json:"entries"` // that are there
	Head    int64          `json:"head"`    // number of the last entry that was written
	Hash    gatehouse.Hash `json:"hash"`    // of that entry: note it elsewhere, and a log that was written anew is found, too
	Breaks  []AuditBreak   `json:"breaks,omitempty"`
	More    bool           `json:"more,omitempty"` // there are more breaks than are listed
}

// Sound reports whether the log is as it was written.
func (v AuditVerdict) Sound() bool { return len(v.Breaks) == 0 }

// Bounds of one look at the audit log.
const (
	auditBatch     = 1000
	auditMaxBreaks = 1000
)

// VerifyAudit reads the whole audit log and says where it is not as it was
// written: entries that were changed, removed, inserted or moved. Whoever may
// write to the database can write the whole log anew; then only a head that was
// noted elsewhere gives it away. It is safe beside writers.
func (s *Store) VerifyAudit(ctx context.Context) (AuditVerdict, error) {
	v := auditVerifier{last: math.MinInt64, expect: 1}
	for {
		n, err := s.verifyBatch(ctx, &v)
		if err != nil {
			return AuditVerdict{}, s.failure("verify the audit log", err)
		}
		if n > 0 {
			continue
		}
		// The head is read behind the entries: whatever it counts was committed by
		// then, so if it has moved on, there is more to read.
		var head int64
		var digest []byte
		if err := s.read.QueryRowContext(ctx, "SELECT number, hash FROM audit_head WHERE one = 1").Scan(&head, &digest); err != nil {
			return AuditVerdict{}, s.failure("verify the audit log", err)
		}
		if n, err = s.verifyBatch(ctx, &v); err != nil {
			return AuditVerdict{}, s.failure("verify the audit log", err)
		}
		if n == 0 {
			return v.end(head, hash(digest)), nil
		}
	}
}

// verifyBatch looks at the next entries.
func (s *Store) verifyBatch(ctx context.Context, v *auditVerifier) (int, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+auditColumns+" FROM audit WHERE number > $1 ORDER BY number LIMIT $2", v.last, auditBatch)
	if err != nil {
		return 0, err
	}
	batch, err := scanAll(rows, scanAudit)
	for _, e := range batch {
		v.look(e)
	}
	return len(batch), err
}

// auditVerifier goes through the log in its order.
type auditVerifier struct {
	verdict AuditVerdict
	last    int64          // number of the entry before
	expect  int64          // number of the next one
	kept    gatehouse.Hash // of the entry before, as it is kept
	found   gatehouse.Hash // of the entry before, as it should be
}

// blame notes a break.
func (v *auditVerifier) blame(number int64, what string, args ...any) {
	if len(v.verdict.Breaks) == auditMaxBreaks {
		v.verdict.More = true
		return
	}
	v.verdict.Breaks = append(v.verdict.Breaks, AuditBreak{Number: number, What: fmt.Sprintf(what, args...)})
}

// look checks one entry against itself and against the one before.
func (v *auditVerifier) look(e gatehouse.AuditEntry) {
	v.verdict.Entries++
	missing := e.Number > v.expect
	switch {
	case e.Number < v.expect:
		v.blame(e.Number, "entry %d was inserted: numbers begin at 1", e.Number)
	case missing && e.Number-1 == v.expect:
		v.blame(v.expect, "entry %d is missing", v.expect)
	case missing:
		v.blame(v.expect, "entries %d to %d are missing", v.expect, e.Number-1)
	}
	should := e.Digest()
	if should != e.Hash {
		v.blame(e.Number, "entry %d was changed, or is not the one that was written there: its hash is not that of what it says", e.Number)
	}
	// After a gap the entry before is not known, and when only the hash of the one
	// before was changed, that one has been named already.
	if !missing && e.Previous != v.kept && e.Previous != v.found {
		v.blame(e.Number, "entry %d does not follow entry %d: one of them was put in its place", e.Number, e.Number-1)
	}
	v.last, v.expect, v.kept, v.found = e.Number, max(e.Number+1, v.expect), e.Hash, should
}

// end compares the end of the log with the head.
func (v *auditVerifier) end(head int64, digest gatehouse.Hash) AuditVerdict {
	v.verdict.Head, v.verdict.Hash = head, digest
	switch written := v.expect - 1; {
	case written > head:
		v.blame(head+1, "the log was %d entries long, and there are entries up to %d: what is behind was inserted, or the head was set back", head, written)
	case written < head && written+1 == head:
		v.blame(head, "entry %d is missing: it was the last one", head)
	case written < head:
		v.blame(written+1, "entries %d to %d are missing: they were the last ones", written+1, head)
	case digest != v.kept && digest != v.found:
		v.blame(head, "entry %d is not the one that was written last", head)
	}
	return v.verdict
}
