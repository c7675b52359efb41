package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testAudit(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	if v := must(f.s.VerifyAudit(t.Context()))(t); !v.Sound() || v.Entries != 0 || v.Head != 0 {
		t.Errorf("an empty log: got %+v", v)
	}
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := range 10 {
				_, err := f.s.AppendAudit(t.Context(), gatehouse.AuditEntry{
					Actor: fmt.Sprint("key_", w), ActorKind: gatehouse.ActorKey, Operation: []string{"actions.submit", "keys.add"}[i%2],
					Integration: []string{"one", "two", ""}[i%3], Target: "a\xff\x00", Outcome: "allowed", RequestID: fmt.Sprint(i), Detail: json.RawMessage(`{"n": 1}`),
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	v := must(f.s.VerifyAudit(t.Context()))(t)
	if !v.Sound() || v.Entries != 40 || v.Head != 40 {
		t.Errorf("got %+v", v)
	}
	whole := must(f.s.Audit(t.Context(), store.AuditQuery{All: true, Limit: 1000}))(t)
	var previous gatehouse.Hash
	for i, e := range whole {
		if e.Number != int64(i+1) || e.Previous != previous || e.Hash != e.Digest() || string(e.Detail) != `{"n": 1}` {
			t.Fatalf("got %+v", e)
		}
		previous = e.Hash
	}
	if len(whole) != 40 || v.Hash != previous {
		t.Errorf("%d entries", len(whole))
	}
	count := func(q store.AuditQuery) int { return len(must(f.s.Audit(t.Context(), q))(t)) }
	for name, c := range map[string]struct {
		q    store.AuditQuery
		want int
	}{
		"none":           {store.AuditQuery{}, 0},
		"one":            {store.AuditQuery{Integrations: []string{"one"}}, 16},
		"what has none":  {store.AuditQuery{Integrations: []string{""}}, 0},
		"actor":          {store.AuditQuery{All: true, Actor: "key_2"}, 10},
		"operation":      {store.AuditQuery{All: true, Operation: "keys.add"}, 20},
		"operations":     {store.AuditQuery{All: true, Operation: "actions.*"}, 20},
		"no such":        {store.AuditQuery{All: true, Operation: "action"}, 0},
		"outcome":        {store.AuditQuery{All: true, Outcome: "allowed", Target: "a\uFFFD\uFFFD"}, 40},
		"since":          {store.AuditQuery{All: true, Since: whole[0].Time.Add(-time.Hour), Until: whole[39].Time.Add(time.Hour)}, 40},
		"until":          {store.AuditQuery{All: true, Until: whole[0].Time.Add(-time.Hour)}, 0},
		"from a number":  {store.AuditQuery{All: true, After: 10, Before: 21}, 10},
		"limit":          {store.AuditQuery{All: true, Limit: 7}, 7},
		"newest, before": {store.AuditQuery{All: true, Before: 5, Newest: true}, 4},
	} {
		if got := count(c.q); got != c.want {
			t.Errorf("%s: %d entries, want %d", name, got, c.want)
		}
	}
	if got := must(f.s.Audit(t.Context(), store.AuditQuery{All: true, Newest: true, Limit: 1}))(t); got[0].Number != 40 {
		t.Errorf("the newest: got %+v", got)
	}
}

// Whoever owns the database can change the log; the chain says where.
func testAuditTampered(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	for i := range 9 {
		must(f.s.AppendAudit(t.Context(), gatehouse.AuditEntry{Actor: "k", ActorKind: gatehouse.ActorKey, Operation: "o", Integration: "i", Target: fmt.Sprint(i), Outcome: "x", RequestID: "r", Detail: []byte(`{}`)}))(t)
	}
	for _, refused := range []string{"UPDATE audit SET actor = 'me' WHERE number = 3", "DELETE FROM audit WHERE number = 9", "DELETE FROM audit_head", "UPDATE audit_head SET number = 3", "UPDATE audit_head SET number = 11"} {
		if _, err := f.s.DB().ExecContext(t.Context(), refused); err == nil {
			t.Errorf("%s is not refused", refused)
		}
	}
	postgres := f.s.Database() == "postgres"
	do := func(statement string) {
		t.Helper()
		if _, err := f.s.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, name := range []string{"audit_update", "audit_delete", "audit_head_update", "audit_head_delete"} {
		drop := "DROP TRIGGER " + name
		if postgres {
			drop += " ON " + name[:strings.LastIndex(name, "_")]
		}
		do(drop)
	}
	do("CREATE TABLE kept AS SELECT * FROM audit")           //nolint:unqueryvet // a copy of the whole
	do("CREATE TABLE kept_head AS SELECT * FROM audit_head") //nolint:unqueryvet // a copy of the whole
	defer func() { do("DROP TABLE kept"); do("DROP TABLE kept_head") }()
	cases := tamperings(postgres)
	for name, c := range cases {
		for statement := range strings.SplitSeq(c.do, "; ") {
			do(statement)
		}
		v := must(f.s.VerifyAudit(t.Context()))(t)
		var where []int64
		for _, b := range v.Breaks {
			where = append(where, b.Number)
		}
		if len(where) > len(c.where) && len(c.where) > 0 {
			where = where[:len(c.where)] // all that follows has moved
		}
		if diff := cmp.Diff(c.where, where); diff != "" || v.Sound() != (c.where == nil) {
			t.Errorf("%s: got %+v", name, v.Breaks)
		}
		do("DELETE FROM audit")
		do("INSERT INTO audit SELECT * FROM kept") //nolint:unqueryvet // a copy of the whole
		do("DELETE FROM audit_head")
		do("INSERT INTO audit_head SELECT * FROM kept_head") //nolint:unqueryvet // a copy of the whole
	}
}

// tampering is a change of the log from outside, and the entries that it shows at.
type tampering struct {
	do    string
	where []int64
}

// tamperings are one of each kind.
func tamperings(postgres bool) map[string]tampering {
	other := "x'00'"
	if postgres {
		other = `'\x00'`
	}
	columns := "at, actor, actor_kind, operation, integration_id, target, outcome, request_id, detail, previous, hash"
	cases := map[string]tampering{
		"untouched":          {"UPDATE audit SET actor = actor", nil},
		"first removed":      {"DELETE FROM audit WHERE number = 1", []int64{1}},
		"one removed":        {"DELETE FROM audit WHERE number = 5", []int64{5}},
		"some removed":       {"DELETE FROM audit WHERE number IN (4, 5)", []int64{4}},
		"last removed":       {"DELETE FROM audit WHERE number = 9", []int64{9}},
		"tail removed":       {"DELETE FROM audit WHERE number > 6", []int64{7}},
		"all removed":        {"DELETE FROM audit", []int64{1}},
		"one at the end":     {"INSERT INTO audit (number, " + columns + ") SELECT 10, " + columns + " FROM audit WHERE number = 9", []int64{10, 10, 10}},
		"one before all":     {"INSERT INTO audit (number, " + columns + ") SELECT 0, " + columns + " FROM audit WHERE number = 1", []int64{0, 0}},
		"head set back":      {"UPDATE audit_head SET number = 8", []int64{9}},
		"head of another":    {"UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE number = 3)", []int64{9}},
		"renumbered":         {"DELETE FROM audit WHERE number = 5; UPDATE audit SET number = 5 WHERE number = 6", []int64{5, 5, 6}},
		"two swapped":        {"UPDATE audit SET number = -1 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 4; UPDATE audit SET number = 4 WHERE number = -1", []int64{3, 3, 4, 4, 5}},
		"one in the middle":  {"UPDATE audit SET number = number + 100 WHERE number > 4; UPDATE audit SET number = number - 99 WHERE number > 100; INSERT INTO audit (number, " + columns + ") SELECT 5, " + columns + " FROM audit WHERE number = 2", []int64{5, 5, 6}},
		"what two have said": {"UPDATE audit SET target = '4' WHERE number = 4; UPDATE audit SET target = '3' WHERE number = 5", []int64{4, 5}},
	}
	for column := range strings.SplitSeq(columns, ", ") {
		value := column + " || 'x'"
		switch column {
		case "at":
			value = "at + 1"
		case "detail", "previous", "hash":
			value = other
		}
		cases["changed "+column] = tampering{fmt.Sprintf("UPDATE audit SET %s = %s WHERE number = 4", column, value), []int64{4}}
	}
	return cases
}
