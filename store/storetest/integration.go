package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testIntegrations(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	given := gatehouse.Integration{
		Name: "fabrikam", Tenant: "11111111-2222-3333-4444-555555555555", ClientID: "c", Cloud: "gcc", BaseURL: "https://api.example", API: gatehouse.APIGraph,
		AllowHosts: []string{"h"}, Streams: []gatehouse.Stream{alerts},
		Credential: gatehouse.Credential{Kind: gatehouse.CredentialCertificate, Reference: "file:cert.pem", PasswordReference: "env:PW", Expires: time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)},
	}
	kept := must(f.s.AddIntegration(t.Context(), given))(t)
	given.ID, given.State, given.Created, given.Changed = kept.ID, gatehouse.IntegrationActive, kept.Created, kept.Changed
	for _, name := range []string{kept.ID, "fabrikam"} {
		if diff := cmp.Diff(given, must(f.s.Integration(t.Context(), name))(t)); diff != "" || kept.ID == "" || kept.Created.IsZero() {
			t.Errorf("by %s: %s", name, diff)
		}
	}
	if _, err := f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}); !errors.Is(err, store.ErrExists) {
		t.Errorf("the same name: got %v", err)
	}
	if _, err := f.s.AddIntegration(t.Context(), gatehouse.Integration{}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("no name: got %v", err)
	}
	must(0, f.s.SetIntegrationState(t.Context(), kept.ID, gatehouse.IntegrationPaused))(t)
	given.Name, given.Cloud = "fabrikam 2", "global"
	must(0, f.s.UpdateIntegration(t.Context(), given))(t)
	got := must(f.s.Integration(t.Context(), kept.ID))(t)
	if got.State != gatehouse.IntegrationPaused || got.Name != "fabrikam 2" || got.Cloud != "global" || !got.Created.Equal(kept.Created) {
		t.Errorf("got %+v", got)
	}
	if err := f.s.UpdateIntegration(t.Context(), gatehouse.Integration{ID: kept.ID, Name: "contoso"}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a taken name: got %v", err)
	}
	if err := f.s.SetIntegrationState(t.Context(), "nobody", gatehouse.IntegrationActive); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := f.s.SetIntegrationState(t.Context(), kept.ID, "tired"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	if all := must(f.s.Integrations(t.Context()))(t); len(all) != 2 || all[0].Name != "contoso" {
		t.Errorf("got %+v", all)
	}
}

// One integration whose settings cannot be read hides no other, and can be removed.
func testUnreadableIntegration(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	must(f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}))(t)
	f.spoil("UPDATE integrations SET settings = $1 WHERE name = 'contoso'")
	states := func(want ...gatehouse.IntegrationState) {
		t.Helper()
		var got []gatehouse.IntegrationState
		for _, i := range must(f.s.Integrations(t.Context()))(t) {
			got = append(got, i.State)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	states(gatehouse.IntegrationUnreadable, gatehouse.IntegrationActive)
	if _, err := f.s.Integration(t.Context(), "contoso"); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"contoso", f.integration} {
		if i := must(f.s.ListedIntegration(t.Context(), name))(t); i.ID != f.integration || i.State != gatehouse.IntegrationUnreadable {
			t.Errorf("%s: got %+v", name, i)
		}
	}
	if _, err := f.s.ListedIntegration(t.Context(), "nobody"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	must(f.s.DB().ExecContext(t.Context(), "UPDATE integrations SET state = $1 WHERE name = 'contoso'", gatehouse.IntegrationRemoving))(t)
	states(gatehouse.IntegrationRemoving, gatehouse.IntegrationActive)
	must(0, f.s.RemoveIntegration(t.Context(), f.integration))(t)
	states(gatehouse.IntegrationActive)
}

func testRemoval(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	other := must(f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}))(t)
	run := must(f.s.BeginRun(t.Context(), other.ID, alerts, gatehouse.SyncFull))(t)
	var records []store.PageRecord
	for i := range 2500 {
		records = append(records, rec(fmt.Sprint(i), "one", ""))
	}
	page := store.Page{Run: run, Records: records, SetAside: []store.SetAside{{Raw: []byte("?"), Error: "bad"}}}
	must(f.s.CommitPage(t.Context(), page))(t)
	mine := f.begin(alerts)
	f.commit(mine, rec("a", "one", ""))
	must(0, f.s.RemoveIntegration(t.Context(), other.ID))(t)
	if _, err := f.s.CommitPage(t.Context(), page); !errors.Is(err, store.ErrRunOver) {
		t.Errorf("its worker goes on: %v", err)
	}
	if err := f.s.RemoveIntegration(t.Context(), other.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if got := shorts(f.events(store.EventFilter{})); !cmp.Equal(got, []string{"created a 1"}) {
		t.Errorf("events left: %d", len(got))
	}
	for _, table := range []string{"records", "documents", "events", "runs", "mirrors", "integrations"} {
		var n int
		must(0, f.s.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))(t)
		if n != 1 {
			t.Errorf("%d rows left in %s, want 1", n, table)
		}
	}
	if got := f.commit(mine, rec("b", "one", "")); got.First != 2502 {
		t.Errorf("a number was given twice: %+v", got)
	}
	must(f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}))(t)
}

func testCursors(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	if c := must(f.s.Cursor(t.Context(), "splunk"))(t); c.Number != 0 || !c.Moved.IsZero() {
		t.Errorf("got %+v", c)
	}
	for _, n := range []int64{7, 3} {
		must(0, f.s.MoveCursor(t.Context(), "splunk", n))(t)
		if c := must(f.s.Cursor(t.Context(), "splunk"))(t); c.Number != n || c.Moved.IsZero() {
			t.Errorf("got %+v, want %d", c, n)
		}
	}
	must(0, f.s.MoveCursor(t.Context(), "kafka", 1))(t)
	if all := must(f.s.Cursors(t.Context()))(t); len(all) != 2 || all[0].Name != "kafka" {
		t.Errorf("got %+v", all)
	}
	must(0, f.s.RemoveCursor(t.Context(), "kafka"))(t)
	must(0, f.s.RemoveCursor(t.Context(), "kafka"))(t)
	if err := f.s.MoveCursor(t.Context(), "splunk", -1); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
