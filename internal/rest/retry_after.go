package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a header may make us compute with. It is longer
// than any window of Microsoft's.
const maxRetryAfter = 48 * time.Hour

// retryAfter reads the Retry-After header: whole or broken seconds, or an HTTP
// date, which counts from the Date header when there is one, so that a wrong
// clock of ours does not matter. A past date is a wait of zero.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return parseRetryAfter(h.Get("Retry-After"), now)
}

func parseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		if !(s >= 0) { // also NaN
			return 0, false
		}
		return time.Duration(min(s, maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}
