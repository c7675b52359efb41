package normalize

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Input is one record and what is known about it besides.
type Input struct {
	Raw         jsontext.Value      // the record as Microsoft sent it, a JSON object
	API         gatehouse.API       // the door it came through, which decides its shape
	Kind        gatehouse.EventKind // what happened to it; empty: created
	TenantID    string              // of Entra ID; empty: taken from the record where it says so
	Integration string              // name of the integration; empty: left out
	Time        time.Time           // when the event happened; zero: taken from the record
	Logged      time.Time           // when it came into the mirror, and the time of a record that has none; zero: not known
	Number      int64               // of the event in the mirror's log; 0: it is in none
	EventID     string              // see gatehouse.EventID; empty: the id of the record
	WithRaw     bool                // put Raw into raw_data; default: not
}

// opened is a record on its way to become an event.
type opened struct {
	Input
	value  // the record itself
	source *source
}

// open takes a record apart. What names the kind of record in errors.
func open(in Input, what string) (*opened, error) {
	s, err := parse(in.Raw)
	if err != nil {
		return nil, fmt.Errorf("normalize %s: %w", what, err)
	}
	return &opened{Input: in, value: value{s, 0}, source: s}, nil
}

// ErrNoTime and ErrNoID say that a record lacks what OCSF requires, and the input
// as well.
var (
	ErrNoTime = errors.New("the record has no time: give Input.Time or Input.Logged")
	ErrNoID   = errors.New("the record has no id: give Input.EventID")
)

// time returns the time of the event: that of the input, or else the first of the
// given ones that is there, or else that at which it came into the mirror. Zero
// when there is none.
func (o *opened) time(candidates ...ocsf.Timestamp) ocsf.Timestamp {
	if t := ocsf.TimestampOf(o.Time); t != 0 {
		return t
	}
	for _, t := range candidates {
		if t != 0 {
			return t
		}
	}
	return ocsf.TimestampOf(o.Logged)
}

// seal fills in what every event has: the time, what is unmapped and, on
// request, the raw record. It must come last, when all that is mapped has been
// read. It refuses an event that has no time or no uid, which OCSF requires.
func (o *opened) seal(event ocsf.Event, what string) (ocsf.Event, error) {
	c := event.Common()
	switch {
	case *c.Time == 0:
		return nil, fmt.Errorf("normalize %s: %w", what, ErrNoTime)
	case *c.Metadata == nil || (*c.Metadata).UID == "":
		return nil, fmt.Errorf("normalize %s: %w", what, ErrNoID)
	}
	*c.Unmapped = o.source.unmapped()
	if o.WithRaw {
		*c.RawData = string(o.Raw)
		*c.RawDataSize = ocsf.Int(len(o.Raw))
	}
	return event, nil
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
