package kql

// tokenKind is the class of a token.
type tokenKind uint8

const (
	tokenEnd     tokenKind = iota // the end of the text
	tokenName                     // an identifier or a word of the language
	tokenQuoted                   // ['a name']
	tokenLiteral                  // any constant; see token.lit
	tokenSign                     // punctuation or an operator made of signs
)

// token is one word of a query.
type token struct {
	kind       tokenKind
	text       string // a name's characters, a sign; for a literal its source
	start, end int    // bytes in the text
	lit        literal
}

// is tells whether the token is the sign or the word.
func (t token) is(text string) bool {
	return t.text == text && (t.kind == tokenName || t.kind == tokenSign)
}

// shown is how an error message prints the token.
func (t token) shown() string {
	if t.kind == tokenEnd {
		return "the end of the query"
	}
	if len(t.text) > 40 {
		return "'" + t.text[:40] + "...'"
	}
	return "'" + t.text + "'"
}

// literal is a constant as SQLite stores it: int64 for bool, int, long, datetime
// and timespan, float64 for real, a string for string, guid and dynamic (JSON),
// nil for null.
type literal struct {
	typ   Type
	value any
}
