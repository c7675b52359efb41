package entra

import (
	"regexp"
	"strings"
)

// jwtShape matches a signed token, whole or cut off. "eyJ" is the base64 of the
// opening of a JSON object, with which each JWT begins.
var jwtShape = regexp.MustCompile(`eyJ[A-Za-z0-9_=-]{8,}(\.[A-Za-z0-9_=-]*){0,2}`)

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
