package emulator

import (
	"math"
	"slices"
	"time"
)

// newState makes the state of a tenant without any records.
func newState() *state {
	return &state{
		byID: map[[20]byte]int32{}, alertIDs: map[string]int32{}, alertsOf: map[int32][]int32{}, incidentN: map[int64]int32{},
		actionIDs: map[string]int{},
		life:      lifeline{edits: map[int32][]install{}, answers: map[string]int{}},
	}
}

// begin makes the generated tenant the first of its views.
func (t *tenant) begin() {
	t.life.base = t
	t.current.Store(t)
	t.due.Store(math.MaxInt64)
}

// viewAt lets the tenant live until a moment and gives the view of it then.
func (t *tenant) viewAt(now time.Time) *tenant {
	if now.UnixNano() >= t.due.Load() {
		t.settle(now)
	}
	return t.current.Load()
}

// newest gives the newest view. Whoever reads the state has to read it in this one: alerts and actions can be about devices
// that older views do not have. The caller holds the lock.
func (t *tenant) newest() *tenant {
	if v := t.current.Load(); v != nil {
		return v
	}
	return t // it is being generated
}

// settle takes every step that is due.
func (t *tenant) settle(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &t.life
	for len(l.pending) > 0 && !l.pending[0].At.After(now) {
		step := l.pending[0]
		l.pending = l.pending[1:]
		t.resnap(step.At)
		_, _ = t.take(&step) // a step that finds nothing to act on is none
	}
	t.resnap(now)
	t.setDue()
}

// setDue notes when there is something to do next. The caller holds the lock.
func (t *tenant) setDue() {
	due := int64(math.MaxInt64)
	if len(t.life.pending) > 0 {
		due = t.life.pending[0].At.UnixNano()
	}
	if len(t.life.edits) > 0 {
		due = min(due, snapshotAfter(t.life.edited).UnixNano())
	}
	t.due.Store(due)
}

// snapshotAfter gives the moment of the first snapshot after a time.
func snapshotAfter(at time.Time) time.Time { return snapshotAt(at).Add(snapshotEvery) }

// viewOf gives the view whose vulnerability data a snapshot holds.
func (t *tenant) viewOf(snapshot time.Time) *tenant {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if now := t.current.Load(); !now.snapshot.After(snapshot) {
		return now
	}
	for _, v := range slices.Backward(t.life.past) {
		if !v.snapshot.After(snapshot) {
			return v
		}
	}
	return t.life.base
}

// show makes another view the newest. The caller holds the lock.
func (t *tenant) show(v *tenant) {
	t.current.Store(v)
	t.version.Add(1)
}

// resnap makes the snapshot of the vulnerability data that is due until a moment, if software has changed since the last
// one. Until then all that says something of vulnerabilities shows what it showed. The caller holds the lock.
func (t *tenant) resnap(until time.Time) {
	l := &t.life
	if len(l.edits) == 0 {
		return
	}
	at := snapshotAfter(l.edited)
	if at.After(until) {
		return
	}
	old := t.current.Load()
	v := *old
	v.snapshot = at
	v.spans = make([]span, len(old.machines))
	copy(v.spans, old.spans)
	machines := sortedKeys(l.edits)
	refs := make([]ref, len(machines))
	for n, i := range machines {
		refs[n] = ref{StreamDevices, int(i)}
		v.spans[i] = span{uint32(len(v.installs)), uint8(len(l.edits[i]))}
		v.installs = append(v.installs, l.edits[i]...)
	}
	watch := t.watch(at, at, refs...)
	v.countInstalls()
	v.indexExports()
	l.past = slices.DeleteFunc(append(l.past, old), func(p *tenant) bool { return p != l.base && at.Sub(p.snapshot) > maxDeltaAge })
	for _, i := range machines {
		t.noteEdits(&v, i, old.installsOf(i), l.edits[i])
	}
	clear(l.edits)
	t.show(&v)
	watch.done()
	t.noteCatalogues(old, &v)
}

// sortedKeys lists the keys of a map of machines in order.
func sortedKeys(m map[int32][]install) []int32 {
	keys := make([]int32, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// delta is one row of the delta export that came of the tenant's life.
type delta struct {
	window  time.Time // the snapshot it belongs to
	machine int32
	in      install
	flaw    int32
	status  string
}

// noteEdits notes the changes of a device's software for the delta export and for the history. The caller holds the lock.
func (t *tenant) noteEdits(v *tenant, machine int32, before, after []install) {
	find := func(list []install, product uint16) (install, bool) {
		i := slices.IndexFunc(list, func(in install) bool { return in.product == product })
		if i < 0 {
			return install{}, false
		}
		return list[i], true
	}
	for _, was := range before {
		is, there := find(after, was.product)
		switch {
		case !there || is.version != was.version:
			t.noteInstall(v, machine, was, "Fixed", ChangeRemoved)
		case is.moved != was.moved:
			t.noteInstall(v, machine, is, "Updated", ChangeUpdated)
		}
	}
	for _, is := range after {
		if was, there := find(before, is.product); !there || is.version != was.version {
			t.noteInstall(v, machine, is, "New", ChangeAdded)
		}
	}
}

// noteInstall notes the same change of every row of an install. The caller holds the lock.
func (t *tenant) noteInstall(v *tenant, machine int32, in install, status string, kind ChangeKind) {
	flaws := t.catalogue.products[in.product].open(in.version)
	doors := []string{DoorMDE, DoorGraph}
	if kind == ChangeUpdated {
		doors = []string{DoorMDE} // the hunting tables do not know where software lies
	}
	if len(flaws) == 0 {
		flaws, doors = []int32{-1}, []string{DoorMDE}
	}
	for _, f := range flaws {
		t.life.deltas = append(t.life.deltas, delta{v.snapshot, machine, in, f, status})
		t.record(Change{Stream: StreamVulnerabilities, Key: v.flawKey(machine, in, f), Kind: kind, Doors: doors, At: v.snapshot, Stamp: v.snapshot})
	}
}

// noteCatalogues notes what a snapshot changed in the catalogues. The caller holds the lock.
func (t *tenant) noteCatalogues(old, v *tenant) {
	note := func(stream, key string, kind ChangeKind) {
		t.record(Change{Stream: stream, Key: key, Kind: kind, Doors: []string{DoorMDE}, At: v.snapshot, Stamp: v.snapshot})
	}
	for f := range v.exposed {
		if old.exposed[f] != v.exposed[f] {
			note(StreamCVEs, v.catalogue.flaws[f].id, ChangeUpdated)
		}
	}
	for p := range v.sums {
		was, is := old.softwareRow(p), v.softwareRow(p)
		if kind, ok := kindOf(old.sums[p].devices > 0, v.sums[p].devices > 0, was != is); ok {
			note(StreamSoftware, is.ID, kind)
		}
		changed := digestOf(old.recommendationRow(p)) != digestOf(v.recommendationRow(p))
		if kind, ok := kindOf(old.sums[p].exposed > 0, v.sums[p].exposed > 0, changed); ok {
			note(StreamRecommendations, recommendationPrefix+is.ID, kind)
		}
	}
}
