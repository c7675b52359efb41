package plain

import (
	"strings"
	"unicode"
)

// maxShort bounds a short line, in characters.
const maxShort = 1000

// Line makes a text fit for one line of a terminal or a log: each run of white
// space, control characters, marks of writing direction and invalid bytes becomes
// one blank.
func Line(text string) string { return strings.Join(strings.FieldsFunc(text, separates), " ") }

// Short is [Line] for a text whose length nobody vouches for: what is longer than
// 1,000 characters is cut and ends in "…".
func Short(text string) string {
	text = Line(text)
	if runes := []rune(text); len(runes) > maxShort {
		text = string(runes[:maxShort]) + "…"
	}
	return text
}

// separates reports whether a character cannot stand in a line.
func separates(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == unicode.ReplacementChar
}
