package emulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// odataKind is the type of a value in a filter.
type odataKind uint8

// The types that filters know.
const (
	kindNull odataKind = iota
	kindString
	kindNumber
	kindBool
	kindTime
	kindStrings // a collection of strings, for any()
)

// String names the type as Microsoft's messages do.
func (k odataKind) String() string {
	return [...]string{"<null>", "Edm.String", "Edm.Int32", "Edm.Boolean", "Edm.DateTimeOffset", "Collection(Edm.String)"}[k]
}

// odataValue is one value in a filter; the member that its kind names holds it.
type odataValue struct {
	kind    odataKind
	text    string
	number  float64
	truth   bool
	moment  stamp
	strings []string
}

// textValue, numberValue, boolValue and momentValue make values of properties; an empty text or moment is null.
func textValue(s string) odataValue {
	if s == "" {
		return odataValue{}
	}
	return odataValue{kind: kindString, text: s}
}

func numberValue(n float64) odataValue { return odataValue{kind: kindNumber, number: n} }

func boolValue(b bool) odataValue { return odataValue{kind: kindBool, truth: b} }

func momentValue(s stamp) odataValue {
	if s == 0 {
		return odataValue{}
	}
	return odataValue{kind: kindTime, moment: s}
}

// tokenKind is the kind of a token of a filter.
type tokenKind uint8

// The kinds of tokens.
const (
	tokenEnd     tokenKind = iota
	tokenName              // property, operator, function or variable
	tokenLiteral           // string, number, time or GUID
	tokenMark              // ( ) , :
)

// token is one word of a filter.
type token struct {
	kind  tokenKind
	text  string
	value odataValue
	at    int // byte position, from 0
}

// odataError is a refusal of a query option; its text goes into Microsoft's envelope.
type odataError struct{ detail string }

// Error returns the detail.
func (e odataError) Error() string { return e.detail }

// odataErrorf makes a refusal.
func odataErrorf(format string, args ...any) error {
	return odataError{fmt.Sprintf(format, args...)}
}

// lexFilter cuts a filter into tokens.
func lexFilter(text string) ([]token, error) {
	var tokens []token
	for at := 0; at < len(text); {
		c := text[at]
		switch {
		case c == ' ' || c == '\t':
			at++
			continue
		case strings.IndexByte("(),:", c) >= 0:
			tokens = append(tokens, token{kind: tokenMark, text: string(c), at: at})
			at++
		case c == '\'':
			value, end, err := lexString(text, at)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, token{kind: tokenLiteral, value: odataValue{kind: kindString, text: value}, text: text[at:end], at: at})
			at = end
		case isWord(c):
			end := at
			for end < len(text) && (isWord(text[end]) || isLiteralByte(text[end]) && isLiteralStart(text[at])) {
				end++
			}
			t, err := lexWord(text[at:end], at)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, t)
			at = end
		default:
			return nil, odataErrorf("Syntax error: character '%c' is not valid at position %d in '%s'.", c, at, text)
		}
	}
	return append(tokens, token{kind: tokenEnd, at: len(text)}), nil
}

// lexString reads a literal in single quotes, where a doubled quote stands for one.
func lexString(text string, at int) (string, int, error) {
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, odataErrorf("There is an unterminated string literal at position %d in '%s'.", len(text), text)
}

// isWord tells whether a byte can be in a name or literal.
func isWord(c byte) bool {
	return c == '_' || c == '/' || c == '-' || c == '.' || c == '@' || isLiteralStart(c) || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isLiteralStart tells whether a byte begins a number, a time or most GUIDs.
func isLiteralStart(c byte) bool { return '0' <= c && c <= '9' }

// isLiteralByte tells which marks can be inside of a time.
func isLiteralByte(c byte) bool { return c == ':' || c == '+' }

// lexWord tells names from unquoted literals.
func lexWord(word string, at int) (token, error) {
	t := token{kind: tokenLiteral, text: word, at: at}
	if isGUID(word) {
		t.value = odataValue{kind: kindString, text: word}
		return t, nil
	}
	if !isLiteralStart(word[0]) && word[0] != '-' {
		t.kind = tokenName
		return t, nil
	}
	if n, err := strconv.ParseFloat(strings.TrimRight(word, "dDfFmMlL"), 64); err == nil {
		t.value = numberValue(n)
		return t, nil
	}
	for _, layout := range timeLayouts() {
		if moment, err := time.Parse(layout, word); err == nil {
			t.value = odataValue{kind: kindTime, moment: stampOf(moment)}
			return t, nil
		}
	}
	return t, odataErrorf("Unrecognized '%s' literal '%s' at '%d' in '%s'.", "Edm.String", word, at, word)
}

// timeLayouts lists the forms of times in filters; a bare date with Z is in Microsoft's own samples.
func timeLayouts() []string {
	return []string{time.RFC3339Nano, "2006-01-02Z", time.DateOnly, "2006-01-02T15:04Z07:00"}
}

// isGUID tells whether a word has the shape of a GUID.
func isGUID(word string) bool {
	if len(word) != 36 {
		return false
	}
	for i := range len(word) {
		c := word[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isLiteralStart(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}
