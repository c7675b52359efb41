package stream_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/emulated"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// transport sends requests.
type transport interface {
	Do(req *http.Request) (*http.Response, error)
}

// stage is an emulator with one tenant and clients of it.
type stage struct {
	*emulator.Server
	tenant  emulated.Tenant
	clients *stream.Clients
	connect func() // makes the clients anew, with nothing of their budgets spent
}

// raise starts an emulator whose application holds some permissions and no others.
func raise(t testing.TB, o emulator.Options, held []gatehouse.Permission, through ...func(transport) transport) stage {
	t.Helper()
	tenant := emulated.Start(t, o)
	tenant.Hold(t, held...)
	var way transport = tenant.Transport
	for _, f := range through {
		way = f(way)
	}
	s := stage{Server: tenant.Server, tenant: tenant, clients: &stream.Clients{}}
	s.connect = func() {
		s.clients.Defender = tenant.Defender(t, defender.Options{Transport: way, MaxRetries: 1})
		s.clients.Graph = tenant.Graph(t, graph.Options{Transport: way, MaxRetries: 1})
	}
	s.connect()
	return s
}

// mirror is what a reading came to.
type mirror struct {
	records  map[string]gatehouse.PageRecord
	aside    []gatehouse.SetAside
	last     gatehouse.Checkpoint
	complete bool
	calls    int64
	floor    int64
	upstream int64
	pages    int
	rows     int
}

// keys lists the keys in their order.
func (m mirror) keys() []string { return slices.Sorted(maps.Keys(m.records)) }

// errStop ends a reading.
var errStop = errors.New("stop")

// take commits a page.
func (m *mirror) take(p gatehouse.Page) error {
	if m.complete {
		return errors.New("a page came behind the last")
	}
	for _, r := range p.Records {
		m.rows++
		if r.Gone {
			delete(m.records, r.Key)
			continue
		}
		m.records[r.Key] = r
	}
	m.aside = append(m.aside, p.SetAside...)
	if p.Checkpoint != nil {
		m.last = *p.Checkpoint
	}
	m.complete = p.Complete
	m.calls += p.Calls
	m.floor += p.Floor
	m.upstream = p.Upstream
	m.pages++
	return nil
}

// read reads a stream through a door.
func (s stage) read(ctx context.Context, d stream.Door, r stream.Request) (mirror, error) {
	m := mirror{records: map[string]gatehouse.PageRecord{}, last: r.From}
	r.Clients, r.Mode = *s.clients, cmp.Or(r.Mode, gatehouse.SyncFull)
	if r.Emit == nil {
		r.Emit = m.take
	}
	err := d.Read(ctx, r)
	return m, err
}

// mustRead is read that has to succeed.
func (s stage) mustRead(t testing.TB, d stream.Door, r stream.Request) mirror {
	t.Helper()
	m, err := s.read(t.Context(), d, r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// door finds a door of a stream.
func door(t testing.TB, name gatehouse.Stream, api gatehouse.API) stream.Door {
	t.Helper()
	s, ok := stream.ByName(name)
	if !ok {
		t.Fatalf("there is no stream %s", name)
	}
	for _, d := range s.Doors {
		if d.API == api {
			return d
		}
	}
	t.Fatalf("stream %s has no door %s", name, api)
	return stream.Door{}
}

// errorsAs finds an error of a type.
func errorsAs[E error](err error) (E, bool) {
	var e E
	ok := errors.As(err, &e)
	return e, ok
}
