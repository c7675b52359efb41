package kql

import (
	"database/sql/driver"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeNatives lists the functions on datetime and timespan, which are ticks.
func timeNatives() []native {
	return []native{
		{name: "kql_datetime", args: 1, run: func(a []driver.Value) driver.Value { return orNull(parseDateTime(textArg(a[0]))) }},
		{name: "kql_timespan", args: 1, run: func(a []driver.Value) driver.Value { return orNull(parseTimeSpan(textArg(a[0]))) }},
		timeText("kql_datetime_text", datetimeText, ""),
		timeText("kql_timespan_text", timespanText, ""),
		timeText("kql_datetime_json", datetimeText, `"`),
		timeText("kql_timespan_json", timespanText, `"`),
		{name: "kql_startof", args: 3, run: func(a []driver.Value) driver.Value {
			offset, ok := intArg(a[2])
			if !ok || offset > 1e6 || offset < -1e6 {
				return nil
			}
			return onTime(a[1], func(t time.Time) (time.Time, bool) { return startOf(textArg(a[0]), t, int(offset)), true })
		}},
		{name: "kql_datetime_diff", args: 3, run: func(a []driver.Value) driver.Value {
			x, ok := validTicks(a[1])
			y, ok2 := validTicks(a[2])
			if !ok || !ok2 {
				return nil
			}
			return orNull(datetimeDiff(textArg(a[0]), x, y))
		}},
		{name: "kql_datetime_add", args: 3, run: func(a []driver.Value) driver.Value {
			n, ok := intArg(a[1])
			ticks, ok2 := validTicks(a[2])
			if !ok || !ok2 {
				return nil
			}
			return orNull(datetimeAdd(textArg(a[0]), n, ticks))
		}},
		{name: "kql_datetime_part", args: 2, run: func(a []driver.Value) driver.Value {
			ticks, ok := validTicks(a[1])
			if !ok {
				return nil
			}
			return orNull(partOf(textArg(a[0]), timeOf(ticks)))
		}},
		{name: "kql_format_datetime", args: 2, text: true, run: func(a []driver.Value) driver.Value {
			ticks, ok := validTicks(a[0])
			if !ok {
				return ""
			}
			return formatDateTime(timeOf(ticks), textArg(a[1]))
		}},
		{name: "kql_make_datetime", args: 6, run: makeDateTime},
		{name: "kql_unixtime", args: 2, run: func(a []driver.Value) driver.Value {
			per, _ := intArg(a[1])
			if n, ok := a[0].(int64); ok && n < math.MaxInt64/per && n > math.MinInt64/per {
				return inYears(epochTicks, n*per)
			}
			since := math.Round(realArg(a[0]) * float64(per))
			if math.Abs(since) > float64(maxTicks) {
				return nil
			}
			return inYears(epochTicks, int64(since))
		}},
	}
}

// inYears adds two counts of ticks; NULL is what lies outside of years 1 to 9999.
func inYears(a, b int64) driver.Value {
	sum := a + b
	return orNull(sum, sum >= 0 && sum <= maxTicks && (b < 0) == (sum < a))
}

// validTicks reads an argument of type datetime.
func validTicks(v driver.Value) (int64, bool) {
	n, ok := v.(int64)
	return n, ok && n >= 0 && n <= maxTicks
}

// onTime runs f on a datetime.
func onTime(v driver.Value, f func(time.Time) (time.Time, bool)) driver.Value {
	ticks, ok := validTicks(v)
	if !ok {
		return nil
	}
	t, ok := f(timeOf(ticks))
	if !ok || t.Year() < 1 || t.Year() > 9999 {
		return nil
	}
	return ticksOf(t)
}

// timeText makes a native that prints ticks, between quotes or not.
func timeText(name string, show func(int64) string, quote string) native {
	return native{name: name, args: 1, text: quote == "", run: func(a []driver.Value) driver.Value {
		ticks, _ := intArg(a[0])
		return quote + show(ticks) + quote
	}}
}

// datetimeText is tostring(datetime): always seven digits of a second.
func datetimeText(ticks int64) string {
	if ticks < 0 || ticks > maxTicks {
		return ""
	}
	return timeOf(ticks).Format("2006-01-02T15:04:05.0000000Z")
}

// timespanText is tostring(timespan).
func timespanText(ticks int64) string { return TimeSpan(ticks).String() }

// startOf is the start of the day, week (Sunday), month or year of t, and then
// offset of them further.
func startOf(unit string, t time.Time, offset int) time.Time {
	y, m, d := t.Date()
	switch unit {
	case "year":
		m, d, y = 1, 1, y+offset
	case "month":
		m, d = m+time.Month(offset), 1
	case "week":
		d += 7*offset - int(t.Weekday())
	default:
		d += offset
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// fixedParts maps the parts of a date that always last equally long to ticks.
func fixedParts() map[string]int64 {
	return map[string]int64{
		"week": 7 * ticksPerDay, "day": ticksPerDay, "hour": 3600 * ticksPerSecond, "minute": 60 * ticksPerSecond,
		"second": ticksPerSecond, "millisecond": 10_000, "microsecond": 10,
	}
}

// months is how many months a part of a date lasts, or 0.
func months(part string) int64 {
	return map[string]int64{"year": 12, "quarter": 3, "month": 1}[part]
}

// datetimeDiff counts the boundaries of a part between y and x.
func datetimeDiff(part string, x, y int64) (int64, bool) {
	part = lower(part)
	if n := months(part); n > 0 {
		return monthNumber(x)/n - monthNumber(y)/n, true
	}
	if part == "nanosecond" {
		diff := x - y
		return diff * 100, diff < math.MaxInt64/100 && diff > math.MinInt64/100
	}
	size, ok := fixedParts()[part]
	if !ok {
		return 0, false
	}
	if part == "week" { // year 1 began on a Monday, weeks begin on Sunday
		x, y = x+ticksPerDay, y+ticksPerDay
	}
	return x/size - y/size, true
}

// monthNumber counts months from year 0.
func monthNumber(ticks int64) int64 {
	t := timeOf(ticks)
	return int64(t.Year())*12 + int64(t.Month()) - 1
}

// datetimeAdd adds n times a part.
func datetimeAdd(part string, n, ticks int64) (int64, bool) {
	part = lower(part)
	if per := months(part); per > 0 {
		if n > 200_000 || n < -200_000 {
			return 0, false
		}
		return addMonths(ticks, int(n*per))
	}
	size, ok := fixedParts()[part]
	if !ok || n > maxTicks/size || n < -maxTicks/size {
		return 0, false
	}
	sum := ticks + n*size
	return sum, sum >= 0 && sum <= maxTicks
}

// addMonths keeps the day, or takes the last of a month that is too short.
func addMonths(ticks int64, n int) (int64, bool) {
	t := timeOf(ticks)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	if first.Year() < 1 || first.Year() > 9999 {
		return 0, false
	}
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	return ticksOf(first.AddDate(0, 0, day-1)) + ticks%ticksPerDay, true
}

// partOf reads a part of a date, as datetime_part does.
func partOf(part string, t time.Time) (int64, bool) {
	_, week := t.ISOWeek()
	n, ok := map[string]int{
		"year": t.Year(), "quarter": (int(t.Month()) + 2) / 3, "month": int(t.Month()), "week_of_year": week, "week": week,
		"day": t.Day(), "dayofyear": t.YearDay(), "weekday": int(t.Weekday()), "hour": t.Hour(), "minute": t.Minute(), "second": t.Second(),
		"millisecond": t.Nanosecond() / 1e6, "microsecond": t.Nanosecond() / 1e3, "nanosecond": t.Nanosecond(),
	}[lower(part)]
	return int64(n), ok
}

// makeDateTime is make_datetime(year, month, day, hour, minute, second).
func makeDateTime(a []driver.Value) driver.Value {
	var n [5]int
	limits := [5][2]int64{{1, 9999}, {1, 12}, {1, 31}, {0, 23}, {0, 59}}
	for i := range n {
		v, ok := intArg(a[i])
		if !ok || v < limits[i][0] || v > limits[i][1] {
			return nil
		}
		n[i] = int(v)
	}
	seconds := realArg(a[5])
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], 0, 0, time.UTC)
	if t.Day() != n[2] || seconds < 0 || seconds >= 60 {
		return nil
	}
	return ticksOf(t) + int64(math.Round(seconds*float64(ticksPerSecond)))
}

// formatDateTime is format_datetime: runs of letters stand for parts, anything
// else for itself.
func formatDateTime(t time.Time, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); {
		n := 1
		for i+n < len(format) && format[i+n] == format[i] {
			n++
		}
		b.WriteString(formatRun(t, format[i], n))
		i += n
	}
	return b.String()
}

// formatRun prints the part that n times the letter c stands for.
func formatRun(t time.Time, c byte, n int) string {
	hour := (t.Hour()+11)%12 + 1
	switch c {
	case 'y':
		if n <= 2 {
			return padded(t.Year()%100, n)
		}
		return padded(t.Year(), n)
	case 'f', 'F':
		digits := padded(t.Nanosecond()/100, 7)[:min(n, 7)]
		if c == 'F' {
			digits = strings.TrimRight(digits, "0")
		}
		return digits
	case 't':
		return strings.ToUpper(t.Format("pm"))
	}
	if v, ok := map[byte]int{'M': int(t.Month()), 'd': t.Day(), 'H': t.Hour(), 'h': hour, 'm': t.Minute(), 's': t.Second()}[c]; ok {
		return padded(v, n)
	}
	return strings.Repeat(string(c), n)
}

// padded prints n with zeros in front up to a width.
func padded(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}
