package server_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// Pages that are read while the mirror moves hold every record that was there from
// the first page to the last and did not move itself, once.
func TestPagesOfAMovingMirror(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := h.add("moving")
	s := h.app.Store()
	run, err := s.BeginRun(t.Context(), i.ID, stream.Devices, gatehouse.SyncIncremental)
	must(t, err)
	index := stream.NewIndexer(stream.Devices)
	commit := func(key, name, os string, gone bool) {
		document := fmt.Appendf(nil, `{"id":%q,"computerDnsName":%q,"osPlatform":%q,"lastSeen":"2026-11-01T00:00:00Z"}`, key, name, os)
		_, err := s.CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{{Key: key, API: gatehouse.APIMDE, Document: document, Facets: index.Facets(document), Gone: gone}}})
		must(t, err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for round, sort := range []string{"", "name", "-name", "os", "-os", "group"} {
		still := map[string]int{}
		for n := range 60 {
			key := fmt.Sprintf("still-%d-%02d", round, n)
			commit(key, fmt.Sprintf("pc-%02d", r.IntN(40)), []string{"Linux", "macOS", "Windows11"}[r.IntN(3)], false)
			still[key] = 0
		}
		for cursor := ""; ; {
			page := into[api.Records](t, h.ask(h.admin, http.MethodGet, "/v1/devices?limit=7&ocsf=false&sort="+sort+"&cursor="+cursor, nil), http.StatusOK)
			for _, d := range page.Items {
				if _, ours := still[d.ID]; ours {
					still[d.ID]++
				}
			}
			for range 5 {
				commit(fmt.Sprintf("moving-%d", r.IntN(30)), fmt.Sprintf("pc-%02d", r.IntN(40)), []string{"Linux", "macOS"}[r.IntN(2)], r.IntN(4) == 0)
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		for key, n := range still {
			if n != 1 {
				t.Errorf("sorted by %q: %s comes %d times", sort, key, n)
			}
		}
	}
}
