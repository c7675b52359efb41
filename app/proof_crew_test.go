package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// mate tells a process of its own what to mirror together with others.
type mate struct {
	Addr        string        `json:"addr"`
	CA          []byte        `json:"ca"`
	DatabaseURL string        `json:"databaseURL"`
	Key         string        `json:"key"`
	Every       time.Duration `json:"every"` // the interval of each stream
}

// work mirrors on schedule until its parent closes its input. It says which
// integration it reads, page by page.
func (m mate) work(t *testing.T) {
	streams := stream.All()
	for i := range streams {
		// Some changes show in full readings alone, such as what is gone.
		streams[i].Interval, streams[i].Reconcile = m.Every, 4*m.Every
	}
	var mu sync.Mutex
	a := openAt(t, m.Addr, m.CA, app.Options{
		DatabaseURL: m.DatabaseURL, Key: m.Key, Lease: 2 * time.Second, PageRows: 10, Workers: 3, Streams: streams,
		Progress: func(p app.Progress) {
			mu.Lock()
			defer mu.Unlock()
			if p.Calls > 0 { // and has not only begun
				fmt.Println("reads", p.Integration.Name, p.Run.Stream)
			}
		},
	})
	must(t, a.Start(context.Background()))
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent goes, or says so
}

// running is a process that runs.
type running struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{}

	mu   sync.Mutex
	said []string
}

// hire starts a process.
func hire(t *testing.T, m mate) *running {
	t.Helper()
	r := &running{cmd: process(t, "TestProofCrew", m), done: make(chan struct{})}
	stdin, err := r.cmd.StdinPipe()
	must(t, err)
	out, err := r.cmd.StdoutPipe()
	must(t, err)
	r.stdin = stdin
	must(t, r.cmd.Start())
	go func() {
		defer close(r.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			r.mu.Lock()
			r.said = append(r.said, lines.Text())
			r.mu.Unlock()
		}
	}()
	t.Cleanup(func() { r.end(true) })
	return r
}

// end lets a process end in good order, or kills it as kill -9 does.
func (r *running) end(kill bool) (said []string) {
	if kill {
		_ = r.cmd.Process.Kill()
	}
	_ = r.stdin.Close()
	<-r.done
	_ = r.cmd.Wait()
	return r.said
}

// reads is which integrations the process has read so far.
func (r *running) reads() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := map[string]int{}
	for _, line := range r.said {
		if rest, ok := strings.CutPrefix(line, "reads "); ok {
			name, _, _ := strings.Cut(rest, " ")
			names[name]++
		}
	}
	return names
}

// crew is what a proof of several processes looks at.
type crew struct {
	e      *emulator.Server
	a      *app.App // works on nothing itself
	ids    map[string]string
	access map[string]emulator.TenantAccess
	first  map[string]contents // of each tenant, before anything happened in it
}

// TestProofCrew lets three processes share the integrations of one database, kills
// one of them in mid-work and changes the tenants meanwhile: the others take over,
// nobody works on an integration that another works on, by the count of the emulator,
// the mirrors are what the tenants are and every change has one event.
func TestProofCrew(t *testing.T) {
	if m, ok := ordered[mate](t); ok {
		m.work(t)
		return
	}
	t.Parallel()
	integrations, kills := 5, 1
	if proofsInFull() {
		integrations, kills = 12, 6
	}
	o := app.Options{DatabaseURL: server.Database(t), Key: "file:" + keyFile(t)}
	c := newCrew(t, o, integrations)
	m := mate{Addr: c.e.Addr(), CA: c.e.CA(), DatabaseURL: o.DatabaseURL, Key: o.Key, Every: time.Second}
	all := []*running{hire(t, m), hire(t, m), hire(t, m)}
	for n := range kills {
		c.live(t, uint64(n+1))
		victim := -1
		until(t, func() bool {
			victim = slices.IndexFunc(all, func(r *running) bool { return len(r.reads()) > 0 })
			return victim >= 0
		})
		all[victim].end(true)
		begun := time.Now()
		c.caughtUp(t, begun.Add(4*time.Second)) // longer than the lease of the dead
		t.Logf("everything was read again %s after the kill", time.Since(begun).Round(time.Second/10))
		if n+1 < kills {
			all[victim] = hire(t, m)
		}
	}
	for n, r := range all {
		t.Logf("process %d has read %v", n, r.reads())
		r.end(false)
	}
	c.look(t)
}

// newCrew makes the tenants and their integrations.
func newCrew(t *testing.T, o app.Options, integrations int) *crew {
	t.Helper()
	c := &crew{ids: map[string]string{}, access: map[string]emulator.TenantAccess{}, first: map[string]contents{}}
	var specs []emulator.TenantSpec
	for n := range integrations {
		spec, access := allowed(n+1, emulator.Size{Devices: 20, Alerts: 30, PageSize: 9, Events: -1, Actions: 8, Software: 8, VulnerabilityRows: 60})
		specs = append(specs, spec)
		c.access[fmt.Sprint("tenant", n)] = access
	}
	c.e = emulate(t, emulator.Options{Tenants: specs, NoLimits: true})
	c.a = open(t, c.e, o)
	for name, access := range c.access {
		i := added(t, c.a, newIntegration(name, access))
		c.ids[name] = i.ID
		c.first[name] = c.witness(name).truth(t)
	}
	return c
}

// witness looks at one of the mirrors.
func (c *crew) witness(name string) *witness {
	return &witness{tally: &tally{}, e: c.e, tenant: c.access[name].TenantID, id: c.ids[name]}
}

// live lets something happen in every tenant in the next second.
func (c *crew) live(t *testing.T, seed uint64) {
	t.Helper()
	for _, access := range c.access {
		_, err := c.e.Play(access.TenantID, emulator.Life{Seed: seed, Steps: 20, Span: time.Second, Kinds: lasting()})
		must(t, err)
	}
}

// caughtUp waits until every stream was read in full by a run that began after a
// moment.
func (c *crew) caughtUp(t *testing.T, after time.Time) {
	t.Helper()
	done := map[string]bool{}
	deadline := time.Now().Add(5 * time.Minute) // on a busy machine
	for missing := "all"; missing != ""; <-time.After(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not read in full again: %s", missing)
		}
		status, err := c.a.Status(t.Context(), "")
		must(t, err)
		missing = ""
		for _, h := range status {
			at := h.Integration + " " + string(h.Stream)
			if h.State == gatehouse.StreamOff || done[at] {
				continue
			}
			run, err := c.a.Store().LastRun(t.Context(), h.Integration, h.Stream, gatehouse.SyncFull)
			if done[at] = err == nil && !run.Open() && run.Error == "" && run.Started.After(after); !done[at] {
				missing += fmt.Sprintf("\n%s: %s %s", at, h.State, h.Reason)
			}
		}
	}
}

// until waits for something.
func until(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
		<-time.After(100 * time.Millisecond)
	}
}

// look compares every mirror with its tenant, and what was told with what happened.
func (c *crew) look(t *testing.T) {
	t.Helper()
	overlaps, handovers := 0, 0
	stats := c.e.Stats()
	for name, access := range c.access {
		who := access.TenantID + "/" + access.ClientID
		overlaps, handovers = overlaps+stats.Overlaps[who], handovers+stats.Handovers[who]
		w := c.witness(name)
		truth, held := w.truth(t), w.mirrored(t, c.a.Store())
		for stream := range truths() {
			for key := range union(truth[stream], held[stream]) {
				if differ(truth[stream], held[stream], key) {
					t.Errorf("%s %s %s: the mirror is not what the tenant is", name, stream, key)
				}
			}
		}
		c.told(t, name, held)
	}
	t.Logf("%d integrations, calls that overlapped with another worker's: %d, handovers: %d", len(c.ids), overlaps, handovers)
	if overlaps > 0 || handovers == 0 {
		t.Errorf("%d overlaps, %d handovers", overlaps, handovers)
	}
}

// told folds the events of an integration: each changes what the one before has
// left, in the end they leave what is held, and no record has more of them than
// changes. Two changes between two readings are one.
func (c *crew) told(t *testing.T, name string, held contents) {
	t.Helper()
	type record struct {
		stream gatehouse.Stream
		key    string
	}
	there, events, changes := map[record]bool{}, map[record]int{}, map[record]int{}
	for e, err := range c.a.Store().Events(t.Context(), 0, store.EventFilter{Integration: c.ids[name]}, 0) {
		must(t, err)
		r := record{e.Stream, e.Key}
		if there[r] == (e.Kind == gatehouse.EventCreated) {
			t.Errorf("%s: event %d says that %s %s is %s, which cannot be", name, e.Number, e.Stream, e.Key, e.Kind)
		}
		there[r] = e.Kind != gatehouse.EventRemoved
		events[r]++
	}
	history, err := c.e.Changes(c.access[name].TenantID, 0)
	must(t, err)
	for _, h := range history {
		changes[record{gatehouse.Stream(h.Stream), h.Key}]++
	}
	for stream := range truths() {
		for key := range c.first[name][stream] {
			changes[record{stream, key}]++
		}
		for key := range held[stream] {
			if !there[record{stream, key}] {
				t.Errorf("%s %s %s: it is held, and no event says so", name, stream, key)
			}
		}
	}
	for r, n := range events {
		if _, held := held[r.stream][r.key]; truths()[r.stream] != "" && (n > changes[r] || held != there[r]) {
			t.Errorf("%s %s %s: %d events of %d changes; held: %v, by the events: %v", name, r.stream, r.key, n, changes[r], held, there[r])
		}
	}
}
