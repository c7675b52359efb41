package kql

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lower is Kusto's tolower.
func lower(s string) string { return strings.ToLower(s) }

// stringTest makes a native of a test of two strings.
func stringTest(name string, test func(s, pattern string) bool) native {
	return native{name: name, args: 2, run: func(a []driver.Value) driver.Value {
		return boolTicks(test(textArg(a[0]), textArg(a[1])))
	}}
}

// stringMap makes a native of a function from string to string.
func stringMap(name string, f func(string) string) native {
	return native{name: name, args: 1, text: true, run: func(a []driver.Value) driver.Value { return f(textArg(a[0])) }}
}

// stringNatives lists the functions on strings without regular expressions.
func stringNatives() []native {
	return []native{
		stringTest("kql_has", func(s, p string) bool { return hasTerm(s, p, true, true, true) }),
		stringTest("kql_has_cs", func(s, p string) bool { return hasTerm(s, p, false, true, true) }),
		stringTest("kql_hasprefix", func(s, p string) bool { return hasTerm(s, p, true, true, false) }),
		stringTest("kql_hasprefix_cs", func(s, p string) bool { return hasTerm(s, p, false, true, false) }),
		stringTest("kql_hassuffix", func(s, p string) bool { return hasTerm(s, p, true, false, true) }),
		stringTest("kql_hassuffix_cs", func(s, p string) bool { return hasTerm(s, p, false, false, true) }),
		stringTest("kql_contains", func(s, p string) bool { return hasTerm(s, p, true, false, false) }),
		stringTest("kql_contains_cs", strings.Contains),
		stringTest("kql_startswith", func(s, p string) bool { return strings.HasPrefix(folded(s), folded(p)) }),
		stringTest("kql_startswith_cs", strings.HasPrefix),
		stringTest("kql_endswith", func(s, p string) bool { return strings.HasSuffix(folded(s), folded(p)) }),
		stringTest("kql_endswith_cs", strings.HasSuffix),
		stringTest("kql_equals", func(s, p string) bool { return folded(s) == folded(p) }),
		stringMap("kql_lower", lower),
		stringMap("kql_upper", strings.ToUpper),
		stringMap("kql_reverse", reversed),
		stringMap("kql_base64_decode", decodeBase64),
		stringMap("kql_base64_encode", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		stringMap("kql_url_decode", decodeURL),
		stringMap("kql_sha256", func(s string) string {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:])
		}),
		{name: "kql_substring", args: 3, text: true, run: func(a []driver.Value) driver.Value {
			start, ok := intArg(a[1])
			length, ok2 := intArg(a[2])
			if !ok || !ok2 {
				return ""
			}
			return substring(textArg(a[0]), start, length)
		}},
		{name: "kql_countof", args: 2, run: func(a []driver.Value) driver.Value {
			return countOverlapping(textArg(a[0]), textArg(a[1]))
		}},
		{name: "kql_strrep", args: 3, text: true, run: func(a []driver.Value) driver.Value {
			n, _ := intArg(a[1])
			return repeated(textArg(a[0]), n, textArg(a[2]))
		}},
		{name: "kql_ipv4_is_private", args: 1, run: func(a []driver.Value) driver.Value {
			addr, err := netip.ParseAddr(textArg(a[0]))
			if err != nil || !addr.Is4() {
				return nil
			}
			return boolTicks(addr.IsPrivate())
		}},
	}
}

// folded is s in the form in which letters of either case are equal.
func folded(s string) string { return strings.ToLower(s) }

// hasTerm tells whether pattern occurs in s. Fold ignores case. With start set
// the occurrence must begin a term, with end set it must end one; a term is a
// longest run of letters and digits. A side on which the pattern itself has
// neither a letter nor a digit is free.
func hasTerm(s, pattern string, fold, start, end bool) bool {
	if fold {
		s, pattern = folded(s), folded(pattern)
	}
	if pattern == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(pattern)
	last, _ := utf8.DecodeLastRuneInString(pattern)
	start = start && isAlnum(first)
	end = end && isAlnum(last)
	for from := 0; ; {
		i := strings.Index(s[from:], pattern)
		if i < 0 {
			return false
		}
		i += from
		before, n := utf8.DecodeLastRuneInString(s[:i])
		after, m := utf8.DecodeRuneInString(s[i+len(pattern):])
		startsInside := start && n > 0 && isAlnum(before)
		endsInside := end && m > 0 && isAlnum(after)
		if !startsInside && !endsInside {
			return true
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		from = i + size
	}
}

// isAlnum tells whether r belongs into a term.
func isAlnum(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9' || 'a' <= r|32 && r|32 <= 'z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// reversed turns a string around.
func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// decodeBase64 decodes a text in base64; what is none is empty.
func decodeBase64(s string) string {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return ""
	}
	return string(b)
}

// decodeURL decodes %41; a text with a broken escape stays as it is.
func decodeURL(s string) string {
	out, err := url.PathUnescape(s)
	if err != nil {
		return strings.Clone(s)
	}
	return out
}

// substring cuts length characters out of s; a negative start counts from the end.
func substring(s string, start, length int64) string {
	if !isASCII(s) {
		r := []rune(s)
		from, to := window(int64(len(r)), start, length)
		return string(r[from:to])
	}
	from, to := window(int64(len(s)), start, length)
	return s[from:to]
}

// isASCII tells whether each byte of s is a character.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// window clamps a part to n characters.
func window(n, start, length int64) (from, to int64) {
	if start < 0 {
		start = max(0, n+start)
	}
	from = min(start, n)
	if length < 0 {
		return from, from
	}
	return from, from + min(length, n-from)
}

// countOverlapping counts where pattern occurs.
func countOverlapping(s, pattern string) int64 {
	var n int64
	for i := 0; pattern != "" && i < len(s); i++ {
		j := strings.Index(s[i:], pattern)
		if j < 0 {
			break
		}
		i += j
		n++
	}
	return n
}

// repeated is s n times, 1024 at most as in Kusto, with a delimiter between.
func repeated(s string, n int64, delimiter string) string {
	n = min(max(n, 0), 1024)
	parts := make([]string, n)
	for i := range parts {
		parts[i] = s
	}
	return strings.Join(parts, delimiter)
}

// regexNatives lists the functions with regular expressions. A pattern that is
// none matches nothing.
func regexNatives(p *patterns) []native {
	return []native{
		{name: "kql_matches", args: 2, run: func(a []driver.Value) driver.Value {
			re := p.get(textArg(a[1]))
			return boolTicks(re != nil && re.MatchString(textArg(a[0])))
		}},
		{name: "kql_extract", args: 3, text: true, run: func(a []driver.Value) driver.Value {
			group, _ := intArg(a[1])
			return extract(p.get(textArg(a[0])), group, textArg(a[2]))
		}},
		{name: "kql_replace_regex", args: 3, text: true, run: func(a []driver.Value) driver.Value {
			re := p.get(textArg(a[1]))
			if re == nil {
				return textArg(a[0])
			}
			return re.ReplaceAllString(textArg(a[0]), rewrite(textArg(a[2])))
		}},
		{name: "kql_trim", args: 3, text: true, run: func(a []driver.Value) driver.Value {
			pattern, s := textArg(a[0]), textArg(a[1])
			sides, _ := intArg(a[2])
			if re := p.get("^(?:" + pattern + ")+"); re != nil && sides&1 != 0 {
				s = s[len(re.FindString(s)):]
			}
			if re := p.get("(?:" + pattern + ")+$"); re != nil && sides&2 != 0 {
				s = s[:len(s)-len(re.FindString(s))]
			}
			return s
		}},
	}
}

// extract returns a group of the first match, or "".
func extract(re *regexp.Regexp, group int64, s string) string {
	if re == nil || group < 0 {
		return ""
	}
	if m := re.FindStringSubmatch(s); group < int64(len(m)) {
		return m[group]
	}
	return ""
}

// rewrite turns Kusto's \1 into Go's ${1}.
func rewrite(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$':
			b.WriteString("$$")
		case s[i] == '\\' && i+1 < len(s) && isDigit(s[i+1]):
			b.WriteString("${" + s[i+1:i+2] + "}")
			i++
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
