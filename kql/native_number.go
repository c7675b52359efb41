package kql

import (
	"database/sql/driver"
	"math"
	"strconv"
	"strings"
)

// numberNatives lists conversions to numbers, and arithmetic that SQL lacks.
func numberNatives() []native {
	return []native{
		{name: "kql_long", args: 1, run: func(a []driver.Value) driver.Value { return orNull(parseLong(textArg(a[0]))) }},
		{name: "kql_int", args: 1, run: func(a []driver.Value) driver.Value {
			n, ok := intArg(a[0])
			return orNull(n, ok && math.MinInt32 <= n && n <= math.MaxInt32)
		}},
		{name: "kql_real", args: 1, run: func(a []driver.Value) driver.Value { return parseReal(textArg(a[0])) }},
		{name: "kql_bool", args: 1, run: func(a []driver.Value) driver.Value {
			s := strings.TrimSpace(textArg(a[0]))
			if b, ok := parseBool(s); ok {
				return boolTicks(b)
			}
			n, ok := parseLong(s)
			return orNull(boolTicks(n != 0), ok)
		}},
		{name: "kql_guid", args: 1, run: func(a []driver.Value) driver.Value {
			s := strings.Trim(strings.TrimSpace(textArg(a[0])), "{}")
			if !isGUID(s) {
				return nil
			}
			return lower(s)
		}},
		{name: "kql_real_text", args: 1, text: true, run: func(a []driver.Value) driver.Value { return realText(realArg(a[0])) }},
		{name: "kql_bin", args: 3, run: func(a []driver.Value) driver.Value { return bin(a[0], a[1], a[2]) }},
		{name: "kql_mod", args: 2, run: func(a []driver.Value) driver.Value { return modulo(a[0], a[1]) }},
		{name: "kql_abs", args: 1, run: func(a []driver.Value) driver.Value {
			if n, ok := a[0].(int64); ok {
				if n < 0 {
					n = -n
				}
				return n
			}
			return math.Abs(realArg(a[0]))
		}},
	}
}

// parseLong reads a decimal or hexadecimal number.
func parseLong(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		u, err := strconv.ParseUint(hex, 16, 64)
		return int64(u), err == nil //nolint:gosec // 0xffffffffffffffff is -1 in Kusto too
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseReal reads a finite number, or returns nil.
func parseReal(s string) driver.Value {
	s = strings.TrimSpace(s)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(s, "_xXpP") {
		return nil
	}
	return f
}

// truncate cuts a float to an integer.
func truncate(f float64) (int64, bool) {
	if math.IsNaN(f) || f >= math.MaxInt64 || f <= math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}

// realText prints a real with at least one digit behind the point.
func realText(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return map[bool]string{true: "-Infinity", false: "Infinity"}[f < 0]
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-5 || abs >= 1e16) {
		format = 'e'
	}
	s := strconv.FormatFloat(f, format, -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// bin rounds x down to a multiple of size, counted from origin.
func bin(x, size, origin driver.Value) driver.Value {
	n, ok := x.(int64)
	step, ok2 := size.(int64)
	from, ok3 := origin.(int64)
	if ok && ok2 && ok3 {
		if step <= 0 {
			return nil
		}
		rest := (n - from) % step
		if rest < 0 {
			rest += step
		}
		return n - rest
	}
	f := realArg(size)
	if f <= 0 {
		return nil
	}
	return realArg(origin) + math.Floor((realArg(x)-realArg(origin))/f)*f
}

// modulo is the rest of a division; that by zero has none.
func modulo(x, y driver.Value) driver.Value {
	n, ok := x.(int64)
	d, ok2 := y.(int64)
	switch {
	case ok && ok2 && d == 0:
		return nil
	case ok && ok2 && d == -1:
		return int64(0)
	case ok && ok2:
		return n % d
	}
	if f := math.Mod(realArg(x), realArg(y)); !math.IsNaN(f) {
		return f
	}
	return nil
}
