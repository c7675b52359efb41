package server_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// filled is a house with one mirrored integration.
func filled(t *testing.T, change ...func(*app.Options)) (*house, gatehouse.Integration) {
	t.Helper()
	h := newHouse(t, change...)
	access := h.emulator.DefaultTenant()
	roles := slices.Concat(emulator.MDERoles("Software.Read.All", "SecurityRecommendation.Read.All", "Score.Read.All", "Vulnerability.Read.All"), emulator.XDRRoles("Incident.Read.All"))
	must(t, h.emulator.Grant(access.TenantID, access.ClientID, roles...))
	i := h.add("contoso")
	for _, s := range stream.All() {
		_, err := h.app.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{s.Name}, nil)
		must(t, err)
	}
	return h, i
}

// get asks for a page of records.
func (h *house) records(t *testing.T, path string, query ...string) api.Records {
	t.Helper()
	v := url.Values{}
	for n := 0; n+1 < len(query); n += 2 {
		v.Add(query[n], query[n+1])
	}
	return into[api.Records](t, h.ask(h.admin, http.MethodGet, path+"?"+v.Encode(), nil), http.StatusOK)
}

// all reads every page.
func (h *house) all(t *testing.T, path string, query ...string) []api.Record {
	t.Helper()
	var records []api.Record
	for cursor := ""; ; {
		page := h.records(t, path, append([]string{"cursor", cursor}, query...)...)
		records = append(records, page.Items...)
		if cursor = page.Next; cursor == "" {
			return records
		}
	}
}

func databases(t *testing.T) map[string][]func(*app.Options) {
	t.Helper()
	return map[string][]func(*app.Options){
		"sqlite": nil,
		"postgres": {func(o *app.Options) {
			address, err := pgtest.New(t, pgtest.Options{}).Create(context.Background())
			must(t, err)
			o.Data, o.DatabaseURL, o.Key = "", address, "file:"+filepath.Join(t.TempDir(), "key")
			must(t, os.WriteFile(strings.TrimPrefix(o.Key, "file:"), []byte(base64.StdEncoding.EncodeToString(make([]byte, 32))), 0o600))
		}},
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	for name, change := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, i := filled(t, change...)
			for _, resource := range []string{"devices", "alerts", "incidents", "vulnerabilities", "cves", "software", "recommendations", "machine-actions", "secure-score-controls"} {
				page := h.records(t, "/v1/"+resource, "limit", "3", "raw", "true", "count", "true")
				if len(page.Items) == 0 && resource != "machine-actions" || page.Count == nil || *page.Count < int64(len(page.Items)) || len(page.Mirrors) != 1 || page.Mirrors[0].AsOf.IsZero() || len(page.Problems) > 0 {
					t.Errorf("%s: %d records, mirrors %+v, problems %+v", resource, len(page.Items), page.Mirrors, page.Problems)
				}
				for _, r := range page.Items {
					if len(r.OCSF) == 0 || len(r.Raw) == 0 || r.Integration != i.ID {
						t.Errorf("%s: %+v", resource, r)
					}
					one := into[api.Record](t, h.ask(h.admin, http.MethodGet, "/v1/"+resource+"/contoso/"+url.PathEscape(r.ID), nil), http.StatusOK)
					if one.ID != r.ID || string(one.OCSF) != string(r.OCSF) {
						t.Errorf("%s: %s by itself is another one: %s", resource, r.ID, one.ID)
					}
				}
			}
			h.pagesHoldAll(t)
			h.filtersHold(t)
		})
	}
}

// pagesHoldAll reads lists page by page, in several orders.
func (h *house) pagesHoldAll(t *testing.T) {
	t.Helper()
	for _, sort := range []string{"", "name", "-lastSeen", "risk", "-tag"} {
		seen := map[string]bool{}
		for _, r := range h.all(t, "/v1/devices", "sort", sort, "limit", "5") {
			if seen[r.ID] {
				t.Errorf("sorted by %q: %s comes twice", sort, r.ID)
			}
			seen[r.ID] = true
		}
		if len(seen) != 12 {
			t.Errorf("sorted by %q there are %d devices", sort, len(seen))
		}
	}
}

// filtersHold compares what filters find with what the documents say.
func (h *house) filtersHold(t *testing.T) {
	t.Helper()
	count := func(f func(map[string]any) bool) (n int) {
		for _, r := range h.all(t, "/v1/devices", "raw", "true", "ocsf", "false", "limit", "1000") {
			var device map[string]any
			must(t, json.Unmarshal(r.Raw, &device))
			if len(r.OCSF) > 0 {
				t.Errorf("ocsf=false shows it all the same")
			}
			if f(device) {
				n++
			}
		}
		return n
	}
	is := func(name string, values ...any) func(map[string]any) bool {
		return func(d map[string]any) bool { return slices.Contains(values, d[name]) }
	}
	for filter, want := range map[string]int{
		"risk[eq]high":                     count(is("riskScore", "High")),
		"risk[in]High,medium":              count(is("riskScore", "High", "Medium")),
		"os[ne]Windows11":                  12 - count(is("osPlatform", "Windows11")),
		"lastSeen[ge]2000-01-01T00:00:00Z": 12,
		"lastSeen[lt]2000-01-01":           0,
		"name[contains].":                  count(func(d map[string]any) bool { return strings.Contains(fmt.Sprint(d["computerDnsName"]), ".") }),
		"aadDeviceId[exists]false":         count(func(d map[string]any) bool { return d["aadDeviceId"] == nil || d["aadDeviceId"] == "" }),
	} {
		if got := len(h.all(t, "/v1/devices", "filter", filter, "limit", "4")); got != want {
			t.Errorf("%s finds %d devices, want %d", filter, got, want)
		}
		if live := h.records(t, "/v1/devices", "filter", filter, "limit", "1000", "live", "true"); len(live.Items) != want || !live.Mirrors[0].Live {
			t.Errorf("%s finds %d devices live, want %d: %+v", filter, len(live.Items), want, live.Problems)
		}
	}
}

func TestListsRefuse(t *testing.T) {
	t.Parallel()
	h, _ := filled(t)
	for query, code := range map[string]api.Code{
		"filter=colour[eq]red": api.CodeUnknownFilter, "filter=risk[lt]High": api.CodeUnknownFilter, "filter=risk": api.CodeUnknownFilter,
		"filter=lastSeen[ge]yesterday": api.CodeInvalid, "sort=colour": api.CodeInvalid, "fields=colour": api.CodeInvalid, "limit=0": api.CodeInvalid,
		"limit=1001": api.CodeInvalid, "cursor=AAAA": api.CodeBadCursor, "colour=red": api.CodeInvalid, "live=true&count=true": api.CodeInvalid, "filter=name[eq]": api.CodeInvalid,
	} {
		p := refused(t, h.ask(h.admin, http.MethodGet, "/v1/devices?"+strings.NewReplacer("[", "%5B", "]", "%5D").Replace(query), nil), http.StatusUnprocessableEntity, code)
		if p.Mend == "" {
			t.Errorf("%s: no mend: %+v", query, p)
		}
	}
	next := h.records(t, "/v1/devices", "limit", "2").Next
	_, other := h.key(gatehouse.ScopeRead)
	refused(t, h.ask(h.admin, http.MethodGet, "/v1/alerts?cursor="+next, nil), http.StatusUnprocessableEntity, api.CodeBadCursor)
	refused(t, h.ask(h.admin, http.MethodGet, "/v1/devices?sort=name&cursor="+next, nil), http.StatusUnprocessableEntity, api.CodeBadCursor)
	refused(t, h.ask(other, http.MethodGet, "/v1/devices?cursor="+next, nil), http.StatusUnprocessableEntity, api.CodeBadCursor)
	into[api.Records](t, h.ask(h.admin, http.MethodGet, "/v1/devices?limit=7&cursor="+next, nil), http.StatusOK)
}

func TestDeviceByName(t *testing.T) {
	t.Parallel()
	h, i := filled(t)
	r := h.records(t, "/v1/devices", "limit", "1", "fields", "raw.computerDnsName,ocsf.device.hostname").Items[0]
	var raw map[string]string
	must(t, json.Unmarshal(r.Raw, &raw))
	if len(raw) != 1 || r.Derived != nil || !strings.HasPrefix(string(r.OCSF), `{"device":{"hostname":`) {
		t.Errorf("fields give %s and %s", r.Raw, r.OCSF)
	}
	name := raw["computerDnsName"]
	one := into[api.Record](t, h.ask(h.admin, http.MethodGet, "/v1/devices/contoso/"+strings.ToUpper(name), nil), http.StatusOK)
	if one.ID != r.ID || one.Derived == nil || one.Derived.Isolated {
		t.Errorf("%s is %+v", name, one)
	}
	live := into[api.Record](t, h.ask(h.admin, http.MethodGet, "/v1/devices/contoso/"+name+"?live=true", nil), http.StatusOK)
	if live.ID != r.ID {
		t.Errorf("%s is %s live", name, live.ID)
	}
	found := 0
	for _, path := range []string{"alerts", "vulnerabilities", "actions"} {
		for _, d := range h.records(t, "/v1/devices", "limit", "100").Items {
			found += len(h.all(t, "/v1/devices/"+i.ID+"/"+d.ID+"/"+path, "limit", "7"))
		}
		if path == "vulnerabilities" && found < len(h.all(t, "/v1/vulnerabilities", "limit", "100")) {
			t.Errorf("the devices have %d alerts and vulnerabilities", found)
		}
	}
	// Two devices of one name.
	s := h.app.Store()
	run, err := s.BeginRun(t.Context(), i.ID, stream.Devices, gatehouse.SyncIncremental)
	must(t, err)
	document := fmt.Appendf(nil, `{"id":"twin","computerDnsName":%q,"lastSeen":"2026-11-01T00:00:00Z"}`, name)
	_, err = s.CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{{Key: "twin", API: gatehouse.APIMDE, Document: document, Facets: stream.NewIndexer(stream.Devices).Facets(document)}}})
	must(t, err)
	p := refused(t, h.ask(h.admin, http.MethodGet, "/v1/devices/contoso/"+name, nil), http.StatusConflict, api.CodeAmbiguous)
	if len(p.Candidates) != 2 || p.Candidates[0].Name == "" || p.Candidates[1].Detail == "" {
		t.Errorf("candidates: %+v", p.Candidates)
	}
}

// The feed gives each change once, whole or by page, and follows what comes.
func TestFeed(t *testing.T) {
	t.Parallel()
	h, i := filled(t)
	other := h.add("fabrikam")
	_, key := h.key(gatehouse.ScopeRead, i.ID)
	_, stranger := h.key(gatehouse.ScopeRead, other.ID)
	last, err := h.app.Store().LastEvent(t.Context())
	must(t, err)
	for _, k := range []string{h.admin, key} {
		n := int64(0)
		for after := int64(0); ; {
			page := into[api.Events](t, h.ask(k, http.MethodGet, fmt.Sprintf("/v1/events?format=ocsf&limit=37&after=%d", after), nil), http.StatusOK)
			n += int64(len(page.Items))
			if after = page.Next; len(page.Items) == 0 {
				break
			}
		}
		if n != last {
			t.Errorf("the feed has %d of %d changes", n, last)
		}
	}
	if page := into[api.Events](t, h.ask(stranger, http.MethodGet, "/v1/events", nil), http.StatusOK); len(page.Items) > 0 || page.Next != last {
		t.Errorf("a key of another integration reads %+v", page)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/events/live", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Last-Event-ID", fmt.Sprint(last-2))
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	var ids []string
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			if ids = append(ids, id); len(ids) == 2 {
				h.rest.Drain() // ends the feed
			}
		}
	}
	if want := []string{fmt.Sprint(last - 1), fmt.Sprint(last)}; !slices.Equal(ids, want) || ctx.Err() != nil {
		t.Errorf("live: %v, want %v; %v", ids, want, ctx.Err())
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	h, i := filled(t)
	page := into[api.Scores](t, h.ask(h.admin, http.MethodGet, "/v1/scores", nil), http.StatusOK)
	for _, name := range []gatehouse.Stream{stream.ExposureScore, stream.ConfigurationScore, stream.SecureScores} {
		n := slices.IndexFunc(page.Items, func(s api.Score) bool { return s.Stream == name })
		if n < 0 || page.Items[n].Value == 0 {
			t.Errorf("%s: %+v", name, page.Items)
		}
		history := into[api.ScoreHistory](t, h.ask(h.admin, http.MethodGet, "/v1/scores/"+i.ID+"/"+string(name)+"/history", nil), http.StatusOK)
		if len(history.Items) == 0 {
			t.Errorf("%s has no history", name)
		}
	}
}

func TestHunts(t *testing.T) {
	t.Parallel()
	h, i := filled(t)
	saved := into[api.Hunt](t, h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "devices", Query: "DeviceInfo | distinct DeviceId", Every: "5m"}), http.StatusCreated)
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "fast", Query: "x", Every: "1s"}), http.StatusUnprocessableEntity, api.CodeInvalid)
	refused(t, h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "devices", Query: "x"}), http.StatusConflict, api.CodeConflict)
	runs := into[api.HuntRuns](t, h.ask(h.admin, http.MethodPost, "/v1/hunts/devices/runs", nil), http.StatusAccepted)
	bad := into[api.HuntRuns](t, h.ask(h.admin, http.MethodPost, "/v1/hunt-runs", api.RunHunt{Query: "DeviceInfo | where ((", Integrations: []string{i.Name}}), http.StatusAccepted)
	if len(bad.Warnings) == 0 {
		t.Error("a query that is none has no warning")
	}
	ended := func(id string) (r api.HuntRun) {
		for range 2000 {
			if r = into[api.HuntRun](t, h.ask(h.admin, http.MethodGet, "/v1/hunt-runs/"+id, nil), http.StatusOK); r.State != "queued" && r.State != "running" {
				return r
			}
		}
		return r
	}
	r := ended(runs.Items[0].ID)
	if r.State != "succeeded" || r.Rows == 0 || len(r.Columns) != 1 {
		t.Fatalf("the run: %+v", r)
	}
	if failed := ended(bad.Items[0].ID); failed.State != "failed" || failed.Problem == nil {
		t.Errorf("a query that is none: %+v", failed)
	}
	rows := 0
	for cursor := ""; ; {
		page := into[api.HuntRows](t, h.ask(h.admin, http.MethodGet, "/v1/hunt-runs/"+r.ID+"/rows?limit=5&cursor="+cursor, nil), http.StatusOK)
		rows += len(page.Items)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if int64(rows) != r.Rows {
		t.Errorf("the pages have %d of %d rows", rows, r.Rows)
	}
	h.clock.forward(6 * time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.rest.RunHunts(ctx) }()
	for range 2000 {
		if all := into[api.HuntRuns](t, h.ask(h.admin, http.MethodGet, "/v1/hunt-runs?hunt=devices&state=succeeded", nil), http.StatusOK); len(all.Items) == 2 {
			break
		}
	}
	cancel()
	<-done
	if all := into[api.HuntRuns](t, h.ask(h.admin, http.MethodGet, "/v1/hunt-runs?hunt="+saved.ID, nil), http.StatusOK); len(all.Items) != 2 {
		t.Errorf("a hunt that is due has %d runs", len(all.Items))
	}
	into[struct{}](t, h.ask(h.admin, http.MethodDelete, "/v1/hunts/devices", nil), http.StatusNoContent)
}
