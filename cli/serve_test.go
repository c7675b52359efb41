package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/store"
)

// watchedBuffer is a buffer that one goroutine writes and another reads.
type watchedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *watchedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *watchedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// until asks again and again for up to a minute.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 3000 {
		if done() {
			return
		}
		<-tick.C
	}
	t.Fatalf("%s does not happen", what)
}

// inBackground runs the program until the test ends it.
func inBackground(t *testing.T, env environment, args ...string) (said *watchedBuffer, end func() int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	said = &watchedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, Process{Args: args, Env: env.pairs(), Stdout: said, Stderr: said})
	}()
	return said, func() int {
		stop()
		return <-ended
	}
}

// connected is an environment with an emulator and one integration.
func connectedMirror(t *testing.T) (*sandbox, environment) {
	t.Helper()
	s, v := begin(t, sandboxOptions{})
	env := maps.Clone(v.env)
	env["GATEHOUSE_DATA"] = t.TempDir()
	if status, stdout, stderr := runOnce(t, env, "integrations", "add", "contoso", "--force", "--stream", "devices,alerts"); status != 0 {
		t.Fatalf("%d %s%s", status, stdout, stderr)
	}
	return s, env
}

func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// serve mirrors, tells monitors how it goes, and ends well when asked to.
func TestServe(t *testing.T) {
	t.Parallel()
	_, env := connectedMirror(t)
	said, end := inBackground(t, env, "serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
	where := regexp.MustCompile(`metrics on (http://127\.0\.0\.1:\d+)/metrics\n`)
	until(t, "an address", func() bool { return where.MatchString(said.String()) })
	base := where.FindStringSubmatch(said.String())[1]
	for _, route := range []string{"/healthz", "/readyz"} {
		if status, body := fetch(t, base+route); status != http.StatusOK {
			t.Errorf("%s: %d %s", route, status, body)
		}
	}
	for _, stream := range []string{"devices", "alerts"} {
		healthy := regexp.MustCompile(fmt.Sprintf(`(?m)^gatehouse_stream_state\{.*state="healthy",stream="%s"\} 1$`, stream))
		until(t, stream+" being healthy", func() bool {
			_, body := fetch(t, base+"/metrics")
			return healthy.MatchString(body)
		})
	}
	if status, stdout, stderr := runOnce(t, env, "status", "--output", "csv"); status != 0 || strings.Count(stdout, ",healthy,") != 2 {
		t.Errorf("status beside it: %d\n%s%s", status, stdout, stderr)
	}
	if status := end(); status != 0 || !strings.HasSuffix(said.String(), "stopping\nstopped\n") {
		t.Errorf("ended with %d: %s", status, said)
	}
}

// sync without --once mirrors until Ctrl-C, which is no failure, and two
// processes on one mirror do each thing once.
func TestSyncUntilInterrupted(t *testing.T) {
	t.Parallel()
	_, env := connectedMirror(t)
	first, endFirst := inBackground(t, env, "sync")
	second, endSecond := inBackground(t, env, "sync")
	devices, alerts := regexp.MustCompile(`(?m)^contoso/devices +healthy: 12 rows`), regexp.MustCompile(`(?m)^contoso/alerts +healthy: 8 rows`)
	until(t, "a line for each stream", func() bool {
		both := first.String() + second.String()
		return devices.MatchString(both) && alerts.MatchString(both)
	})
	for said, end := range map[*watchedBuffer]func() int{first: endFirst, second: endSecond} {
		if status := end(); status != 0 || !strings.HasSuffix(said.String(), "stopped\n") {
			t.Errorf("ended with %d: %s", status, said)
		}
	}
	if _, stdout, _ := runOnce(t, env, "events", "--output", "ndjson"); strings.Count(stdout, "\n") != 20 {
		t.Errorf("%d events, want one for each record:\n%s", strings.Count(stdout, "\n"), stdout)
	}
	if status, _, stderr := runOnce(t, env, "sync", "--stream", "alerts"); status != exitUsage || !strings.Contains(stderr, "need --once") {
		t.Errorf("%d %s", status, stderr)
	}
}

// Ctrl-C before or in the middle of a synchronisation leaves a mirror that goes
// on: nothing is lost, and nothing makes a second event.
func TestSyncOnceInterrupted(t *testing.T) {
	t.Parallel()
	_, env := connectedMirror(t)
	for line := range 2 {
		ctx, stop := context.WithCancel(t.Context())
		if line == 0 {
			stop()
		}
		var out bytes.Buffer
		errs := &stopper{after: line, stop: stop}
		if status := Main(ctx, Process{Args: []string{"sync", "--once"}, Env: env.pairs(), Stdout: &out, Stderr: errs}); status != exitInterrupted || out.Len() > 0 {
			t.Errorf("ended with %d: %s%s", status, &out, &errs.out)
		}
		if text := errs.out.String(); !strings.HasSuffix(text, "\ngatehouse: interrupted\n") && text != "gatehouse: interrupted\n" {
			t.Errorf("standard error is %q", text)
		}
	}
	if status, _, stderr := runOnce(t, env, "sync", "--once"); status != 0 {
		t.Errorf("%d %s", status, stderr)
	}
	if _, stdout, _ := runOnce(t, env, "events", "--output", "ndjson"); strings.Count(stdout, "\n") != 20 {
		t.Errorf("%d events, want one for each record", strings.Count(stdout, "\n"))
	}
}

// An integration that another process works on is left to it; the others are
// read all the same.
func TestSyncOnceBeside(t *testing.T) {
	t.Parallel()
	_, env := connectedMirror(t)
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		i, err := held.Integration(t.Context(), "contoso")
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := held.Lease(t.Context(), i.ID, "another", time.Hour); !ok || err != nil {
			t.Fatal(ok, err)
		}
	})
	if status, stdout, stderr := runOnce(t, env, "sync", "--once"); status != exitFailure || stdout != "" ||
		stderr != "gatehouse: another process mirrors contoso just now, or was killed some seconds ago: gatehouse status says how far it is\n" {
		t.Errorf("%d %s%s", status, stdout, stderr)
	}
	env["AZURE_CLIENT_ID"] = "00000000-0000-4000-8000-000000000001" // Entra knows no such application
	if status, _, stderr := runOnce(t, env, "integrations", "add", "fabrikam", "--force", "--stream", "devices"); status != 0 {
		t.Fatal(stderr)
	}
	status, stdout, stderr := runOnce(t, env, "sync", "--once", "--output", "csv")
	if status != exitFindings || !strings.Contains(stdout, "fabrikam,devices,unauthorized,you,") || strings.Contains(stdout, "contoso") {
		t.Errorf("%d %s", status, stdout)
	}
	if !strings.Contains(stderr, "warning: left to the process that mirrors them just now: contoso\n") {
		t.Errorf("standard error is %s", stderr)
	}
}
