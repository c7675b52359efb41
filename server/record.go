package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/normalize"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// show turns records into what is shown of them.
func (s *Server) show(ctx context.Context, l listing, records []gatehouse.Record) ([]api.Record, error) {
	shown := make([]api.Record, len(records))
	accounts := map[string]gatehouse.Integration{}
	for _, i := range l.integrations {
		accounts[i.ID] = i
	}
	for n, r := range records {
		shown[n] = l.fields.of(recordOf(r, accounts[r.Integration], l.fields))
	}
	if l.fields.derived {
		if err := s.derive(ctx, l.stream, records, shown); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// recordOf is a record as it is shown.
func recordOf(r gatehouse.Record, account gatehouse.Integration, f fields) api.Record {
	shown := api.Record{
		Integration: r.Integration, Stream: r.Stream, ID: r.Key, API: r.API, Version: r.Version,
		FirstSeen: r.FirstSeen, Changed: r.Changed, Removed: r.Removed,
	}
	if f.ocsf {
		shown.OCSF = ocsfOf(r, account)
	}
	if f.raw {
		shown.Raw = rawOf(r.Document)
	}
	return shown
}

// ocsfOf is a record as an OCSF event; nothing where it cannot be one, as a record
// without a time. Raw still is there for whoever asks.
func ocsfOf(r gatehouse.Record, account gatehouse.Integration) json.RawMessage {
	kind := gatehouse.EventUpdated
	switch {
	case r.Gone():
		kind = gatehouse.EventRemoved
	case r.Version <= 1:
		kind = gatehouse.EventCreated
	}
	event, err := normalize.Record(r.Stream, normalize.Input{
		Raw: r.Document, API: r.API, Kind: kind, TenantID: account.Tenant, Integration: account.Name, Logged: r.Changed,
		EventID: gatehouse.EventID(r.Integration, r.Stream, r.Key, r.Version),
	})
	if err != nil {
		return nil
	}
	return event.AppendJSON(nil)
}

// rawOf is a document as it can stand in an answer. Microsoft's JSON may hold what
// a strict reader refuses, such as a lone half of a letter.
func rawOf(document []byte) json.RawMessage {
	document = bytes.ToValidUTF8(document, []byte("\uFFFD"))
	if json.Valid(document) {
		return document
	}
	text, _ := json.Marshal(string(document)) //nolint:errchkjson // a text
	return text
}

// derive says of each record what follows from others.
func (s *Server) derive(ctx context.Context, name gatehouse.Stream, records []gatehouse.Record, shown []api.Record) error {
	switch name {
	case stream.Devices:
		return s.deriveDevices(ctx, records, shown)
	case stream.Incidents:
		for n, r := range records {
			to, err := s.mergedInto(ctx, r, stream.RedirectedTo)
			if err != nil {
				return err
			}
			if to != "" {
				shown[n].Derived = &api.Derived{MergedInto: to}
			}
		}
	}
	return nil
}

// mergedInto is the key of the record that is left of one, when it was merged into
// another, and that perhaps into a third; empty when it was not. Of a circle, which
// only wrong data can have, it is the next one.
func (s *Server) mergedInto(ctx context.Context, r gatehouse.Record, pointer func(document []byte) string) (string, error) {
	direct := pointer(r.Document)
	if direct == "" {
		return "", nil
	}
	last, err := stream.Follow(direct, func(key string) (string, error) {
		next, err := s.store.Record(ctx, r.Integration, r.Stream, key)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil
		}
		return pointer(next.Document), err
	})
	if errors.Is(err, stream.ErrCircle) {
		return direct, nil
	}
	return last, err
}

// mirrorsOf says how old what is known of a stream is, and what is wrong with
// single integrations.
func (s *Server) mirrorsOf(ctx context.Context, integrations []gatehouse.Integration, streams ...gatehouse.Stream) (mirrors []api.Mirror, problems []api.Problem, err error) {
	mirrors = []api.Mirror{}
	all, err := s.healthOf(ctx, integrations)
	if err != nil {
		return nil, nil, err
	}
	for _, i := range integrations {
		for _, name := range streams {
			h, known := all[mirrorName{i.ID, name}]
			if !known {
				h = gatehouse.StreamHealth{Integration: i.ID, Stream: name, State: gatehouse.StreamPending}
			}
			switch i.State {
			case gatehouse.IntegrationPaused:
				h.State = gatehouse.StreamPaused
			case gatehouse.IntegrationUnreadable:
				h = store.UnreadableStream(i, h)
			}
			if len(i.Streams) > 0 && !slices.Contains(i.Streams, name) {
				h.State, h.Reason, h.Mend = gatehouse.StreamOff, "the integration does not mirror it", "add it to the streams of the integration"
			}
			mirrors = append(mirrors, api.Mirror{Integration: i.ID, Stream: name, AsOf: h.LastSuccess, State: h.State})
			if p := healthProblem(h); p != nil {
				problems = append(problems, *p)
			}
		}
	}
	return mirrors, problems, nil
}

// mirrorName is one stream of one integration.
type mirrorName struct {
	integration string
	stream      gatehouse.Stream
}

// healthEach is up to how many integrations are asked for their health one by one.
const healthEach = 20

// healthOf reads how the mirrors of integrations fare.
func (s *Server) healthOf(ctx context.Context, integrations []gatehouse.Integration) (map[mirrorName]gatehouse.StreamHealth, error) {
	ids := []string{""}
	if len(integrations) <= healthEach {
		ids = ids[:0]
		for _, i := range integrations {
			ids = append(ids, i.ID)
		}
	}
	all := map[mirrorName]gatehouse.StreamHealth{}
	for _, id := range ids {
		states, err := s.store.Health(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, h := range states {
			all[mirrorName{h.Integration, h.Stream}] = h
		}
	}
	return all, nil
}

// healthProblem says what is wrong with a mirror; nil when it is well, or its state
// is no problem of what it holds.
func healthProblem(h gatehouse.StreamHealth) *api.Problem {
	var code api.Code
	switch h.State {
	case gatehouse.StreamForbidden, gatehouse.StreamOff:
		code = api.CodePermission
	case gatehouse.StreamUnauthorized, gatehouse.StreamUpstream:
		code = api.CodeUpstream
	case gatehouse.StreamThrottled:
		code = api.CodeUpstreamThrottled
	case gatehouse.StreamStorage:
		code = api.CodeUnavailable
	case gatehouse.StreamPending:
		code = api.CodeUnavailable
		if h.Reason == "" {
			h.Reason, h.Mend = "it has not been read yet", "wait for its first reading: GET /v1/integrations/{integration}/health"
		}
	default:
		return nil
	}
	p := newProblem(code, string(h.Stream)+": "+h.Reason, h.Mend)
	p.Integration = h.Integration
	return p
}
