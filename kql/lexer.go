package kql

import (
	"strings"
	"unicode/utf8"
)

// maxText is the longest query taken, in bytes; the hunting API's own limit for a
// query is in this order.
const maxText = 128 << 10

// lexer cuts a text into tokens.
type lexer struct {
	text   string
	at     int
	tokens []token
}

// lex returns all tokens of the text, the last of which is a tokenEnd.
func lex(text string) ([]token, error) {
	if len(text) > maxText {
		return nil, syntaxError(0, "The query is longer than %d bytes", maxText)
	}
	if !utf8.ValidString(text) {
		return nil, syntaxError(0, "The query is not valid UTF-8")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return nil, syntaxError(i, "The query holds a NUL character")
	}
	l := &lexer{text: text}
	for {
		l.skipSpace()
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		l.tokens = append(l.tokens, t)
		if t.kind == tokenEnd {
			return l.tokens, nil
		}
		l.at = t.end
	}
}

// skipSpace passes over blanks and comments.
func (l *lexer) skipSpace() {
	for l.at < len(l.text) {
		switch {
		case strings.IndexByte(" \t\r\n\f\v", l.text[l.at]) >= 0:
			l.at++
		case strings.HasPrefix(l.text[l.at:], "//"):
			if i := strings.IndexByte(l.text[l.at:], '\n'); i >= 0 {
				l.at += i
			} else {
				l.at = len(l.text)
			}
		case strings.HasPrefix(l.text[l.at:], "\ufeff"), strings.HasPrefix(l.text[l.at:], "\u00a0"):
			_, n := utf8.DecodeRuneInString(l.text[l.at:])
			l.at += n
		default:
			return
		}
	}
}

// next reads the token at l.at without moving.
func (l *lexer) next() (token, error) {
	if l.at >= len(l.text) {
		return token{kind: tokenEnd, start: l.at, end: l.at}, nil
	}
	if prefix := stringPrefix(l.text[l.at:]); prefix >= 0 {
		return l.stringToken(prefix)
	}
	c := l.text[l.at]
	switch {
	case isDigit(c):
		return l.numberToken()
	case isNameByte(c) || c == '$' && l.at+1 < len(l.text) && isNameByte(l.text[l.at+1]):
		return l.nameToken()
	case c == '[':
		return l.bracketToken()
	}
	return l.signToken()
}

// signs lists punctuation, longer signs first.
func signs() [27]string {
	return [...]string{
		"==", "!=", "<=", ">=", "=~", "!~", "..", "<>",
		"|", ";", ",", "(", ")", "[", "]", "{", "}", ".", ":", "=", "<", ">", "+", "-", "*", "/", "%",
	}
}

// signToken reads punctuation, and the negated words such as !has and !in~.
func (l *lexer) signToken() (token, error) {
	rest := l.text[l.at:]
	for _, s := range signs() {
		if strings.HasPrefix(rest, s) {
			return l.token(tokenSign, len(s)), nil
		}
	}
	if rest[0] == '!' {
		n := 1
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		if n > 1 {
			return l.token(tokenSign, l.withTilde(n)), nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return token{}, syntaxError(l.at, "A recognition error occurred: unexpected character %q", r)
}

// withTilde extends a word of n bytes by the ~ of in~ and !in~.
func (l *lexer) withTilde(n int) int {
	rest := l.text[l.at:]
	word := strings.TrimPrefix(rest[:n], "!")
	if word == "in" && n < len(rest) && rest[n] == '~' {
		return n + 1
	}
	return n
}

// nameToken reads a name, or a literal that starts with a word: true,
// datetime(...), 1d is a number's business.
func (l *lexer) nameToken() (token, error) {
	rest := l.text[l.at:]
	n := 1
	for n < len(rest) && isNameByte(rest[n]) {
		n++
	}
	word := rest[:n]
	switch word {
	case "true", "false":
		t := l.token(tokenLiteral, n)
		t.lit = literal{TypeBool, boolTicks(word == "true")}
		return t, nil
	}
	if typ, ok := literalType(word); ok {
		if open := n + len(rest[n:]) - len(strings.TrimLeft(rest[n:], " \t\r\n")); open < len(rest) && rest[open] == '(' {
			return l.typedToken(typ, open+1)
		}
	}
	return l.token(tokenName, l.withTilde(n)), nil
}

// bracketToken tells ['name'] from the [ of an index: an index follows a value.
func (l *lexer) bracketToken() (token, error) {
	if n := len(l.tokens); n > 0 {
		last := l.tokens[n-1]
		value := last.kind == tokenQuoted || last.is(")") || last.is("]") || last.kind == tokenName && last.end == l.at
		if value {
			return l.token(tokenSign, 1), nil
		}
	}
	inner := lexer{text: l.text, at: l.at + 1}
	inner.skipSpace()
	prefix := stringPrefix(l.text[inner.at:])
	if prefix < 0 {
		return l.token(tokenSign, 1), nil
	}
	s, err := inner.stringToken(prefix)
	if err != nil {
		return token{}, err
	}
	inner.at = s.end
	inner.skipSpace()
	if inner.at >= len(l.text) || l.text[inner.at] != ']' {
		return l.token(tokenSign, 1), nil
	}
	name, _ := s.lit.value.(string)
	return token{kind: tokenQuoted, text: name, start: l.at, end: inner.at + 1}, nil
}

// token makes a token of the next n bytes.
func (l *lexer) token(kind tokenKind, n int) token {
	return token{kind: kind, text: l.text[l.at : l.at+n], start: l.at, end: l.at + n}
}

// isDigit tells whether c is one of 0 to 9.
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isNameByte tells whether c may stand in a name.
func isNameByte(c byte) bool { return c == '_' || isDigit(c) || 'a' <= c|32 && c|32 <= 'z' }

// boolTicks is how a bool is stored.
func boolTicks(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// lowerASCII lowers A to Z alone, as SQLite does when it compares names.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}
