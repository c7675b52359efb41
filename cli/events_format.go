package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/normalize"
	"github.com/gatehouse-sec/gatehouse/store"
)

// eventFormat is what is printed of an event.
type eventFormat string

// The formats of events.
const (
	eventFormatLog  eventFormat = "log"  // the row of the log
	eventFormatOCSF eventFormat = "ocsf" // an event of OCSF
	eventFormatRaw  eventFormat = "raw"  // the record, as Microsoft sent it
)

// checkFormat looks for flags that are at odds with the format, and sets the
// output that it needs.
func (f *eventFlags) checkFormat(p *program) error {
	format := eventFormat(f.format.value)
	switch {
	case f.rawData && format != eventFormatOCSF:
		return usagef("--raw-data puts the record into an event of OCSF: add --format ocsf")
	case f.documents && (format == "" || format == eventFormatLog) && (p.out.forPeople() || p.out.format == "csv"):
		return usagef("--documents adds the records, and %s has no room for them: add --output ndjson", p.out.format)
	case format == "" || format == eventFormatLog:
		return nil
	case f.documents:
		return usagef("--documents adds the record to the row of the log: leave it out with --format %s", format)
	case p.out.format == "csv":
		return usagef("--format %s gives objects, not rows: use --output ndjson or json", format)
	}
	p.out.eventsOnly()
	return nil
}

// formatted makes of an event what the format asks for; drop tells that there is
// nothing to print: its integration was removed, or its record is not what it
// should be.
func (r *eventReader) formatted(ctx context.Context, event gatehouse.Event) (out jsontext.Value, drop bool, err error) {
	record, err := r.held.Record(ctx, event.Integration, event.Stream, event.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, true, nil
	}
	if err != nil || r.flags.format.value == string(eventFormatRaw) {
		return record.Document, false, err
	}
	from := r.integrations[event.Integration]
	mapped, err := normalize.Event(event, record, normalize.Options{TenantID: from.Tenant, Integration: orElse(from.Name, event.Integration), WithRaw: r.flags.rawData})
	if err != nil {
		r.unmapped++
		r.p.warnf("event %d (%s %s) is left out: %v", event.Number, event.Stream, event.Key, err)
		return nil, true, nil
	}
	return mapped.AppendJSON(nil), false, nil
}

// leftOut is the error of a run that could not print every event.
func (r *eventReader) leftOut() error {
	if r.unmapped == 0 {
		return nil
	}
	return &reportedError{err: fmt.Errorf("%s left out", plural(r.unmapped, "event")), status: exitFindings}
}
