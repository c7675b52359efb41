package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-sec/gatehouse/api"
)

// cursorMost is how long a cursor may be: a value of the index has 256 bytes at
// most, which JSON may write in six each.
const cursorMost = 8 << 10

// sealSize is how much of the hash a cursor carries.
const sealSize = 16

// cursorOf is a place in a list, in letters for URLs. It is bound to the list, to
// what was asked and to who asks: to use it elsewhere is refused. It holds no
// secret, and lets nobody see more: what is seen is decided anew for each page.
func cursorOf(ctx context.Context, list string, place any) (string, error) {
	body, err := json.Marshal(place)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(seal(ctx, list, body), body...)), nil
}

// readCursor is the way back.
func readCursor(ctx context.Context, list, cursor string, place any) error {
	refused := newProblem(api.CodeBadCursor, "the cursor was not made by this list, with these parameters, for this key", "")
	if len(cursor) > cursorMost {
		return refused
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(sealed) <= sealSize {
		return refused
	}
	body := sealed[sealSize:]
	if subtle.ConstantTimeCompare(sealed[:sealSize], seal(ctx, list, body)) != 1 || json.Unmarshal(body, place) != nil {
		return refused
	}
	return nil
}

// seal is what binds a cursor.
func seal(ctx context.Context, list string, body []byte) []byte {
	c := callerOf(ctx)
	h := sha256.New()
	for _, part := range []string{"gatehouse cursor 1", string(c.kind), c.id, list, string(body)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)[:sealSize]
}
