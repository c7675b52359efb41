package entra

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// Secret is the root's [gatehouse.Secret], which prints "[redacted]" in every
// format.
type Secret = gatehouse.Secret

// NewSecret wraps value. An empty value gives the zero Secret.
func NewSecret(value string) Secret { return gatehouse.NewSecret(value) }

// LooksLikeSecretID reports whether s has the form of a GUID. The portal shows
// a client secret's id (a GUID) beside its value, and pasting the id is the most
// common mistake: Entra answers it with AADSTS7000215. A secret made by the
// portal is never a GUID, but one set by hand can be, so this is a hint and not
// a reason to refuse.
func LooksLikeSecretID(s Secret) bool {
	return isGUID(strings.TrimSpace(s.Reveal()))
}
