package kql

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kusto counts datetime and timespan in ticks of 100 ns; a datetime's tick 0 is
// midnight of 0001-01-01 UTC. Integers keep bin, ago and between exact.
const (
	ticksPerSecond = int64(10_000_000)
	ticksPerDay    = 86400 * ticksPerSecond
	// epochTicks is 1970-01-01.
	epochTicks = int64(621_355_968_000_000_000)
	// maxTicks is the last tick of 9999-12-31.
	maxTicks = int64(3_155_378_975_999_999_999)
)

// ticksOf converts a time; what lies outside of years 1 to 9999 is clamped.
func ticksOf(t time.Time) int64 {
	seconds := t.Unix()
	if seconds > (maxTicks-epochTicks)/ticksPerSecond {
		return maxTicks
	}
	if seconds < -epochTicks/ticksPerSecond {
		return 0
	}
	return epochTicks + seconds*ticksPerSecond + int64(t.Nanosecond()/100)
}

// timeOf converts ticks into a time in UTC.
func timeOf(ticks int64) time.Time {
	since := ticks - epochTicks
	seconds, rest := since/ticksPerSecond, since%ticksPerSecond
	return time.Unix(seconds, rest*100).UTC()
}

// TimeSpan is a span of time in ticks of 100 ns, the unit of Kusto. It holds
// what [time.Duration] cannot: more than 292 years.
type TimeSpan int64

// String formats as Kusto's JSON does: [-][d.]hh:mm:ss[.fffffff].
func (t TimeSpan) String() string {
	n, sign := uint64(t), "" //nolint:gosec // the sign is handled next
	if t < 0 {
		n, sign = -n, "-"
	}
	var b strings.Builder
	b.WriteString(sign)
	if days := n / uint64(ticksPerDay); days > 0 {
		b.WriteString(strconv.FormatUint(days, 10) + ".")
	}
	seconds := n / uint64(ticksPerSecond) % 86400
	fmt.Fprintf(&b, "%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if rest := n % uint64(ticksPerSecond); rest > 0 {
		fmt.Fprintf(&b, ".%07d", rest)
	}
	return b.String()
}

// MarshalText makes a TimeSpan a JSON string in the form of String.
func (t TimeSpan) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
