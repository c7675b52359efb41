package rest

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Time is a moment as Microsoft prints it: ISO 8601 with 0 to 9 digits of a
// second, with a zone or (in export rows) without one, which means UTC, and
// with "T" or a blank between date and time. The zero Time stands for null and
// for an absent member.
type Time struct{ time.Time }

// UnmarshalJSONFrom reads a text or null.
func (t *Time) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if raw.Kind() == jsontext.KindNull {
		t.Time = time.Time{}
		return nil
	}
	if raw.Kind() != jsontext.KindString {
		return fmt.Errorf("%s is not a time", raw)
	}
	parsed, err := ParseTime(string(raw[1 : len(raw)-1]))
	if err != nil {
		return err
	}
	t.Time = parsed
	return nil
}

// MarshalJSONTo writes RFC 3339 in UTC, or null for the zero Time.
func (t Time) MarshalJSONTo(enc *jsontext.Encoder) error {
	if t.IsZero() {
		return enc.WriteToken(jsontext.Null)
	}
	return enc.WriteToken(jsontext.String(t.UTC().Format(time.RFC3339Nano)))
}

// MarshalJSON is MarshalJSONTo for users of encoding/json.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// FormatTime prints a moment for a filter or a path, to the tenth of a microsecond
// that Microsoft knows. It never lies after t.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

// timeLayouts are the forms besides the usual one, which ParseTime reads by
// itself because it is nearly all there is. A fraction after the seconds needs
// no layout of its own.
func timeLayouts() []string {
	return []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
		"2006-01-02T15:04Z07:00", "2006-01-02Z07:00", "2006-01-02",
	}
}

// ParseTime reads a moment in any form that [Time] knows. The empty text is the
// zero time.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, ok := parseUsual(s); ok {
		return t, nil
	}
	for _, layout := range timeLayouts() {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: give ISO 8601 such as 2026-01-31T15:04:05Z", strings.ToValidUTF8(s[:min(len(s), 64)], "?"))
}

// parseUsual reads "2006-01-02T15:04:05[.fraction][Z]", with "T" or a blank.
func parseUsual(s string) (time.Time, bool) {
	if len(s) < 19 || s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != ' ') || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year, month, day := digits(s[0:4]), digits(s[5:7]), digits(s[8:10])
	hour, minute, second := digits(s[11:13]), digits(s[14:16]), digits(s[17:19])
	nano, ok := fraction(strings.TrimSuffix(s[19:], "Z"))
	if !ok || year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 ||
		minute < 0 || minute > 59 || second < 0 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	return t, t.Day() == day
}

// digits returns the number that s spells, or -1.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// fraction returns the nanoseconds of "" or ".123", at most nine digits.
func fraction(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != '.' || len(s) < 2 || len(s) > 10 {
		return 0, false
	}
	n := digits(s[1:])
	for range 10 - len(s) {
		n *= 10
	}
	return n, n >= 0
}
