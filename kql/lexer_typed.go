package kql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// literalType tells which words make a literal of what follows in parentheses,
// such as datetime(2024-01-01). Inside there are no tokens.
func literalType(word string) (Type, bool) {
	switch word {
	case "bool", "boolean", "int", "long", "real", "double", "datetime", "date", "timespan", "time", "dynamic", "guid":
		return ParseType(word)
	}
	return 0, false
}

// typedToken reads the rest of a typed literal; the parenthesis stands before
// the byte open.
func (l *lexer) typedToken(typ Type, open int) (token, error) {
	rest := l.text[l.at+open:]
	n := closing(rest)
	if n < 0 {
		return token{}, syntaxError(l.at, "A recognition error occurred: missing ')' after a literal of type %s", typ)
	}
	t := l.token(tokenLiteral, open+n+1)
	inner := strings.TrimSpace(rest[:n])
	if typ == TypeDynamic {
		var ok bool
		t.lit, ok = dynamicLiteral(inner)
		if !ok {
			return token{}, syntaxError(l.at, "A recognition error occurred: dynamic(...) does not hold JSON")
		}
		return t, nil
	}
	value, ok := typedValue(typ, unquoted(inner))
	if !ok {
		return token{}, syntaxError(l.at, "A recognition error occurred: %s is no literal of type %s", t.shown(), typ)
	}
	t.lit = literal{typ, value}
	return t, nil
}

// closing finds the parenthesis that closes a literal, past strings and nested
// brackets, or -1.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\'':
			n := closingQuote(s[i:])
			if n < 0 {
				return -1
			}
			i += n
		case '(', '[', '{':
			depth++
		case ']', '}':
			depth--
		case ')':
			if depth <= 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// closingQuote finds the end of the string that s starts with, or -1.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i
		}
	}
	return -1
}

// unquoted drops the quotes of datetime("2024-01-01").
func unquoted(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return strings.TrimSpace(s[1 : n-1])
	}
	return s
}

// dynamicLiteral reads JSON; Kusto also takes strings in single quotes, and so
// does this. The lone word null is null.
func dynamicLiteral(s string) (literal, bool) {
	if s == "null" || s == "" {
		return literal{TypeDynamic, nil}, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '"' && s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		n := closingQuote(s[i:])
		if n < 0 {
			return literal{}, false
		}
		b.WriteString(requote(s[i : i+n+1]))
		i += n
	}
	text, ok := validJSON(b.String())
	return literal{TypeDynamic, text}, ok
}

// requote turns 'text' into "text" as JSON writes it.
func requote(s string) string {
	if s[0] == '"' {
		return s
	}
	inner := strings.ReplaceAll(s[1:len(s)-1], `\'`, `'`)
	return `"` + strings.ReplaceAll(inner, `"`, `\"`) + `"`
}

// typedValue reads what stands between the parentheses of any other literal.
func typedValue(typ Type, s string) (any, bool) {
	if s == "null" {
		return nil, true
	}
	switch typ {
	case TypeBool:
		b, ok := parseBool(s)
		return boolTicks(b), ok
	case TypeInt, TypeLong:
		n, err := strconv.ParseInt(s, 0, 64)
		return n, err == nil && (typ == TypeLong || math.MinInt32 <= n && n <= math.MaxInt32)
	case TypeReal:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) {
			return nil, err == nil // SQLite has no NaN: null
		}
		return f, true
	case TypeDateTime:
		return anyOf(parseDateTime(s))
	case TypeTimeSpan:
		return anyOf(parseTimeSpan(s))
	default:
		return strings.ToLower(s), isGUID(s)
	}
}

// anyOf forgets the type of a pair's first half.
func anyOf(n int64, ok bool) (any, bool) { return n, ok }

// parseBool reads true, false, 1 and 0.
func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// isGUID tells whether s has the form 8-4-4-4-12.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := isDigit(s[i]) || 'a' <= s[i]|32 && s[i]|32 <= 'f'
		if dash && s[i] != '-' || !dash && !hex {
			return false
		}
	}
	return true
}

// dateLayouts lists the forms of datetime, after 'T' and blanks between date and
// time were made one. A fraction of a second is read wherever seconds are.
func dateLayouts() [9]string {
	return [...]string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01", "2006-1-2", "2006/1/2", "2006",
	}
}

// parseDateTime reads a point in time as Kusto's datetime() does; without a zone
// it is UTC.
func parseDateTime(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, ' '); i > 0 {
		s = s[:i] + "T" + strings.TrimLeft(s[i:], " ")
	}
	s = strings.Replace(s, " ", "", 1) // "10:00:00 +02:00"
	for _, layout := range dateLayouts() {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1 {
			return ticksOf(t), true
		}
	}
	return 0, false
}

// parseTimeSpan reads 1.5h and [-][d.]hh:mm[:ss[.fffffff]]; a bare number is
// days, as in Kusto.
func parseTimeSpan(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	rest, negative := strings.CutPrefix(s, "-")
	var ticks int64
	var ok bool
	if strings.Contains(rest, ":") {
		ticks, ok = parseClock(rest)
	} else {
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		unit := "d"
		if n >= 0 {
			rest, unit = rest[:n], rest[n:]
		}
		ticks, ok = spanOf(rest, unit)
	}
	if negative {
		ticks = -ticks
	}
	return ticks, ok
}

// parseClock reads [d.]hh:mm[:ss[.fffffff]].
func parseClock(s string) (int64, bool) {
	var days int64
	if dot, colon := strings.IndexByte(s, '.'), strings.IndexByte(s, ':'); dot >= 0 && dot < colon {
		d, err := strconv.ParseUint(s[:dot], 10, 23)
		if err != nil {
			return 0, false
		}
		days, s = int64(d), s[dot+1:]
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			clock := int64(t.Hour()*3600+t.Minute()*60+t.Second())*ticksPerSecond + int64(t.Nanosecond()/100)
			return days*ticksPerDay + clock, true
		}
	}
	return 0, false
}
