package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/store/storetest"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// proofsInFull tells whether the proofs run at their whole size.
func proofsInFull() bool { return os.Getenv("GATEHOUSE_PROOF") == "full" }

// What a mirror may cost.
const (
	mostMB      = 128  // of memory, at its peak
	mostCalls   = 1.05 // times the floor
	leastOfBare = 0.25 // of the rate of the bare store: below it something is broken
	aimedOfBare = 0.5  // what is aimed at, on a machine that does nothing else
)

// child tells a process of its own what to mirror.
type child struct {
	Addr   string
	CA     []byte
	Data   string
	Report string // the file that it writes what it has measured to
	Access []emulator.TenantAccess
}

// inChild runs this test again in a process of its own, and reads its report.
func inChild(t *testing.T, e *emulator.Server, access []emulator.TenantAccess, report any) {
	t.Helper()
	dir := t.TempDir()
	c := child{Addr: e.Addr(), CA: e.CA(), Data: dir, Report: filepath.Join(dir, "report.json"), Access: access}
	cmd := process(t, t.Name(), c)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	text, err := os.ReadFile(c.Report)
	must(t, err)
	must(t, json.Unmarshal(text, report))
}

// open makes an application that speaks to the emulator of the parent.
func (c child) open(t *testing.T, o app.Options) *app.App {
	t.Helper()
	o.Data = c.Data
	return openAt(t, c.Addr, c.CA, o)
}

// report writes what was measured.
func (c child) report(t *testing.T, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	must(t, os.WriteFile(c.Report, text, 0o600))
}

// peakMB is the most memory that this process has held, by the system's count;
// 0 where the system does not say.
func peakMB(t *testing.T) float64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.ParseFloat(strings.Fields(after + " 0")[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb / 1024
}

// table prints rows of cells below each other.
func table(t *testing.T, title string, rows ...[]any) {
	t.Helper()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		for _, cell := range row {
			if f, ok := cell.(float64); ok {
				cell = strconv.FormatFloat(f, 'f', 2, 64)
			}
			fmt.Fprintf(w, "%v\t", cell)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // it writes to memory
	t.Logf("%s\n%s", title, b.String())
}

// allowed describes a tenant whose application may read every stream by any door.
func allowed(n int, size emulator.Size, roles ...emulator.Role) (emulator.TenantSpec, emulator.TenantAccess) {
	if roles == nil {
		roles = emulator.MirrorRoles()
	}
	a := emulator.TenantAccess{
		TenantID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), ClientID: fmt.Sprintf("11111111-0000-4000-8000-%012d", n), Secret: fmt.Sprint("secret", n),
	}
	return emulator.TenantSpec{
		ID: a.TenantID, Domain: fmt.Sprintf("t%d.example", n), Seed: uint64(n), Size: size,
		Apps: []emulator.AppSpec{{ClientID: a.ClientID, Secrets: []emulator.SecretSpec{{Value: a.Secret}}, Roles: roles}},
	}, a
}

// besides inserts what is read into a bare table, and into a store of its own
// without an engine, in place of a mirror, and measures how long each takes.
type besides struct {
	bare  *storetest.Bare
	store *store.Store
	id    string // of the integration in the store

	mu    sync.Mutex
	spent map[gatehouse.Stream]time.Duration // on the bare table
	kept  map[gatehouse.Stream]time.Duration // on the bare store
	runs  map[gatehouse.Stream]gatehouse.SyncRun
	last  map[gatehouse.Stream][]string // the keys that came last: pages overlap
}

// streams returns the catalogue with doors that lead to the bare table.
func (b *besides) streams() []stream.Stream {
	all := stream.All()
	for i := range all {
		for j, d := range all[i].Doors {
			all[i].Doors[j].Read = func(ctx context.Context, r stream.Request) error {
				emit := r.Emit
				r.Emit = func(p gatehouse.Page) error { return b.insert(ctx, all[i].Name, p, emit) }
				return d.Read(ctx, r)
			}
		}
	}
	return all
}

// insert inserts a page and hands on one that holds nothing.
func (b *besides) insert(ctx context.Context, name gatehouse.Stream, p gatehouse.Page, emit func(gatehouse.Page) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rows []store.PageRecord
	for _, r := range p.Records {
		last := b.last[name]
		if !slices.Contains(last, r.Key) {
			rows = append(rows, store.PageRecord{Key: r.Key, Document: r.Document})
		}
		b.last[name] = append(last[max(0, len(last)-99):], r.Key)
	}
	start := time.Now()
	err := b.bare.Insert(ctx, rows)
	b.spent[name] += time.Since(start)
	err = errors.Join(err, b.keep(ctx, name, p.Records))
	p.Records = nil
	return errors.Join(err, emit(p))
}

// keep commits the same rows to the store, whole, with what they are found by.
func (b *besides) keep(ctx context.Context, name gatehouse.Stream, records []gatehouse.PageRecord) error {
	run, begun := b.runs[name]
	if !begun {
		var err error
		if run, err = b.store.BeginRun(ctx, b.id, name, gatehouse.SyncFull); err != nil {
			return err
		}
		b.runs[name] = run
	}
	page := store.Page{Run: run, Checkpoint: &gatehouse.Checkpoint{}}
	for _, r := range records {
		page.Records = append(page.Records, store.PageRecord{
			Key: r.Key, API: r.API, Document: r.Document, Content: r.Content, Common: r.Common, Facets: r.Facets, Points: r.Points,
		})
	}
	start := time.Now()
	_, err := b.store.CommitPage(ctx, page)
	b.kept[name] += time.Since(start)
	return err
}

// sized is what a child has measured of one stream.
type sized struct {
	Stream             gatehouse.Stream
	State              gatehouse.StreamState
	Reason             string
	Rows, Calls, Floor int64
	Run                time.Duration // from Microsoft into the mirror
	Table, Bare        time.Duration // the same rows into a bare table, and into the bare store
	Peak               float64       // MB, of the process so far
}

// sizes is what a child has measured.
type sizes struct {
	Streams   []sized
	Peak      float64
	Idle      int64 // events of a second sync
	IdleCalls int64
	Whole     int64 // events of one more that reads everything anew
	OnDisk    int64
}

// TestProofSize mirrors a large tenant and holds what that costs: memory, calls,
// time beside that of a bare insertion, and no event where nothing has changed.
func TestProofSize(t *testing.T) {
	if c, ok := ordered[child](t); ok {
		mirrorAlone(t, c)
		return
	}
	if !proofsInFull() {
		t.Parallel()
	}
	size := emulator.Size{Devices: 1000, Alerts: 800, VulnerabilityRows: 10_000, AlertsPerIncident: 400}
	if proofsInFull() {
		// A list whose last page is full to the brim takes one call more, for the rows by
		// which its pages overlap: see TestSeamCost of package stream. These are not.
		size = emulator.Size{Devices: 100_010, Alerts: 50_010, VulnerabilityRows: 1_001_000, AlertsPerIncident: 400}
	}
	spec, access := allowed(1, size)
	e := emulate(t, emulator.Options{Tenants: []emulator.TenantSpec{spec}})
	var got sizes
	inChild(t, e, []emulator.TenantAccess{access}, &got)
	got.print(t)
	got.hold(t, e.Truth(access.TenantID), size)
	stats := e.Stats()
	if len(stats.OverBudget) > 0 || len(stats.Violations) > 0 {
		t.Errorf("over budget %v, violations %v", stats.OverBudget, stats.Violations)
	}
}

// large are the streams that grow with a tenant, incidents with 400 alerts each
// among them.
func large() []gatehouse.Stream {
	return []gatehouse.Stream{stream.Devices, stream.Alerts, stream.Vulnerabilities, stream.Incidents}
}

// mirrorAlone mirrors a tenant in a process of its own.
func mirrorAlone(t *testing.T, c child) {
	a := c.open(t, app.Options{})
	i := added(t, a, newIntegration("large", c.Access[0]))
	var got sizes
	for _, name := range large() {
		got.Streams = append(got.Streams, mirrorOne(t, a, i.ID, name))
	}
	got.Peak = peakMB(t)
	before := lastEvent(t, a)
	for _, s := range syncOnce(t, a, i.ID, large()...) {
		got.IdleCalls += s.Calls
	}
	got.Idle = lastEvent(t, a) - before
	got.Peak = max(got.Peak, peakMB(t))

	for _, name := range large() {
		if err := a.Store().ResetCheckpoint(t.Context(), i.ID, name); err != nil {
			t.Fatal(err)
		}
	}
	syncOnce(t, a, i.ID, large()...)
	got.Whole = lastEvent(t, a) - before - got.Idle
	readBeside(t, c, &got)
	if f, err := os.Stat(filepath.Join(c.Data, "gatehouse.db")); err == nil {
		got.OnDisk = f.Size()
	}
	c.report(t, got)
}

// readBeside reads the tenant once more, into a bare table.
func readBeside(t *testing.T, c child, got *sizes) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(c.Data, "bare.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &besides{spent: map[gatehouse.Stream]time.Duration{}, kept: map[gatehouse.Stream]time.Duration{}, runs: map[gatehouse.Stream]gatehouse.SyncRun{}, last: map[gatehouse.Stream][]string{}}
	if b.bare, err = storetest.NewBare(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if b.store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(c.Data, "alone.db")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	alone, err := b.store.AddIntegration(t.Context(), gatehouse.Integration{Name: "alone"})
	if err != nil {
		t.Fatal(err)
	}
	b.id = alone.ID
	c.Data = filepath.Join(c.Data, "beside")
	a := c.open(t, app.Options{Streams: b.streams()})
	i := added(t, a, newIntegration("beside", c.Access[0]))
	syncOnce(t, a, i.ID, large()...)
	for i, m := range got.Streams {
		got.Streams[i].Table, got.Streams[i].Bare = b.spent[m.Stream], b.kept[m.Stream]
	}
}

// mirrorOne mirrors one stream for the first time.
func mirrorOne(t *testing.T, a *app.App, id string, name gatehouse.Stream) sized {
	t.Helper()
	start := time.Now()
	h := syncOnce(t, a, id, name)[0]
	return sized{
		Stream: name, State: h.State, Reason: h.Reason, Rows: h.Held, Calls: h.Calls, Floor: h.Floor, Run: time.Since(start), Peak: peakMB(t),
	}
}

// syncOnce reads streams and returns how these fare.
func syncOnce(t *testing.T, a *app.App, id string, names ...gatehouse.Stream) []gatehouse.StreamHealth {
	t.Helper()
	all, err := a.SyncOnce(t.Context(), id, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []gatehouse.StreamHealth
	for _, name := range names {
		for _, h := range all {
			if h.Stream != name {
				continue
			}
			if h.State != gatehouse.StreamHealthy {
				t.Errorf("%s is %s: %s", h.Stream, h.State, h.Reason)
			}
			list = append(list, h)
		}
	}
	return list
}

func lastEvent(t *testing.T, a *app.App) int64 {
	t.Helper()
	n, err := a.Store().LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sum adds up the streams.
func (s sizes) sum() sized {
	all := sized{Stream: "all", Peak: s.Peak}
	for _, m := range s.Streams {
		all.Rows, all.Calls, all.Floor = all.Rows+m.Rows, all.Calls+m.Calls, all.Floor+m.Floor
		all.Run, all.Bare, all.Table = all.Run+m.Run, all.Bare+m.Bare, all.Table+m.Table
	}
	return all
}

// print shows what was measured.
func (s sizes) print(t *testing.T) {
	t.Helper()
	rows := [][]any{{"stream", "rows", "calls", "floor", "s", "rows/s", "s store", "rows/s", "of store", "s table", "of table", "peak MB"}}
	for _, m := range append(s.Streams, s.sum()) {
		per := func(d time.Duration) int { return int(float64(m.Rows) / d.Seconds()) }
		rows = append(rows, []any{
			m.Stream, m.Rows, m.Calls, m.Floor, m.Run.Seconds(), per(m.Run), m.Bare.Seconds(), per(m.Bare), ratio(m), m.Table.Seconds(), m.Table.Seconds() / m.Run.Seconds(), m.Peak,
		})
	}
	table(t, "A full mirror, in a process of its own beside the emulator:", rows...)
	t.Logf("a second sync: %d events, %d calls; one that reads all anew: %d events; %d MB on disk; aimed at %.2f of the bare store's rate; a bare table has neither history, nor events, nor what records are found by",
		s.Idle, s.IdleCalls, s.Whole, s.OnDisk>>20, aimedOfBare)
}

// hold holds the bounds.
func (s sizes) hold(t *testing.T, truth emulator.Truth, size emulator.Size) {
	t.Helper()
	want := map[gatehouse.Stream]int{
		stream.Devices: len(truth.Devices), stream.Alerts: len(truth.Alerts), stream.Vulnerabilities: truth.VulnerabilityRows,
		stream.Incidents: (size.Alerts + size.AlertsPerIncident - 1) / size.AlertsPerIncident,
	}
	for _, m := range s.Streams {
		if n, known := want[m.Stream]; m.State != gatehouse.StreamHealthy || known && m.Rows != int64(n) {
			t.Errorf("%s is %s with %d records, want %d: %s", m.Stream, m.State, m.Rows, n, m.Reason)
		}
		// The pages of a list overlap by some rows, so that one whose last page is full to
		// the brim takes one call more.
		if float64(m.Calls) > mostCalls*float64(m.Floor) && m.Calls > m.Floor+1 {
			t.Errorf("%s took %d calls, more than %.2f times the floor of %d", m.Stream, m.Calls, mostCalls, m.Floor)
		}
	}
	if s.Idle != 0 || s.Whole != 0 {
		t.Errorf("nothing has changed, but there were %d and %d events", s.Idle, s.Whole)
	}
	if !proofsInFull() {
		return
	}
	all := s.sum()
	if float64(all.Calls) > mostCalls*float64(all.Floor) {
		t.Errorf("%d calls in all, more than %.2f times the floor of %d", all.Calls, mostCalls, all.Floor)
	}
	if all.Peak > mostMB {
		t.Errorf("peak of %.0f MB, at most %d MB", all.Peak, mostMB)
	}
	if ratio(all) < leastOfBare {
		t.Errorf("the mirror runs at %.2f of the bare store, at least %.2f", ratio(all), leastOfBare)
	}
}

// ratio is the rate of the mirror, reading and all, beside that of the bare store
// for the same documents.
func ratio(s sized) float64 { return s.Bare.Seconds() / s.Run.Seconds() }
