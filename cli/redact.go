package cli

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
)

const redacted = "[redacted]"

// tokenShape matches a JSON web token, and the signature of a download link.
// It is a second fence: no code prints one in the first place.
func tokenShape() *regexp.Regexp {
	return regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|([?&]sig=)[^&\s"]+`)
}

// redactor is standard error: it replaces each secret it was told of, and
// anything shaped like a token, before the text leaves the program.
type redactor struct {
	mu      sync.Mutex
	to      io.Writer
	shape   *regexp.Regexp
	secrets []string
	open    bool // for a test that the other fences hold: lets everything pass
}

func newRedactor(to io.Writer) *redactor {
	if to == nil {
		to = io.Discard
	}
	return &redactor{to: to, shape: tokenShape()}
}

// hide adds a secret. Texts of fewer than four characters are not hidden: they
// would blot out half of every message and cannot be real secrets.
func (r *redactor) hide(secret string) {
	secret = strings.TrimSpace(secret)
	if len(secret) < 4 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, secret)
}

// Write redacts one message. Every caller writes whole messages at once.
func (r *redactor) Write(message []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open {
		return r.to.Write(message)
	}
	clean := message
	for _, secret := range r.secrets {
		clean = bytes.ReplaceAll(clean, []byte(secret), []byte(redacted))
	}
	clean = r.shape.ReplaceAll(clean, []byte("${1}"+redacted))
	if _, err := r.to.Write(clean); err != nil {
		return 0, err
	}
	return len(message), nil
}
