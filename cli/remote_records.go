package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// recordDesk is where what is mirrored is looked up.
type recordDesk interface {
	list(ctx context.Context, s gatehouse.Stream, q store.RecordQuery) error
	get(ctx context.Context, s gatehouse.Stream, key string) error
}

func (p *program) records() (recordDesk, error) {
	return at[recordDesk](p, localRecords{p}, func(s *service) recordDesk { return remoteRecords{s} })
}

// localRecords reads the mirror of this machine.
type localRecords struct{ *program }

func (p localRecords) list(ctx context.Context, s gatehouse.Stream, q store.RecordQuery) error {
	return p.withStream(ctx, func(held *store.Store, i gatehouse.Integration) error {
		q.Documents = p.out.format == "json" || p.out.format == "ndjson"
		return printList(ctx, p.program, recordView(), held.Records(ctx, i.ID, s, q), q.Limit)
	})
}

func (p localRecords) get(ctx context.Context, s gatehouse.Stream, key string) error {
	return p.withStream(ctx, func(held *store.Store, i gatehouse.Integration) error {
		record, err := held.Record(ctx, i.ID, s, key)
		if errors.Is(err, store.ErrNotFound) {
			return &notHeldError{integration: i.Name, stream: s, key: key}
		}
		if err != nil {
			return err
		}
		return p.printRecord(record)
	})
}

// remoteRecords asks a server.
type remoteRecords struct{ *service }

// resource is the list of a stream, if the API has one.
func (s remoteRecords) resource(name gatehouse.Stream) (*client.RecordsService, error) {
	list, ok := map[gatehouse.Stream]*client.RecordsService{
		stream.Alerts: s.Alerts, stream.Incidents: s.Incidents, stream.Devices: s.Devices, stream.Vulnerabilities: s.Vulnerabilities,
		stream.CVEs: s.CVEs, stream.Software: s.Software, stream.Recommendations: s.Recommendations,
		stream.MachineActions: s.MachineActions, stream.SecureScoreControls: s.SecureScoreControls,
	}[name]
	if !ok {
		return nil, usagef("a server does not hand out the records of %s: gatehouse score has their numbers", name)
	}
	return list, nil
}

func (s remoteRecords) list(ctx context.Context, name gatehouse.Stream, q store.RecordQuery) error {
	list, err := s.resource(name)
	if err != nil {
		return err
	}
	i, err := s.chosen(ctx)
	if err != nil {
		return err
	}
	limit := q.Limit
	if q.After != "" {
		limit = 0 // what comes before is read as well
	}
	all := s.records(ctx, list, client.Query{Removed: q.Removed}, limit)
	mine := func(r gatehouse.Record) bool { return r.Integration == i.ID && r.Key > q.After }
	return printList(ctx, s.p, recordView(), keep(all, mine), q.Limit)
}

func (s remoteRecords) get(ctx context.Context, name gatehouse.Stream, key string) error {
	list, err := s.resource(name)
	if err != nil {
		return err
	}
	i, err := s.chosen(ctx)
	if err != nil {
		return err
	}
	r, err := list.Get(ctx, i.ID, key, client.Query{Raw: true, NoOCSF: true}) // one that is gone as well
	if problem, ok := problemOf(err); ok && problem.Code == api.CodeNotFound {
		return &notHeldError{integration: i.Name, stream: name, key: key}
	}
	if err != nil {
		return err
	}
	return s.p.printRecord(recordOf(r))
}

// eventDesk is where the log of changes is read.
type eventDesk interface {
	print(ctx context.Context, f *eventFlags, after int64) error
}

// localEvents reads the log of the mirror of this machine.
type localEvents struct{ *program }

func (p localEvents) print(ctx context.Context, f *eventFlags, after int64) error {
	return p.useMirror(ctx, func(held *store.Store) error {
		r := &eventReader{p: p.program, held: held, flags: f, after: after}
		if err := r.prepare(ctx); err != nil {
			return err
		}
		return r.print(ctx)
	})
}

// remoteEvents reads the log of a server.
type remoteEvents struct{ *service }

func (s remoteEvents) print(ctx context.Context, f *eventFlags, after int64) error {
	switch {
	case f.cursor != "":
		return usagef("--cursor is kept in the mirror of this machine: with --server keep the number of the last event, and go on with --after")
	case f.rawData:
		return usagef("--raw-data is not for a server: ask for --format raw as well")
	}
	meant, err := s.meant(ctx)
	if err != nil {
		return err
	}
	q := client.EventQuery{After: after, Integrations: meant, Streams: wordsOf(f.streams.streams), Format: f.format.value, Limit: maxPage}
	switch {
	case f.documents:
		q.Format = string(eventFormatRaw)
	case q.Format == string(eventFormatLog):
		q.Format = ""
	}
	if after > 0 {
		page, err := s.Events.Page(ctx, client.EventQuery{After: after, Limit: 1})
		if err != nil {
			return err
		}
		s.p.warnOfEnd("", after, page.Last)
	}
	events := s.Events.List(ctx, q)
	if f.follow {
		events = s.Events.Follow(ctx, q, s.rest)
	}
	err = printList(ctx, s.p, eventView(), s.rows(ctx, events, f), f.limit.rows)
	if f.follow && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// rest passes on what was printed before the feed is looked at again.
func (s remoteEvents) rest(ctx context.Context) error {
	if err := s.p.out.idle(); err != nil {
		return err
	}
	return pause.For(ctx, eventPoll)
}

// rows are the events that are wanted, as those of our own log.
func (s remoteEvents) rows(ctx context.Context, events iter.Seq2[api.Event, error], f *eventFlags) iter.Seq2[eventRow, error] {
	return func(yield func(eventRow, error) bool) {
		for e, err := range events {
			if err == nil && !isWord(e.Kind, f.kind.value) {
				continue
			}
			row := eventRow{Event: gatehouse.Event{
				Number: e.Number, ID: e.ID, Integration: e.Integration, Stream: e.Stream, Key: e.Key, Version: e.Version,
				Kind: gatehouse.EventKind(e.Kind), Time: e.Time,
			}}
			if err == nil {
				row.Name = s.nameOf(ctx, e.Integration)
			}
			switch eventFormat(f.format.value) {
			case eventFormatOCSF:
				row.formatted = jsontext.Value(e.OCSF)
			case eventFormatRaw:
				row.formatted = jsontext.Value(e.Raw)
			case eventFormatLog, "":
				row.Document = jsontext.Value(e.Raw)
			}
			if err == nil && len(row.formatted) == 0 && f.format.value != "" && eventFormat(f.format.value) != eventFormatLog {
				continue // its record is not there any more
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}
