package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// sources makes what the engine reads of the streams of an integration. Without
// an account they name the streams alone.
func (c *accounts) sources(i gatehouse.Integration, acc *account) []engine.Source {
	var sources []engine.Source
	for _, s := range c.streams(i) {
		src := engine.Source{Stream: s.Name, Next: next(s.Mode), Interval: s.Interval, Reconcile: s.Reconcile}
		if acc != nil {
			c.openDoor(&src, s, i, acc)
		}
		sources = append(sources, src)
	}
	return sources
}

// next is what is read of a stream once it has been read in full.
func next(m stream.Mode) gatehouse.SyncMode {
	switch m {
	case stream.Incremental:
		return gatehouse.SyncIncremental
	case stream.Export:
		return gatehouse.SyncDelta
	}
	return gatehouse.SyncFull
}

// openDoor gives a source the first door of its stream that the account may use, or
// the reason why there is none.
func (c *accounts) openDoor(src *engine.Source, s stream.Stream, i gatehouse.Integration, acc *account) {
	door, ok := pick(s, i.API, acc.held)
	if !ok {
		src.Off = missing(s)
		return
	}
	src.API = door.API
	src.Read = func(ctx context.Context, r engine.Request) error {
		err := door.Read(ctx, stream.Request{
			Clients: acc.clients, Mode: r.Mode, From: r.From, Resumed: r.Resumed, Emit: r.Emit, PageRows: r.PageRows, Now: r.Now,
		})
		if errors.Is(err, defender.ErrForbidden) || errors.Is(err, defender.ErrUnauthorized) {
			c.forget(i.ID) // the permissions may be others by now
		}
		return err
	}
}

// pick finds the first door that the permissions open, those of the preferred
// API before the others.
func pick(s stream.Stream, preferred gatehouse.API, held []gatehouse.Permission) (stream.Door, bool) {
	doors := slices.SortedStableFunc(slices.Values(s.Doors), func(a, b stream.Door) int {
		return cmp.Compare(away(a.API, preferred), away(b.API, preferred))
	})
	for _, d := range doors {
		if slices.ContainsFunc(d.AnyOf, func(p gatehouse.Permission) bool { return slices.Contains(held, p) }) {
			return d, true
		}
	}
	return stream.Door{}, false
}

// away is 0 for a door that is preferred and 1 for any other. Defender for
// Endpoint and Defender XDR are one choice: no stream has both.
func away(api, preferred gatehouse.API) int {
	graph := gatehouse.APIGraph
	if preferred == "" || (api == graph) == (preferred == graph) {
		return 0
	}
	return 1
}

// missing says which permissions would open a stream.
func missing(s stream.Stream) *engine.Verdict {
	var wanted []string
	for _, d := range s.Doors {
		if len(d.AnyOf) > 0 {
			wanted = append(wanted, fmt.Sprintf("%s on %s", d.AnyOf[0].Name, d.AnyOf[0].Resource))
		}
	}
	list := strings.Join(wanted, ", or ")
	return &engine.Verdict{
		State: gatehouse.StreamOff, Owner: "you", Reason: "no permission for it is held: " + list,
		Mend: "grant the application permission " + list + ", with admin consent",
	}
}
