package emulator

import (
	"encoding/json"
	"time"
)

// stamp is a moment in nanoseconds of Unix time, small enough to keep by the million. Zero is "no time".
type stamp int64

var _ json.Marshaler = stamp(0)

// isoLayout is how Microsoft prints times: UTC with Z and up to seven fractional digits, trailing zeros trimmed (core.md 3).
const isoLayout = "2006-01-02T15:04:05.9999999Z"

// stampOf keeps a time to Microsoft's precision of 100 nanoseconds.
func stampOf(t time.Time) stamp { return stamp(t.UnixNano() / 100 * 100) }

// time gives the moment in UTC.
func (s stamp) time() time.Time { return time.Unix(0, int64(s)).UTC() }

// iso prints the moment as the REST APIs do.
func (s stamp) iso() string { return s.time().Format(isoLayout) }

// spaced prints the moment as rows of the export assessments do: no zone, and a blank between date and time.
func (s stamp) spaced() string { return s.time().Format("2006-01-02 15:04:05.9999999") }

// ticks gives the moment in .NET ticks, of which alert ids are made.
func (s stamp) ticks() int64 { return int64(s)/100 + 621355968000000000 }

// MarshalJSON prints the moment, or null when there is none.
func (s stamp) MarshalJSON() ([]byte, error) {
	if s == 0 {
		return []byte("null"), nil
	}
	return s.time().AppendFormat(make([]byte, 0, 32), `"`+isoLayout+`"`), nil
}

// orNull turns an empty string into a JSON null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
