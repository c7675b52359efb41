package kql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringPrefix returns how many letters (h, H, @) stand before the quote of a
// string literal at the start of s, or -1 where no string starts.
func stringPrefix(s string) int {
	i := 0
	if i < len(s) && (s[i] == 'h' || s[i] == 'H') {
		i++
	}
	if i < len(s) && s[i] == '@' {
		i++
	}
	if i < len(s) && (s[i] == '"' || s[i] == '\'') || strings.HasPrefix(s[i:], "```") {
		return i
	}
	return -1
}

// stringToken reads a string literal whose quote stands after prefix letters.
func (l *lexer) stringToken(prefix int) (token, error) {
	rest := l.text[l.at+prefix:]
	if strings.HasPrefix(rest, "```") {
		end := strings.Index(rest[3:], "```")
		if end < 0 {
			return token{}, syntaxError(l.at, "A recognition error occurred: the string literal is not closed")
		}
		return l.stringOf(rest[3:3+end], prefix+end+6), nil
	}
	verbatim := strings.Contains(l.text[l.at:l.at+prefix], "@")
	var b strings.Builder
	quote := rest[0]
	for i := 1; i < len(rest); {
		c := rest[i]
		switch {
		case c == quote && verbatim && i+1 < len(rest) && rest[i+1] == quote:
			b.WriteByte(quote)
			i += 2
		case c == quote:
			return l.stringOf(b.String(), prefix+i+1), nil
		case c == '\n' && !verbatim:
			return token{}, syntaxError(l.at, "A recognition error occurred: the string literal is not closed on its line")
		case c == '\\' && !verbatim:
			text, n := unescape(rest[i:])
			if n == 0 {
				return token{}, syntaxError(l.at+prefix+i, "A recognition error occurred: unknown escape in a string literal (write \\\\ for a backslash, or @\"...\")")
			}
			b.WriteString(text)
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return token{}, syntaxError(l.at, "A recognition error occurred: the string literal is not closed")
}

// stringOf makes the token of a string literal of n bytes.
func (l *lexer) stringOf(value string, n int) token {
	t := l.token(tokenLiteral, n)
	t.lit = literal{TypeString, value}
	return t
}

// unescape reads the escape at the start of s and returns its meaning and its
// length, or a length of 0.
func unescape(s string) (string, int) {
	if len(s) < 2 {
		return "", 0
	}
	const from, to = `"'\abfnrtv`, "\"'\\\a\b\f\n\r\t\v"
	if i := strings.IndexByte(from, s[1]); i >= 0 {
		return to[i : i+1], 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
	if digits == 0 || len(s) < 2+digits {
		return "", 0
	}
	n, err := strconv.ParseInt(s[2:2+digits], 16, 32)
	if err != nil || n <= 0 || !utf8.ValidRune(rune(n)) {
		return "", 0
	}
	return string(rune(n)), 2 + digits
}

// spanUnits lists the suffixes of a timespan literal and their ticks.
func spanUnits() map[string]int64 {
	units := map[string]int64{"tick": 1, "ticks": 1}
	for _, row := range []struct {
		ticks int64
		names string
	}{
		{10, "microsecond microseconds"},
		{10_000, "ms milli millis millisecond milliseconds"},
		{ticksPerSecond, "s sec second seconds"},
		{60 * ticksPerSecond, "m min minute minutes"},
		{3600 * ticksPerSecond, "h hr hrs hour hours"},
		{ticksPerDay, "d day days"},
	} {
		for name := range strings.FieldsSeq(row.names) {
			units[name] = row.ticks
		}
	}
	return units
}

// numberToken reads 12, 0x1F, 1.5, 2e-3 or a timespan such as 1.5h.
func (l *lexer) numberToken() (token, error) {
	rest := l.text[l.at:]
	if len(rest) > 2 && rest[0] == '0' && rest[1]|32 == 'x' {
		return l.hexToken()
	}
	n := countDigits(rest)
	fraction := false
	if n+1 < len(rest) && rest[n] == '.' && isDigit(rest[n+1]) {
		n += 1 + countDigits(rest[n+1:])
		fraction = true
	}
	if e := exponent(rest[n:]); e > 0 {
		n += e
		fraction = true
	}
	number := rest[:n]
	unit := n
	for unit < len(rest) && isNameByte(rest[unit]) {
		unit++
	}
	if unit > n {
		return l.spanToken(number, rest[n:unit])
	}
	t := l.token(tokenLiteral, n)
	if fraction {
		f, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return token{}, syntaxError(l.at, "A recognition error occurred: the number %s is out of range", number)
		}
		t.lit = literal{TypeReal, f}
		return t, nil
	}
	i, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return token{}, syntaxError(l.at, "A recognition error occurred: the number %s is out of the range of a long", number)
	}
	t.lit = literal{TypeLong, i}
	return t, nil
}

// hexToken reads 0x1F.
func (l *lexer) hexToken() (token, error) {
	rest := l.text[l.at:]
	n := 2
	for n < len(rest) && isNameByte(rest[n]) {
		n++
	}
	u, err := strconv.ParseUint(rest[2:n], 16, 64)
	if err != nil {
		return token{}, syntaxError(l.at, "A recognition error occurred: %s is no hexadecimal long", rest[:n])
	}
	t := l.token(tokenLiteral, n)
	t.lit = literal{TypeLong, int64(u)} //nolint:gosec // 0xffffffffffffffff is -1 in Kusto too
	return t, nil
}

// spanToken makes a timespan of a number and its unit.
func (l *lexer) spanToken(number, unit string) (token, error) {
	ticks, ok := spanOf(number, unit)
	if !ok {
		return token{}, syntaxError(l.at, "A recognition error occurred: %s%s is neither a number nor a timespan", number, unit)
	}
	t := l.token(tokenLiteral, len(number)+len(unit))
	t.lit = literal{TypeTimeSpan, ticks}
	return t, nil
}

// spanOf computes number times unit.
func spanOf(number, unit string) (int64, bool) {
	per, ok := spanUnits()[unit]
	if !ok {
		return 0, false
	}
	if i, err := strconv.ParseInt(number, 10, 64); err == nil && i <= math.MaxInt64/per && i >= math.MinInt64/per {
		return i * per, true
	}
	f, err := strconv.ParseFloat(number, 64)
	if ticks := math.Round(f * float64(per)); err == nil && math.Abs(ticks) < math.MaxInt64 {
		return int64(ticks), true
	}
	return 0, false
}

// countDigits returns how many digits s starts with.
func countDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// exponent returns the length of the exponent that s starts with.
func exponent(s string) int {
	if len(s) < 2 || s[0]|32 != 'e' {
		return 0
	}
	n := 1
	if s[1] == '+' || s[1] == '-' {
		n++
	}
	if digits := countDigits(s[n:]); digits > 0 {
		return n + digits
	}
	return 0
}
