package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// A mirror that was filled by a version without facets is indexed when this one
// starts, whole, and once.
func TestReindexOfOldMirror(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o app.Options) {
		e := emulate(t, emulator.Options{Size: small()})
		a := open(t, e, o)
		i, err := a.Store().AddIntegration(t.Context(), gatehouse.Integration{Name: "old", Tenant: "00000000-0000-0000-0000-000000000001", State: gatehouse.IntegrationPaused})
		must(t, err)
		const records = 1203 // more than a page
		for from := 0; from < records; from += 401 {
			run, err := a.Store().BeginRun(t.Context(), i.ID, stream.Devices, gatehouse.SyncIncremental)
			must(t, err)
			page := store.Page{Run: run}
			for n := from; n < from+401; n++ {
				key := fmt.Sprintf("device-%04d", n)
				page.Records = append(page.Records, store.PageRecord{Key: key, API: gatehouse.APIMDE, Document: fmt.Appendf(nil, `{"id":%q,"computerDnsName":"host%d.example","riskScore":"High"}`, key, n)})
			}
			_, err = a.Store().CommitPage(t.Context(), page)
			must(t, err)
			_, err = a.Store().EndRun(t.Context(), run, store.RunEnd{})
			must(t, err)
		}
		version := stream.Facets(stream.Devices).Version
		must(t, a.Store().SetFacetVersion(t.Context(), i.ID, stream.Devices, version-1))
		count := func() int64 {
			n, err := a.Store().CountSearch(t.Context(), store.SearchQuery{
				Integrations: []string{i.ID}, Stream: stream.Devices, Where: []store.Condition{{Name: "risk", Op: store.OpEqual, Values: []string{"high"}}},
			}, 10_000)
			must(t, err)
			return n
		}
		if n := count(); n != 0 {
			t.Fatalf("%d records have facets before", n)
		}
		must(t, a.Start(t.Context()))
		held := int64(-1)
		for range 2000 {
			if held, err = a.Store().FacetVersion(t.Context(), i.ID, stream.Devices); err != nil || held == version {
				break
			}
			<-time.After(10 * time.Millisecond)
		}
		if n := count(); err != nil || held != version || n != records {
			t.Errorf("%d of %d are found at version %d of %d, %v", n, records, held, version, err)
		}
	})
}
