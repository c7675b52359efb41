package cli

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A command on the machine of the mirror needs no key, and makes none; the audit
// log names the person.
func TestLocalPerson(t *testing.T) {
	t.Parallel()
	env := seededMirror(t, 1)
	if status, _, stderr := runOnce(t, env, "actions", "list"); status != exitOK || stderr != "no actions\n" {
		t.Fatalf("%d %s", status, stderr)
	}
	if status, _, stderr := runOnce(t, env, "actions", "scan", "nobody", "--comment", "x"); status == exitOK {
		t.Fatal(stderr)
	}
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		keys, err := held.Keys(t.Context())
		if err != nil || len(keys) != 0 {
			t.Errorf("%+v %v", keys, err)
		}
		log, err := held.Audit(t.Context(), store.AuditQuery{All: true, Operation: "actions.submit"})
		if err != nil || len(log) != 1 || log[0].ActorKind != gatehouse.ActorLocal || log[0].Actor == "" {
			t.Errorf("%+v %v", log, err)
		}
	})
}
