package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/store/storetest"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// contents are the records of each stream: what each says, without noise, by key.
type contents map[gatehouse.Stream]map[string]gatehouse.Hash

// truths are the streams whose every document the emulator can tell, and the door
// that it tells them at.
func truths() map[gatehouse.Stream]string { return truthsBy(gatehouse.APIMDE) }

// truthsBy are the same when the door that is chosen is api.
func truthsBy(api gatehouse.API) map[gatehouse.Stream]string {
	doors := map[gatehouse.Stream]string{
		stream.Alerts: emulator.DoorMDE, stream.Incidents: emulator.DoorXDR, stream.Devices: emulator.DoorMDE, stream.MachineActions: emulator.DoorMDE,
		stream.Vulnerabilities: emulator.DoorFiles, stream.CVEs: emulator.DoorMDE, stream.Software: emulator.DoorMDE, stream.Recommendations: emulator.DoorMDE,
	}
	if api == gatehouse.APIGraph {
		for _, name := range []gatehouse.Stream{stream.Alerts, stream.Incidents, stream.Devices, stream.Vulnerabilities} {
			doors[name] = emulator.DoorGraph
		}
	}
	return doors
}

// tally counts what a proof has looked at.
type tally struct {
	polls, failed, changes, events, struck, records atomic.Int64
}

func (c *tally) String() string {
	return fmt.Sprintf("%d polls, in %d of them a stream failed; %d faults struck; %d records compared; the histories of the tenants have %d changes, the logs %d events",
		c.polls.Load(), c.failed.Load(), c.struck.Load(), c.records.Load(), c.changes.Load(), c.events.Load())
}

// witness follows one mirror and the tenant that it is of.
type witness struct {
	*tally

	e       *emulator.Server
	clock   *emulator.FakeClock
	client  *http.Client
	options app.Options
	tenant  string
	id      string
	held    contents        // by the mirror, when it was looked at last
	mark    int64           // of the tenant's history then
	last    int64           // event then
	api     gatehouse.API   // the chosen door
	beyond  map[string]bool // devices that are held and that the door cannot show any more
	still   bool            // nothing happened in the tenant while it was polled
}

// newWitness starts a tenant and adds it to an empty mirror. The clock begins at
// the same moment each time, so that a seed makes the same life again.
func newWitness(t *testing.T, o app.Options, seed uint64, size emulator.Size, count *tally) *witness {
	t.Helper()
	w := &witness{tally: count, clock: emulator.NewFakeClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)), options: o, held: contents{}, api: gatehouse.APIMDE}
	w.e = emulate(t, emulator.Options{Clock: w.clock, Seed: seed, Size: size, NoLimits: true})
	access := w.e.DefaultTenant()
	w.tenant = access.TenantID
	must(t, w.e.SetRoles(access.TenantID, access.ClientID, emulator.MirrorRoles()...))
	var err error
	if w.client, err = entra.EmulatorClient(w.e.Addr(), w.e.CA()); err != nil {
		t.Fatal(err)
	}
	w.options.HTTPClient, w.options.Now = w.client, w.clock.Now
	w.open(t, func(a *app.App) {
		i := added(t, a, newIntegration("contoso", access))
		w.id = i.ID
	})
	return w
}

// open uses an application of its own, as a process that starts then: whatever is
// not in the store is forgotten, the budgets of Microsoft's limits as well, which
// run along the true clock.
func (w *witness) open(t *testing.T, use func(*app.App)) {
	t.Helper()
	a, err := app.New(context.Background(), w.options)
	must(t, err)
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	use(a)
}

// poll reads all streams once while the clock stands still, and looks at what has
// become of the mirror. It tells whether every stream was read well.
func (w *witness) poll(t *testing.T) (healthy bool) {
	t.Helper()
	was := w.truth(t)
	w.open(t, func(a *app.App) {
		status, err := syncInTurn(a, w.id)
		must(t, err)
		healthy = w.check(t, a.Store(), was, status)
	})
	w.polls.Add(1)
	if !healthy {
		w.failed.Add(1)
	}
	return healthy
}

// truth is what the tenant holds at this moment.
func (w *witness) truth(t *testing.T) contents {
	t.Helper()
	must(t, w.e.Settle(w.tenant))
	all, truth := contents{}, w.e.Truth(w.tenant)
	for name, door := range truthsBy(w.api) {
		s, _ := stream.ByName(name)
		documents, err := truth.Documents(string(name), door)
		must(t, err)
		all[name] = map[string]gatehouse.Hash{}
		for key, document := range documents {
			all[name][key] = said(s, door, key, document)
		}
	}
	if w.api == gatehouse.APIGraph {
		documents, err := truth.Documents(string(stream.Vulnerabilities), emulator.DoorMDE)
		must(t, err)
		for key := range documents {
			if withoutCVE(key) {
				all[stream.Vulnerabilities][key] = gatehouse.HashOf([]byte(key))
			}
		}
	}
	return all
}

// withoutCVE tells whether a row is of a product that has none. The emulator has no
// document of these for Graph.
func withoutCVE(key string) bool { return strings.HasSuffix(key, "|") }

// said is what a document says. The emulator tells the rows of hunting as they are
// in their tables; what Graph prints of them has members that are empty, names the
// types of others, and has numbers for yes and no, and lists.
func said(s stream.Stream, door, key string, document []byte) gatehouse.Hash {
	if door != emulator.DoorGraph || s.Name != stream.Devices && s.Name != stream.Vulnerabilities {
		return s.Content(document)
	}
	if withoutCVE(key) {
		return gatehouse.HashOf([]byte(key))
	}
	var members map[string]any
	if err := json.Unmarshal(document, &members); err != nil {
		return gatehouse.Hash{}
	}
	for name, value := range members {
		text := fmt.Sprint(value)
		switch list, isList := value.([]any); {
		case isList: // which the table holds as a text
			row, _ := json.Marshal(list)
			members[name] = string(row)
		case strings.HasSuffix(name, "@odata.type"), text == "", text == "map[]", text == "<nil>":
			delete(members, name)
		case text == "true":
			members[name] = 1
		case text == "false":
			members[name] = 0
		}
	}
	row, err := json.Marshal(members)
	if err != nil {
		return gatehouse.Hash{}
	}
	return s.Content(row)
}

// mirrored is what the mirror holds.
func (w *witness) mirrored(t *testing.T, s *store.Store) contents {
	t.Helper()
	all := contents{}
	w.beyond = map[string]bool{}
	for name, door := range truthsBy(w.api) {
		of, _ := stream.ByName(name)
		all[name] = map[string]gatehouse.Hash{}
		for r, err := range s.Records(t.Context(), w.id, name, store.RecordQuery{Documents: true}) {
			must(t, err)
			all[name][r.Key] = said(of, door, r.Key, r.Document)
			if by := of.Doors[len(of.Doors)-1]; by.API == w.api && !of.Shows(by, r.Document, w.clock.Now()) {
				w.beyond[r.Key] = true
			}
			if of.Content(r.Document) != r.Content {
				t.Errorf("%s %s: the document that is kept is not the one that was hashed", name, r.Key)
			}
			w.records.Add(1)
		}
	}
	return all
}

// happened are the kinds of event of each record since the last look.
func (w *witness) happened(t *testing.T, s *store.Store) map[gatehouse.Stream]map[string][]gatehouse.EventKind {
	t.Helper()
	all := map[gatehouse.Stream]map[string][]gatehouse.EventKind{}
	for e, err := range s.Events(t.Context(), w.last, store.EventFilter{}, 0) {
		must(t, err)
		if all[e.Stream] == nil {
			all[e.Stream] = map[string][]gatehouse.EventKind{}
		}
		all[e.Stream][e.Key] = append(all[e.Stream][e.Key], e.Kind)
		w.last = e.Number
		w.events.Add(1)
	}
	return all
}

// moved counts the changes of each record since the last look, but for those that
// had shown before the poll began.
func (w *witness) moved(t *testing.T, was, is contents) (times map[gatehouse.Stream]map[string]int) {
	t.Helper()
	times = map[gatehouse.Stream]map[string]int{}
	history, err := w.e.Changes(w.tenant, w.mark)
	must(t, err)
	w.mark += int64(len(history))
	w.changes.Add(int64(len(history)))
	for name := range truthsBy(w.api) {
		times[name] = map[string]int{}
		for key := range union(was[name], is[name]) {
			if differ(was[name], is[name], key) {
				times[name][key] = 1 // counted exactly below, or not told by the history
			}
		}
	}
	w.still = true
	for _, c := range history {
		// A change that showed at this very moment may have come in mid-poll.
		if name := gatehouse.Stream(c.Stream); times[name] != nil && !c.At.Before(w.e.Now()) {
			times[name][c.Key]++
			w.still = false
		}
	}
	return times
}

// union are the keys of either.
func union(a, b map[string]gatehouse.Hash) map[string]bool {
	all := make(map[string]bool, len(a))
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	return all
}

// differ tells whether two sides hold something else under a key.
func differ(a, b map[string]gatehouse.Hash, key string) bool {
	x, inA := a[key]
	y, inB := b[key]
	return inA != inB || x != y
}

// check looks at every record of the mirror after a poll: it is as it was or as the
// tenant has it, it has exactly one event if it has changed and none if not, and
// where the poll went well it is as the tenant has it. What changed in the tenant
// while the poll was under way may be seen or not, once for each time.
func (w *witness) check(t *testing.T, s *store.Store, was contents, status []gatehouse.StreamHealth) (healthy bool) {
	t.Helper()
	must(t, errors.Join(storetest.Verify(t.Context(), s), storetest.VerifyNumbers(t.Context(), s)))
	before, after, is := w.held, w.mirrored(t, s), w.truth(t)
	events, moved := w.happened(t, s), w.moved(t, was, is)
	w.held = after
	healthy = true
	for _, h := range status {
		// A stream can be degraded for another reason than its reading.
		run := lastRun(t, s, w.id, h.Stream)
		well := (h.State == gatehouse.StreamHealthy || h.State == gatehouse.StreamDegraded) && !run.Open() && run.Error == ""
		healthy = healthy && well
		if truthsBy(w.api)[h.Stream] == "" {
			continue
		}
		// What a run has read before it was interrupted may have changed, or be gone,
		// when it goes on and ends: the next one tells.
		fresh := well && !run.Started.Before(w.clock.Now().Truncate(time.Microsecond))
		l := look{
			t: t, name: h.Stream, before: before[h.Stream], after: after[h.Stream], was: was[h.Stream], moved: moved[h.Stream],
			events: events[h.Stream], read: fresh, whole: fresh && run.Swept, witness: w,
		}
		l.records()
	}
	return healthy
}

// lastRun is the newest run of a stream; an empty one when there was none.
func lastRun(t *testing.T, s *store.Store, id string, name gatehouse.Stream) gatehouse.SyncRun {
	t.Helper()
	runs, err := s.Runs(t.Context(), id, name, 1)
	must(t, err)
	if len(runs) == 0 {
		return gatehouse.SyncRun{}
	}
	return runs[0]
}

// look is a look at one stream after a poll.
type look struct {
	t             *testing.T
	name          gatehouse.Stream
	before, after map[string]gatehouse.Hash // in the mirror
	was           map[string]gatehouse.Hash // in the tenant, when the poll began
	moved         map[string]int            // how often it has changed there meanwhile
	events        map[string][]gatehouse.EventKind
	read, whole   bool // it was read to its end; what is gone was removed
	witness       *witness
}

// records looks at every record.
func (l look) records() {
	l.t.Helper()
	all := union(l.before, l.after)
	for key := range l.was {
		all[key] = true
	}
	for key := range l.events {
		all[key] = true
	}
	bad := 0
	for key := range all {
		if err := errors.Join(l.told(key), l.right(key)); err != nil {
			if bad++; bad <= 3 {
				l.t.Errorf("%s %s: %v", l.name, key, err)
			}
		}
	}
	if bad > 0 {
		l.t.Errorf("%s: %d of %d records are wrong", l.name, bad, len(all))
	}
}

// told looks whether the events of a record are those of its changes.
func (l look) told(key string) error {
	_, there := l.before[key]
	kinds := l.events[key]
	for _, k := range kinds {
		if there == (k == gatehouse.EventCreated) {
			return fmt.Errorf("events %v from a record that was there: %v", kinds, there)
		}
		there = k != gatehouse.EventRemoved
	}
	if _, is := l.after[key]; is != there {
		return fmt.Errorf("events %v, and it is there: %v", kinds, is)
	}
	least, most := 0, l.moved[key]
	if differ(l.before, l.after, key) {
		least = 1
	}
	if differ(l.before, l.was, key) {
		most++
	}
	if len(kinds) < least || len(kinds) > most {
		return fmt.Errorf("events %v, want %d to %d", kinds, least, most)
	}
	return nil
}

// right looks whether a record is as it has to be.
func (l look) right(key string) error {
	if l.moved[key] > 0 || !differ(l.after, l.was, key) {
		return nil
	}
	_, upstream := l.was[key]
	if !upstream && l.name == stream.Devices && l.witness.beyond[key] {
		return nil // it stays: the door does not tell that it is gone
	}
	switch {
	case differ(l.before, l.after, key):
		return errors.New("it was changed to what the tenant never said")
	case l.whole:
		return fmt.Errorf("it was not seen in a whole reading (in the tenant: %v)", upstream)
	case l.read && upstream:
		return errors.New("its change was missed")
	}
	return nil
}

// reconcile lets time pass until every stream is read whole, without faults, and
// looks whether the mirror is what the tenant is.
func (w *witness) reconcile(t *testing.T) {
	t.Helper()
	for _, n := range w.e.Stats().Faults {
		w.struck.Add(int64(n))
	}
	must(t, w.e.SetFaults(emulator.Faults{}))
	healthy := false
	// The first goes on with what was interrupted, the second reads whole.
	// What was to happen after calls that have not come yet happens meanwhile.
	for n := 0; n < 2 || n < 6 && (!healthy || !w.still); n++ {
		w.clock.Advance(8 * 24 * time.Hour)
		healthy = w.poll(t)
	}
	w.equal(t)
	if !healthy {
		w.open(t, func(a *app.App) {
			status, err := a.Status(t.Context(), w.id)
			t.Errorf("without faults it is not healthy: %v\n%s", err, states(status))
		})
	}
	last := w.last
	if w.poll(t); w.last != last {
		t.Errorf("an idle poll made %d events", w.last-last)
	}
}

// equal looks whether the mirror is what the tenant is, in every stream: against
// the emulator's own documents and, for the scores, against a mirror that is made
// at this moment.
func (w *witness) equal(t *testing.T) {
	t.Helper()
	truth := w.truth(t)
	for name := range truthsBy(w.api) {
		if len(truth[name]) == 0 {
			t.Errorf("%s: there is nothing", name)
		}
		for key := range union(truth[name], w.held[name]) {
			_, upstream := truth[name][key]
			if beyond := name == stream.Devices && w.beyond[key]; differ(truth[name], w.held[name], key) && (upstream || !beyond) {
				t.Errorf("%s %s is not what the tenant has", name, key)
			}
		}
	}
	fresh := *w
	fresh.options.Data, fresh.options.DatabaseURL, fresh.options.Key = t.TempDir(), "", ""
	scores := []gatehouse.Stream{stream.ExposureScore, stream.ConfigurationScore, stream.SecureScores, stream.SecureScoreControls}
	want := map[gatehouse.Stream]store.Digest{}
	fresh.open(t, func(a *app.App) {
		i := added(t, a, newIntegration("again", w.e.DefaultTenant()))
		_, err := a.SyncOnce(t.Context(), i.ID, scores, nil)
		must(t, err)
		for _, name := range scores {
			want[name], err = a.Store().Digest(t.Context(), i.ID, name)
			must(t, err)
		}
	})
	w.open(t, func(a *app.App) {
		for _, name := range scores {
			got, err := a.Store().Digest(t.Context(), w.id, name)
			if err != nil || got != want[name] || got.Count == 0 {
				t.Errorf("%s: %d records are not the %d of a new mirror: %v", name, got.Count, want[name].Count, err)
			}
		}
	})
}

// live runs the life of a tenant with its trouble through some polls.
func (w *witness) live(t *testing.T, seed uint64, polls int, trouble trouble) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	trouble.life.Seed, trouble.life.Steps, trouble.life.Span = seed, 25*polls, time.Duration(polls)*3*time.Hour
	_, err := w.e.Play(w.tenant, trouble.life)
	must(t, err)
	for n := range polls {
		must(t, w.e.SetFaults(emulator.Faults{Seed: seed + uint64(n), List: trouble.faults, Skew: time.Duration(float64(trouble.skew) * (1 - 2*random.Float64()))}))
		for i, step := range trouble.steps {
			step.Draw = seed + uint64(100*n+i)
			must(t, w.e.Schedule(w.tenant, step))
		}
		w.poll(t)
		gap := 5*time.Minute + time.Duration(random.Int64N(int64(6*time.Hour)))
		if n == polls/2 {
			gap += 7 * 24 * time.Hour // for the exports, which are read whole each week
		}
		w.clock.Advance(gap)
	}
	w.reconcile(t)
}

// faultRun is one life with its trouble: a row of the matrix, on a database, read
// through a door.
type faultRun struct {
	name, database string
	api            gatehouse.API
	seed           uint64
}

// run lives it.
func (r faultRun) run(t *testing.T, polls int, count *tally) {
	row, ok := troubles()[r.name]
	if !ok {
		row = mixture(rand.New(rand.NewPCG(r.seed, 1)))
	}
	if !proofsInFull() {
		row = row.limited()
	}
	size := emulator.Size{Devices: 20 + 5*polls, Alerts: 30, Ties: row.ties, PageSize: 9, Events: -1, Actions: 12, Software: 8, VulnerabilityRows: 100}
	w := newWitness(t, databases()[r.database](t), r.seed, size, count)
	if r.api == gatehouse.APIGraph {
		row = row.throughGraph()
		w.through(t, r.api)
	}
	w.live(t, r.seed, polls, row)
	if t.Failed() {
		t.Logf("to play it again: GATEHOUSE_SEED=%d go test -run '%s' ./app", r.seed, t.Name())
	}
}

// sampled tells whether a run is one of the sample: the mixture by both doors, and on
// both databases by the first; each row once, in turn on either database and by
// either door.
func (r faultRun) sampled(row int) bool {
	if r.name == "mixture" {
		return r.api == gatehouse.APIMDE || r.database == "sqlite"
	}
	return (r.database == "sqlite") == (row%2 == 1) && (r.api == gatehouse.APIGraph) == (row%4 > 1)
}

// TestProofFaults lets everything go wrong that can go wrong, alone and together,
// in the life of a tenant, and looks at the mirror and at its events after every
// poll and at the end.
func TestProofFaults(t *testing.T) {
	t.Parallel()
	seeds, polls := 1, 2
	if proofsInFull() {
		seeds, polls = 6, 5
	}
	count := &tally{}
	first := uint64(1)
	text, replay := os.LookupEnv("GATEHOUSE_SEED")
	if replay {
		var err error
		first, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
		seeds = 1
	}
	var running sync.WaitGroup
	places := make(chan struct{}, 12) // most of the time is spent in pauses, so that more run than there are processors
	for n, name := range append(rowNames(), "mixture") {
		for database := range databases() {
			for _, api := range []gatehouse.API{gatehouse.APIMDE, gatehouse.APIGraph} {
				for seed := first; seed < first+uint64(seeds); seed++ {
					r := faultRun{name, database, api, seed}
					if !proofsInFull() && !replay && !r.sampled(n) {
						continue
					}
					running.Go(func() {
						places <- struct{}{}
						defer func() { <-places }()
						t.Run(fmt.Sprintf("%s/%s/%s/%d", r.name, r.database, r.api, r.seed), func(t *testing.T) { r.run(t, polls, count) })
					})
				}
			}
		}
	}
	running.Wait()
	t.Logf("fault matrix: %d rows and mixtures through mde and graph with %d seeds: %s", len(rowNames()), seeds, count)
}
