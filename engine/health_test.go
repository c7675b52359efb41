package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// The end of a credential is told ahead of time, and behind it as long as its last
// token works.
func TestExpiry(t *testing.T) {
	t.Parallel()
	s, id, u, e := stage(t, sqlite(t), 10)
	for left, want := range map[time.Duration]string{
		30 * 24 * time.Hour: "", 76 * time.Hour: "the credential ends in 3 days, on ", 90 * time.Minute: "the credential ends in 1 hours, on ",
		-time.Minute: "the credential has ended on ",
	} {
		u.expires = time.Now().Add(left)
		syncNow(t, e, id)
		h := health(t, s, id)
		if state := gatehouse.StreamDegraded; !strings.HasPrefix(h.Reason, want) || (h.State == state) != (want != "") {
			t.Errorf("%s: got %+v", left, h)
		}
	}
}
