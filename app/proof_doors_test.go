package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// hunting is the route of Graph's hunting queries.
const hunting = "POST /v1.0/security/runhuntingquery"

// both are the streams that either door gives.
func both() []gatehouse.Stream { return []gatehouse.Stream{stream.Devices, stream.Vulnerabilities} }

// spelledApart are the fields that Microsoft prints in two ways: words with and
// without spaces, 0 and 1 for false and true, and a version that Defender for
// Endpoint cuts short where the table has all of it.
func spelledApart() []string { return []string{"isexcluded", "onboardingstatus", "osversion"} }

// saying is a stream as it was read through one door.
type saying struct {
	name gatehouse.Stream
	api  gatehouse.API
}

// sayings sums up, behind every door, what the records say that every door knows.
type sayings struct {
	mu  sync.Mutex
	all map[saying]store.Digest
}

// streams returns the catalogue with somebody who listens at every door.
func (s *sayings) streams() []stream.Stream {
	all := stream.All()
	for i := range all {
		for j, d := range all[i].Doors {
			all[i].Doors[j].Read = func(ctx context.Context, r stream.Request) error {
				emit := r.Emit
				r.Emit = func(p gatehouse.Page) error {
					s.hear(saying{all[i].Name, d.API}, p)
					return emit(p)
				}
				return d.Read(ctx, r)
			}
		}
	}
	return all
}

func (s *sayings) hear(from saying, p gatehouse.Page) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.all[from]
	for _, r := range p.Records {
		sum.Add(r.Key, r.Common)
	}
	s.all[from] = sum
}

// TestProofDoors reads the devices and the vulnerabilities of one tenant through
// Defender for Endpoint and through Graph, and holds that both say the same.
func TestProofDoors(t *testing.T) {
	if !proofsInFull() {
		t.Parallel()
	}
	size := emulator.Size{Devices: 300}
	if proofsInFull() {
		size = emulator.Size{Devices: 20_000}
	}
	spec, access := allowed(1, size)
	e := emulate(t, emulator.Options{Tenants: []emulator.TenantSpec{spec}})
	heard := &sayings{all: map[saying]store.Digest{}}
	a := open(t, e, app.Options{Data: t.TempDir(), Streams: heard.streams()})
	ids := map[gatehouse.API]gatehouse.Integration{}
	for _, api := range []gatehouse.API{gatehouse.APIMDE, gatehouse.APIGraph} {
		n := newIntegration(string(api), access)
		n.SkipCheck, n.Integration.API = true, api
		i, _, err := a.AddIntegration(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		ids[api] = i
		for _, h := range syncOnce(t, a, i.ID, both()...) {
			if h.API != api {
				t.Errorf("%s was read through %s, not %s", h.Stream, h.API, api)
			}
		}
	}
	rows := [][]any{{"stream", "by mde", "by graph", "of the tenant", "in common", "fields that both name", "differ"}}
	truth := e.Truth(access.TenantID)
	for name, want := range map[gatehouse.Stream]int{stream.Devices: len(truth.Devices), stream.Vulnerabilities: truth.VulnerabilityRows} {
		c := compare(t, a.Store(), name, ids[gatehouse.APIMDE].ID, ids[gatehouse.APIGraph].ID)
		fields := slices.Sorted(maps.Keys(c.fields))
		rows = append(rows, []any{name, c.mde, c.graph, want, c.common, len(fields), c.differing()})
		if c.mde != want || c.graph != want || c.common != want {
			t.Errorf("%s: %d by mde, %d by graph, %d by both, want %d", name, c.mde, c.graph, c.common, want)
		}
		for _, field := range fields {
			if c.fields[field] > 0 && !slices.Contains(spelledApart(), field) {
				t.Errorf("%s: %s differs in %d rows: %s", name, field, c.fields[field], c.example[field])
			}
		}
		if one, other := heard.all[saying{name, gatehouse.APIMDE}], heard.all[saying{name, gatehouse.APIGraph}]; one != other {
			t.Errorf("%s: both doors do not say the same of what both know", name)
		}
	}
	table(t, "One tenant by two doors:", rows...)
	t.Logf("%d hunting calls", e.Stats().Requests[hunting])
	switchDoor(t, a, ids[gatehouse.APIMDE])
	if stats := e.Stats(); len(stats.OverBudget) > 0 || len(stats.Violations) > 0 || stats.Requests[hunting] == 0 {
		t.Errorf("over budget %v, violations %v of %v", stats.OverBudget, stats.Violations, stats.Requests)
	}
}

// switchDoor lets an integration read by Graph from now on, which is no event.
func switchDoor(t *testing.T, a *app.App, i gatehouse.Integration) {
	t.Helper()
	before := lastEvent(t, a)
	i.API = gatehouse.APIGraph
	if err := a.Store().UpdateIntegration(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	for _, h := range syncOnce(t, a, i.ID, both()...) {
		if h.API != gatehouse.APIGraph {
			t.Errorf("%s is still read through %s", h.Stream, h.API)
		}
	}
	made := lastEvent(t, a) - before
	if t.Logf("the mirror by mde read on by graph: %d events", made); made != 0 {
		t.Errorf("a switch of the door made %d events", made)
	}
}

// comparison is what two mirrors of one stream have in common.
type comparison struct {
	mde, graph, common int
	fields             map[string]int // rows in which a field that both doors name has two values
	example            map[string]string
}

// differing lists the fields that differ.
func (c comparison) differing() string {
	var list []string
	for name, n := range c.fields {
		if n > 0 {
			list = append(list, c.example[name])
		}
	}
	slices.Sort(list)
	return cmp.Or(strings.Join(list, "; "), "none")
}

// compare walks two mirrors side by side.
func compare(t *testing.T, s *store.Store, name gatehouse.Stream, mde, graph string) comparison {
	t.Helper()
	c := comparison{fields: map[string]int{}, example: map[string]string{}}
	nextMDE, stopMDE := iter.Pull2(s.Records(t.Context(), mde, name, store.RecordQuery{Documents: true}))
	defer stopMDE()
	nextGraph, stopGraph := iter.Pull2(s.Records(t.Context(), graph, name, store.RecordQuery{Documents: true}))
	defer stopGraph()
	one, oneErr, oneOK := nextMDE()
	other, otherErr, otherOK := nextGraph()
	for oneOK || otherOK {
		if err := cmp.Or(oneErr, otherErr); err != nil {
			t.Fatal(err)
		}
		order := strings.Compare(one.Key, other.Key)
		if !oneOK || !otherOK {
			order = map[bool]int{true: -1, false: 1}[oneOK]
		}
		if order == 0 {
			c.common++
			c.look(t, one.Document, other.Document)
		}
		if order <= 0 {
			c.mde++
			one, oneErr, oneOK = nextMDE()
		}
		if order >= 0 {
			c.graph++
			other, otherErr, otherOK = nextGraph()
		}
	}
	return c
}

// look compares the fields that two documents both name, whatever the case of the
// names. How a door writes null, an empty text and a list is its own affair.
func (c comparison) look(t *testing.T, one, other []byte) {
	t.Helper()
	mine, theirs := members(t, one), members(t, other)
	for name, value := range mine {
		if their, ok := theirs[name]; ok {
			c.fields[name] += 0
			if value != their {
				c.fields[name]++
				c.example[name] = name + " " + value + " / " + their
			}
		}
	}
}

// members reads a document as texts by names in lower case.
func members(t *testing.T, document []byte) map[string]string {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(document, &raw); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		if text != "" && text != "null" {
			texts[strings.ToLower(name)] = text
		}
	}
	return texts
}
