package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/server"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

var _ server.LiveLister = backend{}

// liveReadMost is how many records one live list reads of an integration: one page
// of Defender's at its largest.
const liveReadMost = 10_000

// errEnough ends a reading.
var errEnough = errors.New("enough was read")

// ListLive reads a stream through the door that the mirror would take. Conditions
// on time are pushed down where Microsoft documents that it filters by them; all
// others are the caller's. It leaves a part of Microsoft's limits to response
// actions.
func (b backend) ListLive(ctx context.Context, integration string, name gatehouse.Stream, where []store.Condition, take func(server.LiveRecord) bool) (whole bool, err error) {
	ctx = defender.WithPatience(defender.Scheduled(ctx, ""), livePatience)
	s, ok := stream.ByName(name)
	if !ok || s.Mode == stream.Export {
		return false, &api.Problem{Code: api.CodeInvalid, Detail: fmt.Sprintf("%s come from Microsoft in files, which takes minutes", name), Mend: "leave live out"}
	}
	acc, door, err := b.liveDoor(ctx, integration, s)
	if err != nil {
		return false, err
	}
	give := liveGiver(door.API, take)
	if q, pushed := pushedDown(name, door.API, where); pushed {
		err = listDefender(ctx, acc.clients.Defender, name, q, give)
	} else {
		err = door.Read(ctx, stream.Request{Clients: acc.clients, Mode: gatehouse.SyncFull, PageRows: 100, Now: b.options.Now, Emit: func(p gatehouse.Page) error {
			for _, r := range p.Records {
				if err := give(r.Key, r.Document); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	if errors.Is(err, errEnough) {
		return false, nil
	}
	return err == nil, err
}

// liveGiver hands records on, each once, until the caller or the bound says that
// it is enough.
func liveGiver(through gatehouse.API, take func(server.LiveRecord) bool) func(key string, document []byte) error {
	seen := map[string]bool{}
	return func(key string, document []byte) error {
		if key == "" || seen[key] {
			return nil
		}
		seen[key] = true
		if !take(server.LiveRecord{API: through, Key: key, Document: slices.Clone(document)}) || len(seen) >= liveReadMost {
			return errEnough
		}
		return nil
	}
}

// pushable are the properties of Defender for Endpoint by which Microsoft documents
// a filter, by facet. Words are not among them: there their case counts.
func pushable(name gatehouse.Stream) map[string]string {
	switch name {
	case stream.Devices:
		return map[string]string{"lastSeen": "lastSeen"}
	case stream.Alerts:
		return map[string]string{"created": "alertCreationTime", "updated": "lastUpdateTime"}
	case stream.MachineActions:
		return map[string]string{"created": "creationDateTimeUtc"}
	}
	return nil
}

// pushedDown turns what it can of the conditions into a filter of OData.
func pushedDown(name gatehouse.Stream, through gatehouse.API, where []store.Condition) (*defender.Query, bool) {
	properties := pushable(name)
	if through != gatehouse.APIMDE || properties == nil {
		return nil, false
	}
	q := &defender.Query{}
	var all []string
	for _, c := range where {
		property, ok := properties[c.Name]
		op := string(c.Op)
		if !ok || !slices.Contains([]store.Op{store.OpLess, store.OpLessOrEqual, store.OpGreater, store.OpGreaterOrEqual}, c.Op) {
			continue
		}
		all = append(all, property+" "+op+" "+c.Values[0])
	}
	q.Filter = defender.Filter(strings.Join(all, " and "))
	if name == stream.Alerts {
		q.Expand = []string{"evidence"}
	}
	return q, true
}

// listDefender reads a list of Defender for Endpoint.
func listDefender(ctx context.Context, c *defender.Client, name gatehouse.Stream, q *defender.Query, give func(string, []byte) error) error {
	switch name {
	case stream.Devices:
		return listed(c.Machines.List(ctx, q), func(v defender.Machine) (string, []byte) { return v.ID, v.Raw }, give)
	case stream.Alerts:
		return listed(c.Alerts.List(ctx, q), func(v defender.Alert) (string, []byte) { return v.ID, v.Raw }, give)
	case stream.MachineActions:
		return listed(c.MachineActions.List(ctx, q), func(v defender.MachineAction) (string, []byte) { return v.ID, v.Raw }, give)
	}
	return nil
}

// listed hands on the items of a list. A member that is not as documented is no
// reason to lose one.
func listed[T any](items iter.Seq2[T, error], of func(T) (key string, document []byte), give func(string, []byte) error) error {
	for item, err := range items {
		if _, undecoded := errors.AsType[*defender.DecodeError](err); err != nil && !undecoded {
			return err
		}
		if err := give(of(item)); err != nil {
			return err
		}
	}
	return nil
}
