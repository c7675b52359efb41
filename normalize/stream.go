package normalize

import (
	"fmt"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Stream says how the records of one stream become events.
type Stream struct {
	Name gatehouse.Stream
	APIs []gatehouse.API                 // doors that its records come through, each with its own shape; the most usual first
	Map  func(Input) (ocsf.Event, error) // the function of the stream, for example [Alert]
}

// Streams returns every stream of the mirror, in the order of the catalogue.
func Streams() []Stream {
	mde, xdr, graph := gatehouse.APIMDE, gatehouse.APIXDR, gatehouse.APIGraph
	return []Stream{
		{"alerts", []gatehouse.API{mde, graph}, Alert},
		{"incidents", []gatehouse.API{xdr, graph}, Incident},
		{"devices", []gatehouse.API{mde, graph}, Device},
		{"machine-actions", []gatehouse.API{mde}, MachineAction},
		{"vulnerabilities", []gatehouse.API{mde, graph}, Vulnerability},
		{"cves", []gatehouse.API{mde}, CVE},
		{"software", []gatehouse.API{mde}, Software},
		{"recommendations", []gatehouse.API{mde}, Recommendation},
		{"exposure-score", []gatehouse.API{mde}, ExposureScore},
		{"configuration-score", []gatehouse.API{mde}, ConfigurationScore},
		{"secure-scores", []gatehouse.API{graph}, SecureScore},
		{"secure-score-controls", []gatehouse.API{graph}, SecureScoreControl},
	}
}

// Record turns a record of a stream into an event. An empty Input.API means the
// first of the stream's doors. The error tells that there is no such stream, or
// what that of the stream's own function tells.
func Record(stream gatehouse.Stream, in Input) (ocsf.Event, error) {
	all := Streams()
	i := slices.IndexFunc(all, func(s Stream) bool { return s.Name == stream })
	if i < 0 {
		return nil, fmt.Errorf("normalize: %q is no stream: see Streams", stream)
	}
	if in.API == "" {
		in.API = all[i].APIs[0]
	}
	return all[i].Map(in)
}

// Options is how events of the mirror are to be turned.
type Options struct {
	TenantID    string // of Entra ID; empty: taken from the record where it says so
	Integration string // name of the integration; empty: left out
	WithRaw     bool   // put the document into raw_data; default: not
}

// Event turns an event of the mirror's log, and the record that it is about, into
// an event of OCSF. Every outlet uses it, so that all say the same. The time is that
// of the record where it tells, of its removal where it is gone, and else that at
// which the mirror noticed.
func Event(e gatehouse.Event, r gatehouse.Record, o Options) (ocsf.Event, error) {
	in := Input{
		Raw: r.Document, API: r.API, Kind: e.Kind, TenantID: o.TenantID, Integration: o.Integration,
		Logged: e.Time, Number: e.Number, EventID: e.ID, WithRaw: o.WithRaw,
	}
	if e.Kind == gatehouse.EventRemoved {
		in.Time = e.Time
	}
	return Record(e.Stream, in)
}
