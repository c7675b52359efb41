package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/server"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// liveRead reads one object of a stream through one API.
type liveRead struct {
	stream gatehouse.Stream
	api    gatehouse.API
	get    func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error)
}

// liveReads are what can be read one by one. Graph has no devices and nothing
// about vulnerabilities.
func liveReads() []liveRead {
	return []liveRead{
		{stream.Alerts, gatehouse.APIMDE, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Defender.Alerts.Get(ctx, key)
			return v.Raw, err
		}},
		{stream.Alerts, gatehouse.APIGraph, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Graph.Alerts.Get(ctx, key)
			return v.Raw, err
		}},
		{stream.Incidents, gatehouse.APIXDR, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			id, err := strconv.ParseInt(key, 10, 64)
			if err != nil {
				return nil, &api.Problem{Code: api.CodeNotFound, Detail: fmt.Sprintf("there is no incident %q: incidents have numbers", key)}
			}
			v, err := c.Defender.Incidents.Get(ctx, id)
			return v.Raw, err
		}},
		{stream.Incidents, gatehouse.APIGraph, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Graph.Incidents.Get(ctx, key, false)
			return v.Raw, err
		}},
		{stream.Devices, gatehouse.APIMDE, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Defender.Machines.Get(ctx, key)
			return v.Raw, err
		}},
		{stream.MachineActions, gatehouse.APIMDE, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Defender.MachineActions.Get(ctx, key)
			return v.Raw, err
		}},
		{stream.CVEs, gatehouse.APIMDE, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Defender.Vulnerabilities.Get(ctx, key)
			return v.Raw, err
		}},
		{stream.Software, gatehouse.APIMDE, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Defender.Software.Get(ctx, key)
			return v.Raw, err
		}},
		{stream.Recommendations, gatehouse.APIMDE, func(ctx context.Context, c stream.Clients, key string) (jsontext.Value, error) {
			v, err := c.Defender.Recommendations.Get(ctx, key)
			return v.Raw, err
		}},
	}
}

// livePatience is how long a live reading waits in all, for Microsoft's limits and
// before it asks again: somebody waits for the answer, and is told when to come back.
const livePatience = 5 * time.Second

// ReadLive reads one object from Defender, through the API that the mirror would
// take. It leaves a part of Microsoft's limits to response actions, as every
// reading does.
func (b backend) ReadLive(ctx context.Context, integration string, name gatehouse.Stream, key string) (server.LiveRecord, error) {
	ctx = defender.WithPatience(defender.Scheduled(ctx, ""), livePatience)
	s, ok := stream.ByName(name)
	if !ok {
		return server.LiveRecord{}, &api.Problem{Code: api.CodeNotFound, Detail: fmt.Sprintf("there is no stream %q", name)}
	}
	acc, door, err := b.liveDoor(ctx, integration, s)
	if err != nil {
		return server.LiveRecord{}, err
	}
	reads := liveReads()
	n := slices.IndexFunc(reads, func(r liveRead) bool { return r.stream == name && r.api == door.API })
	if n < 0 {
		return server.LiveRecord{}, &api.Problem{Code: api.CodeInvalid, Detail: fmt.Sprintf("%s cannot be read one by one through %s: leave live out", name, door.API)}
	}
	document, err := reads[n].get(ctx, acc.clients, key)
	if _, undecoded := errors.AsType[*defender.DecodeError](err); undecoded && len(document) > 0 {
		err = nil // it is whole, and has a member that is not as documented
	}
	if refused, ok := errors.AsType[*defender.Error](err); ok && refused.StatusCode == http.StatusBadRequest {
		// Microsoft says so of an id that has not the form of one, such as a name.
		err = &api.Problem{Code: api.CodeNotFound, Detail: fmt.Sprintf("Defender takes %q for no id: %s", key, refused.Message)}
	}
	return server.LiveRecord{API: door.API, Key: key, Document: document}, err
}

// liveDoor returns the account of an integration, and the door through which the
// mirror would read a stream of it.
func (b backend) liveDoor(ctx context.Context, integration string, s stream.Stream) (*account, stream.Door, error) {
	i, acc, err := b.signedIn(ctx, integration)
	if err != nil {
		return nil, stream.Door{}, err
	}
	doors := choice(s, i.API)
	at := slices.IndexFunc(doors, func(d stream.Door) bool { return opens(acc.held, d) })
	if at < 0 {
		v := missing(doors)
		return nil, stream.Door{}, &api.Problem{Code: api.CodePermission, Detail: v.Reason, Mend: v.Mend}
	}
	return acc, doors[at], nil
}

// huntRowsMost is how many rows of a hunt are kept: Microsoft gives no more.
const huntRowsMost = 100_000

// Hunt runs a query once.
func (b backend) Hunt(ctx context.Context, integration string, q server.HuntQuery) (server.HuntResult, error) {
	if q.Scheduled {
		ctx = defender.Scheduled(ctx, "")
	}
	i, acc, err := b.signedIn(ctx, integration)
	if err != nil {
		return server.HuntResult{}, err
	}
	through, err := huntDoor(i.API, q, acc.held)
	if err != nil {
		return server.HuntResult{}, err
	}
	var hunt *defender.Hunt
	if through == gatehouse.APIGraph {
		hunt, err = acc.clients.Graph.Hunting.Run(ctx, q.Text, &graph.HuntOptions{Timespan: q.Timespan})
	} else {
		hunt, err = acc.clients.Defender.Hunting.Run(ctx, q.Text)
	}
	if err != nil {
		return server.HuntResult{}, err
	}
	defer func() { _ = hunt.Close() }()
	return rowsOf(hunt, through)
}

// huntDoor chooses the API of a hunt: of those of the integration the one that is
// asked for, and Graph for a timespan.
func huntDoor(prefer gatehouse.API, q server.HuntQuery, held []gatehouse.Permission) (gatehouse.API, error) {
	c, err := entra.CapabilityByName(string(gatehouse.HuntingRun))
	if err != nil {
		return "", err
	}
	var wanted []string
	for _, d := range c.Doors {
		if away(d.API, prefer) || q.API != "" && d.API != q.API || q.Timespan != "" && d.API != gatehouse.APIGraph {
			continue
		}
		if d.Opens(held) {
			return d.API, nil
		}
		wanted = append(wanted, d.AnyOf[0].Name)
	}
	if len(wanted) == 0 {
		return "", &api.Problem{Code: api.CodeInvalid, Detail: "the hunt cannot run through " + string(q.API), Mend: "the integration is confined to another API, or the timespan is for graph: leave api out"}
	}
	return "", &api.Problem{Code: api.CodePermission, Detail: "no permission to hunt is held", Mend: fmt.Sprintf("grant one of %v in Entra ID, with admin consent", wanted)}
}

// rowsOf reads the rows of a hunt. One that was cut is no failure.
func rowsOf(hunt *defender.Hunt, through gatehouse.API) (server.HuntResult, error) {
	result := server.HuntResult{API: through}
	for _, c := range hunt.Columns {
		result.Columns = append(result.Columns, api.HuntColumn{Name: c.Name, Type: c.Type})
	}
	for row, err := range hunt.Rows() {
		switch {
		case errors.Is(err, defender.ErrResultTooLarge):
			result.Truncated = true
			return result, nil
		case err != nil:
			return result, err
		case len(result.Rows) == huntRowsMost:
			result.Truncated = true
			return result, nil
		}
		result.Rows = append(result.Rows, slices.Clone(row.Raw))
	}
	return result, nil
}
