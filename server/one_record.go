package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// oneQuery asks for one record.
type oneQuery struct {
	View
	Integration string `path:"integration" doc:"Id or name."`
	ID          string `path:"id"`
	Live        bool   `query:"live" doc:"Ask Defender now, not the mirror. Where that would have to wait for long, the answer is 503 with Retry-After."`
}

// getter returns the handler of one record.
func (s *Server) getter(r resource) func(context.Context, *oneQuery) (*answer[api.Record], error) {
	return func(ctx context.Context, q *oneQuery) (*answer[api.Record], error) {
		f, err := parseFields(q.Fields, q.OCSF, q.Raw)
		if err != nil {
			return nil, err
		}
		i, err := s.visibleOne(ctx, q.Integration)
		if err != nil {
			return nil, err
		}
		record, err := s.oneRecord(ctx, r, i, q.ID)
		if q.Live {
			record, err = s.oneLive(ctx, r, i, q.ID, record, err)
		}
		if err != nil {
			return nil, err
		}
		l := listing{resource: r, integrations: []gatehouse.Integration{i}, fields: f}
		shown, err := s.show(ctx, l, []gatehouse.Record{record})
		if err != nil {
			return nil, err
		}
		return &answer[api.Record]{shown[0]}, nil
	}
}

// oneLive asks Defender for one record. What the mirror knows of it says which it
// is, and keeps its version and its first time.
func (s *Server) oneLive(ctx context.Context, r resource, i gatehouse.Integration, id string, held gatehouse.Record, err error) (gatehouse.Record, error) {
	var p *api.Problem
	if errors.As(err, &p) && p.Code != api.CodeNotFound {
		return held, err
	}
	if err == nil {
		id = held.Key
	}
	found, err := s.backend.ReadLive(ctx, i.ID, r.stream, id)
	if err != nil {
		return held, err
	}
	held.Integration, held.Stream, held.Key, held.API, held.Document = i.ID, r.stream, found.Key, found.API, found.Document
	if held.Changed.IsZero() {
		held.Changed = s.now()
	}
	return held, nil
}

// candidatesMost is how many candidates of an ambiguous name are listed.
const candidatesMost = 20

// oneRecord finds the record with an id or, where exactly one fits, with a name.
func (s *Server) oneRecord(ctx context.Context, r resource, i gatehouse.Integration, id string) (gatehouse.Record, error) {
	for _, key := range []string{id, strings.ToLower(id)} {
		record, err := s.store.Record(ctx, i.ID, r.stream, key)
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return record, err
		}
	}
	found := map[string]gatehouse.Record{}
	for _, name := range r.aliases {
		facet, _ := stream.Facets(r.stream).Facet(name)
		value, err := facet.Normal(id)
		if err != nil || value == "" {
			continue
		}
		for f, err := range s.store.Search(ctx, store.SearchQuery{
			Integrations: []string{i.ID}, Stream: r.stream, Documents: true, Limit: candidatesMost,
			Where: []store.Condition{{Name: name, Op: store.OpEqual, Values: []string{value}}},
		}) {
			if err != nil {
				return gatehouse.Record{}, err
			}
			found[f.Key] = f.Record
		}
	}
	if len(found) != 1 {
		return gatehouse.Record{}, r.notOne(i, id, found)
	}
	return slices.Collect(maps.Values(found))[0], nil
}

// notOne says that nothing fits a name, or more than one thing.
func (r resource) notOne(i gatehouse.Integration, id string, found map[string]gatehouse.Record) error {
	if len(found) == 0 {
		return notFound(fmt.Sprintf("%s holds no %s %q", i.Name, r.one, shortened(id)), "GET /v1/"+r.name+" lists them; live=true asks Defender")
	}
	p := newProblem(api.CodeAmbiguous, fmt.Sprintf("%q fits more than one %s of %s", shortened(id), r.one, i.Name), "")
	for _, record := range found {
		p.Candidates = append(p.Candidates, candidateOf(record))
	}
	sortCandidates(p.Candidates)
	return p
}

// candidateOf is one thing that a name may have meant.
func candidateOf(r gatehouse.Record) api.Candidate {
	c := api.Candidate{Integration: r.Integration, ID: r.Key}
	var more []string
	for _, f := range stream.NewIndexer(r.Stream).Facets(r.Document) {
		switch f.Name {
		case "name":
			if len(f.Value) > len(c.Name) {
				c.Name = f.Value
			}
		case "os":
			more = append(more, f.Value)
		case "lastSeen":
			more = append(more, "last seen "+f.Value[:len("2006-01-02T15:04")]+"Z")
		case "mergedInto":
			more = append(more, "merged into "+f.Value)
		}
	}
	c.Detail = strings.Join(more, ", ")
	return c
}

// sortCandidates puts candidates in the order of their ids.
func sortCandidates(all []api.Candidate) {
	slices.SortFunc(all, func(a, b api.Candidate) int { return strings.Compare(a.ID, b.ID) })
}
