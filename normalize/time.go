package normalize

import "time"

// parseTime reads a time as Microsoft writes it: RFC 3339 with 0 to 7 and more
// digits of a second, with a zone or, then it is UTC, without. What is no time is
// the zero time, and so are the years that stand for "never": 1, 1601, 1970, 9999.
func parseTime(text string) time.Time {
	if len(text) < len("2006-01-02T15:04:05") {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999", text)
	}
	if err != nil || t.Year() < 1974 || t.Year() > 5000 {
		return time.Time{}
	}
	return t.UTC()
}
