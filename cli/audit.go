package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func newAuditCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit", Short: "Read the audit log, and prove that nobody has changed it",
		Long: `The audit log says who did what through this Gatehouse, and how it ended. Nothing
is ever changed in it or taken out, and each entry carries the hash of the one
before.`,
	}
	cmd.AddCommand(newAuditListCommand(p), newAuditVerifyCommand(p))
	return cmd
}

func newAuditListCommand(p *program) *cobra.Command {
	var q store.AuditQuery
	cmd := withExits(&cobra.Command{
		Use: "list", Short: "List entries, the newest last",
		Example: `  gatehouse audit list --limit 20
  gatehouse audit list --operation 'actions.*' --since 24h
  gatehouse audit list --outcome refused --output ndjson`,
		Args: wants(),
	})
	limit := addLimit(cmd)
	since := addTime(p, cmd, "since", "`TIME` of the first entry")
	cmd.Flags().StringVar(&q.Actor, "actor", "", "`ID` of who did it")
	cmd.Flags().StringVar(&q.Operation, "operation", "", "`OPERATION`, as keys.create; with .* at the end all that begin so")
	cmd.Flags().StringVar(&q.Target, "target", "", "`ID` of what it was done to")
	outcome := addEnum(cmd, "outcome", "how it ended", []string{"done", "refused", "failed"})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q.All, q.Newest, q.Since, q.Outcome = true, true, since.at, outcome.value
		return p.useAudit(cmd.Context(), func(desk auditDesk) error {
			newest, err := desk.newestAudit(cmd.Context(), q, limit.rows)
			if err != nil {
				return err
			}
			return printList(cmd.Context(), p, auditView(), rowsOf(newest), 0)
		})
	}
	return cmd
}

// newestAudit returns the newest entries, the newest last; none of a limit is all.
func newestAudit(ctx context.Context, held *store.Store, q store.AuditQuery, limit int) ([]gatehouse.AuditEntry, error) {
	const page = 1000
	var newest []gatehouse.AuditEntry
	for limit <= 0 || len(newest) < limit {
		q.Limit = page
		if limit > 0 {
			q.Limit = min(page, limit-len(newest))
		}
		batch, err := held.Audit(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(batch) == 0 {
			break
		}
		newest = append(newest, batch...)
		if q.Before = batch[len(batch)-1].Number; q.Before <= 1 {
			break
		}
	}
	for a, b := 0, len(newest)-1; a < b; a, b = a+1, b-1 {
		newest[a], newest[b] = newest[b], newest[a]
	}
	return newest, nil
}

func auditView() view[gatehouse.AuditEntry] {
	type entry = gatehouse.AuditEntry
	return view[entry]{
		noun: "entries",
		columns: []column[entry]{
			field("number", "No", func(e entry) string { return strconv.FormatInt(e.Number, 10) }).number(),
			when("time", "Time", func(e entry) time.Time { return e.Time }),
			field("actor", "Actor", func(e entry) string { return orElse(e.Actor, string(e.ActorKind)) }).flexible(),
			field("operation", "Operation", func(e entry) string { return e.Operation }),
			field("outcome", "Outcome", func(e entry) string { return e.Outcome }),
			field("target", "Target", func(e entry) string { return e.Target }).flexible().dropped(2),
			field("integration", "Integration", func(e entry) string { return e.Integration }).dropped(1),
			field("actorKind", "", func(e entry) string { return string(e.ActorKind) }),
			field("requestId", "", func(e entry) string { return e.RequestID }),
			field("detail", "", func(e entry) string { return string(e.Detail) }),
		},
		raw: encodeAudit,
	}
}

// encodeAudit leaves the hash of the entry before out where it is not known: a
// server does not send it.
func encodeAudit(e gatehouse.AuditEntry) jsontext.Value {
	if e.Number == 1 || e.Previous != (gatehouse.Hash{}) {
		return encode(e)
	}
	return encode(struct {
		gatehouse.AuditEntry

		Previous *gatehouse.Hash `json:"previous,omitempty"`
	}{AuditEntry: e})
}

func newAuditVerifyCommand(p *program) *cobra.Command {
	var head string
	cmd := withExits(&cobra.Command{
		Use: "verify", Short: "Prove that the audit log is as it was written",
		Long: `Read the whole audit log and say where an entry was changed, removed, inserted or
moved; the status then says that somebody has to look.

Whoever may write to the database could write the whole log anew. So note the head
that this prints somewhere else, and hand it over with --head the next time: the
log has to go through it.`,
		Example: `  gatehouse audit verify
  gatehouse audit verify --head 41:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			number, hash, err := auditHead(head)
			if err != nil {
				return err
			}
			return p.useAudit(cmd.Context(), func(desk auditDesk) error { return p.verifyAudit(cmd, desk, number, hash) })
		},
	}, exitFindings)
	cmd.Flags().StringVar(&head, "head", "", "`NUMBER:HASH` that was printed before")
	return cmd
}

// auditHead reads a head that was noted.
func auditHead(text string) (number int64, hash string, err error) {
	if text == "" {
		return 0, "", nil
	}
	if n, scan := fmt.Sscanf(text, "%d:%64s", &number, &hash); n != 2 || scan != nil || number < 1 || len(hash) != 64 {
		return 0, "", usagef("--head %q is no head: copy the one that gatehouse audit verify printed", text)
	}
	return number, hash, nil
}

// verifyAudit proves the log, and that it goes through the head that was noted.
func (p *program) verifyAudit(cmd *cobra.Command, desk auditDesk, number int64, hash string) error {
	verdict, err := desk.verifyAudit(cmd.Context())
	if err != nil {
		return err
	}
	breaks := verdict.Breaks
	if number > 0 {
		at, err := desk.auditEntry(cmd.Context(), number)
		if err != nil {
			return err
		}
		if len(at) != 1 || hex.EncodeToString(at[0].Hash[:]) != hash {
			breaks = append(breaks, store.AuditBreak{Number: number, What: fmt.Sprintf("entry %d is not the one that was noted: the log was written anew", number)})
		}
	}
	if len(breaks) > 0 {
		if err := printList(cmd.Context(), p, breakView(), rowsOf(breaks), 0); err != nil {
			return err
		}
		p.sayf("gatehouse: the audit log is not as it was written")
		return &reportedError{err: errors.New("the audit log is broken"), status: exitFindings}
	}
	if verdict.Entries == 0 {
		p.sayf("the audit log is empty")
		return nil
	}
	p.sayf("%d entries, none changed, removed or inserted; head %d:%s", verdict.Entries, verdict.Head, hex.EncodeToString(verdict.Hash[:]))
	return nil
}

func breakView() view[store.AuditBreak] {
	return view[store.AuditBreak]{
		noun: "breaks",
		columns: []column[store.AuditBreak]{
			field("number", "No", func(b store.AuditBreak) string { return strconv.FormatInt(b.Number, 10) }).number(),
			field("what", "What", func(b store.AuditBreak) string { return b.What }).flexible(),
		},
		raw: func(b store.AuditBreak) jsontext.Value { return encode(b) },
	}
}
