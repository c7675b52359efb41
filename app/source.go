package app

import (
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
		src := engine.Source{Stream: s.Name, Next: next(s.Mode), Interval: s.Interval, Reconcile: s.Reconcile, Long: s.Mode == stream.Export}
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

// openDoor gives a source the doors of its stream that the account may use, or the
// reason why there is none.
func (c *accounts) openDoor(src *engine.Source, s stream.Stream, i gatehouse.Integration, acc *account) {
	doors := choice(s, i.API)
	open := slices.DeleteFunc(slices.Clone(doors), func(d stream.Door) bool { return !opens(acc.held, d) })
	if len(open) == 0 {
		src.Off = missing(doors)
		return
	}
	src.API, src.Stays = open[0].API, c.stays(s, open[0])
	for _, d := range open[1:] {
		src.Others = append(src.Others, engine.Door{API: d.API, Stays: c.stays(s, d)})
	}
	src.Read = func(ctx context.Context, r engine.Request) error {
		door := open[max(0, slices.IndexFunc(open, func(d stream.Door) bool { return d.API == r.API }))]
		err := door.Read(ctx, stream.Request{
			Clients: acc.clients, Mode: r.Mode, From: r.From, Resumed: r.Resumed, Held: r.Held, Emit: r.Emit, PageRows: r.PageRows, Now: r.Now,
		})
		if errors.Is(err, defender.ErrForbidden) || errors.Is(err, defender.ErrUnauthorized) {
			c.forget(i.ID) // the permissions may be others by now
		}
		return err
	}
}

// choice returns the doors that a stream may be read through, in order. An API that
// the user has chosen is the only one for every stream that it serves.
func choice(s stream.Stream, chosen gatehouse.API) []stream.Door {
	doors := slices.DeleteFunc(slices.Clone(s.Doors), func(d stream.Door) bool { return away(d.API, chosen) })
	if len(doors) == 0 {
		return s.Doors
	}
	return doors
}

// opens tells whether permissions open a door.
func opens(held []gatehouse.Permission, d stream.Door) bool {
	return slices.ContainsFunc(d.AnyOf, func(p gatehouse.Permission) bool { return slices.Contains(held, p) })
}

// stays tells of a record that a door has not shown whether it stays, since the
// door cannot show it; nil when the door shows everything.
func (c *accounts) stays(s stream.Stream, d stream.Door) func([]byte) bool {
	if d.ShowsAll() {
		return nil
	}
	return func(document []byte) bool { return !s.Shows(d, document, c.options.Now()) }
}

// away tells whether a door is not of the chosen API. Defender for Endpoint and
// Defender XDR are one choice: no stream has both.
func away(api, chosen gatehouse.API) bool {
	graph := gatehouse.APIGraph
	return chosen != "" && (api == graph) != (chosen == graph)
}

// missing says which permissions would open one of some doors.
func missing(doors []stream.Door) *engine.Verdict {
	var wanted []string
	for _, d := range doors {
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
