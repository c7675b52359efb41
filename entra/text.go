package entra

import (
	"regexp"
	"strings"
	"unicode"
)

// maxText bounds a text from outside that goes into an error.
const maxText = 1000

// jwtShape matches a signed token, whole or cut off. "eyJ" is the base64 of the
// opening of a JSON object, with which each JWT begins.
var jwtShape = regexp.MustCompile(`eyJ[A-Za-z0-9_=-]{8,}(\.[A-Za-z0-9_=-]*){0,2}`)

// oneLine makes a text from outside fit for one line of a terminal or a log:
// every run of white space and control characters becomes one blank, and a text
// that is too long is cut.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || r == unicode.ReplacementChar
	}), " ")
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + "..."
	}
	return s
}

// scrub removes the secrets, and everything that looks like a token, from a text
// that came from outside. A server that repeats its input must not make us print
// it.
func scrub(s string, secrets ...Secret) string {
	for _, secret := range secrets {
		if !secret.IsZero() {
			s = strings.ReplaceAll(s, secret.Reveal(), secret.String())
		}
	}
	return jwtShape.ReplaceAllString(s, Secret{}.String())
}
