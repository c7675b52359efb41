package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// follow opens the live feed. What it gives are its lines, until it ends.
func (h *house) follow(key, query string, headers ...string) (lines <-chan string, end func()) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/events/live"+query, nil)
	must(h, err)
	req.Header.Set("Authorization", "Bearer "+key)
	for n := 0; n+1 < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	resp, err := http.DefaultClient.Do(req)
	must(h, err)
	if resp.StatusCode != http.StatusOK {
		h.Errorf("the feed answers %s", resp.Status)
	}
	all, done := make(chan string, 10_000), make(chan struct{})
	go func() {
		defer close(done)
		defer close(all)
		for scan := bufio.NewScanner(resp.Body); scan.Scan(); {
			all <- scan.Text()
		}
	}()
	return all, func() { cancel(); resp.Body.Close(); <-done }
}

// await reads lines until one begins so.
func await(t *testing.T, lines <-chan string, begin string) (before []string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				t.Fatalf("the feed ended before %q: %q", begin, before)
			}
			if strings.HasPrefix(line, begin) {
				return before
			}
			before = append(before, line)
		case <-late:
			t.Fatalf("waited for %q in vain: %q", begin, before)
		}
	}
}

// change puts documents of some size into the mirror.
func (h *house) change(i gatehouse.Integration, records, size int) {
	h.Helper()
	run, err := h.app.Store().BeginRun(h.Context(), i.ID, stream.Devices, gatehouse.SyncIncremental)
	must(h, err)
	page := store.Page{Run: run}
	for n := range records {
		key := fmt.Sprintf("%s-%d", i.Name, n)
		page.Records = append(page.Records, store.PageRecord{Key: key, API: gatehouse.APIMDE, Document: fmt.Appendf(nil, `{"id":%q,"note":%q}`, key, strings.Repeat("x", size))})
	}
	_, err = h.app.Store().CommitPage(h.Context(), page)
	must(h, err)
	_, err = h.app.Store().EndRun(h.Context(), run, store.RunEnd{})
	must(h, err)
}

// A reader of another tenant is told of its own changes alone; comments show that
// the connection lives; a revoked key ends it.
func TestLiveFeedOfAnotherTenant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rest.SetPace(50*time.Millisecond, 20*time.Second)
	mine, theirs := h.add("mine"), h.add("theirs")
	id, key := h.key(gatehouse.ScopeRead, mine.ID)
	lines, end := h.follow(key, "?format=raw")
	defer end()
	await(t, lines, ": alive")
	h.change(theirs, 3, 10)
	h.change(mine, 1, 10)
	before := await(t, lines, "data: ")
	for _, line := range before {
		if strings.Contains(line, theirs.ID) {
			t.Errorf("it is told %s", line)
		}
	}
	if events := strings.Count(strings.Join(before, "\n"), "event: "); events != 1 {
		t.Errorf("%d changes came before its own: %q", events-1, before)
	}
	last, err := h.app.Store().LastEvent(t.Context())
	must(t, err)
	again, endAgain := h.follow(key, "", "Last-Event-ID", fmt.Sprint(last-4)) // before all of them
	defer endAgain()
	if before := await(t, again, "id: "+fmt.Sprint(last)); strings.Contains(strings.Join(before, ""), "id: ") {
		t.Errorf("taken up behind another number it is told %q", before)
	}
	into[struct{}](t, h.ask(h.admin, http.MethodDelete, "/v1/keys/"+id, nil), http.StatusNoContent)
	await(t, lines, "event: problem")
	for range lines { // to its end
	}
}

// A key has so many feeds at once, and another's are its own.
func TestLiveFeedsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, key := h.key(gatehouse.ScopeRead)
	for range 16 {
		_, end := h.follow(key, "")
		defer end()
	}
	over := h.ask(key, http.MethodGet, "/v1/events/live", nil)
	refused(t, over, http.StatusTooManyRequests, api.CodeRateLimited)
	if over.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to come back")
	}
	into[api.Events](t, h.ask(key, http.MethodGet, "/v1/events", nil), http.StatusOK)
	_, end := h.follow(h.admin, "")
	end()
}

// A reader that does not read is cut off.
func TestLiveFeedSlowReader(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.rest.SetPace(15*time.Second, 200*time.Millisecond)
	i := h.add("mine")
	h.change(i, 100, 200<<10)
	address := strings.TrimPrefix(h.url, "http://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	must(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET /v1/events/live?after=0&format=raw HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", address, h.admin)
	must(t, err)
	for range 1000 {
		if strings.Contains(h.log.String(), "operation=followEvents") {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	if !strings.Contains(h.log.String(), "operation=followEvents") {
		t.Fatal("the feed goes on")
	}
	if n, err := io.Copy(io.Discard, conn); n > 100*(200<<10) {
		t.Errorf("%d bytes came, %v", n, err)
	}
}
