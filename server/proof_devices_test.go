package server_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestProofDevices prints how fast filtered lists of many devices are, over HTTP on
// loopback, and how long the same question takes Defender, as the emulator plays
// it, with one call. The aim is a p99 of 10 ms with 100,000 devices; a machine
// that does other things as well is no failure.
func TestProofDevices(t *testing.T) { //nolint:paralleltest // it measures
	devices, requests := 5_000, 200
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		devices, requests = 100_000, 1_000
	}
	if testing.Short() {
		t.Skip("it takes a while")
	}
	h := houseOver(t, emulator.Size{Devices: devices, Alerts: 10, VulnerabilityRows: 60, Events: -1}, func(o *app.Options) {
		o.API.RatePerMinute, o.Log = -1, nil
	})
	i := h.add("large")
	began := time.Now()
	_, err := h.app.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{stream.Devices}, nil)
	must(t, err)
	t.Logf("%d devices were mirrored and indexed in %v", devices, time.Since(began).Round(time.Millisecond))
	for _, q := range []struct{ name, query, odata string }{
		{"Windows 11, newest first, 50 of them", "filter=os[eq]Windows11&sort=-lastSeen&limit=50", "osPlatform eq 'Windows11'"},
		{"os and health, 50 of them", "filter=os[eq]Windows11&filter=health[eq]Inactive&limit=50", "osPlatform eq 'Windows11' and healthStatus eq 'Inactive'"},
		{"the same, names alone", "filter=os[eq]Windows11&filter=health[eq]Inactive&limit=50&fields=raw.computerDnsName", ""},
		{"some risk, newest first", "filter=risk[in]Low,Medium,High&sort=-lastSeen&limit=50", ""},
		{"seen on two days, by name", "filter=lastSeen[ge]2026-11-10&filter=lastSeen[lt]2026-11-12&sort=name&limit=50", ""},
	} {
		h.measure(t, q.name, "/v1/devices?"+brackets(q.query), requests)
		if q.odata != "" {
			h.measureDefender(t, q.odata)
		}
	}
}

// brackets escapes those of filters.
func brackets(query string) string {
	v := url.Values{}
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		v.Add(name, value)
	}
	return v.Encode()
}

// measure asks the same from two callers at once.
func (h *house) measure(t *testing.T, name, path string, requests int) {
	t.Helper()
	page := into[api.Records](t, h.ask(h.admin, http.MethodGet, path, nil), http.StatusOK)
	took := make([]time.Duration, requests)
	var next, bytes atomic.Int64
	var callers sync.WaitGroup
	began := time.Now()
	for range 2 {
		callers.Go(func() {
			for n := next.Add(1) - 1; n < int64(requests); n = next.Add(1) - 1 {
				at := time.Now()
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+path, nil)
				req.Header.Set("Authorization", "Bearer "+h.admin)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				size, _ := io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				bytes.Add(size)
				took[n] = time.Since(at)
				if resp.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", path, resp.Status)
					return
				}
			}
		})
	}
	callers.Wait()
	all := time.Since(began)
	slices.Sort(took)
	t.Logf("%-40s %3d records, %4d KB: p50 %6v  p99 %6v  %5.0f requests/s", name, len(page.Items), bytes.Load()/int64(requests)>>10,
		took[requests/2].Round(10*time.Microsecond), took[requests*99/100].Round(10*time.Microsecond), float64(requests)/all.Seconds())
}

// measureDefender asks Defender the same with one call.
func (h *house) measureDefender(t *testing.T, odata string) {
	t.Helper()
	token, err := h.emulator.Credential.Token(t.Context(), "https://api.securitycenter.microsoft.com")
	must(t, err)
	var took []time.Duration
	for range 5 {
		at := time.Now()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.security.microsoft.com/api/machines?$top=50&$filter="+url.QueryEscape(odata), nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+token.Token)
		resp, err := h.emulator.Transport.Do(req)
		must(t, err)
		size, _ := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("the emulator: %s (%s bytes)", resp.Status, strconv.FormatInt(size, 10))
		}
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	t.Logf("%-40s p50 %6v", "  one call of Defender, emulated", took[2].Round(10*time.Microsecond))
}
