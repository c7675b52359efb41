package emulator

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestCallsAreSeen(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	s := begin(t, Options{OnCall: func(c Call) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprint(c.Method, " ", c.Host, c.Path, " ", c.Route, " ", c.Status))
	}})
	fetch(t, s, "GET", "https://store.blob.core.windows.net/c/f.gz?sig=secret", "")
	fetch(t, s, "GET", mdeBase+"/nowhere", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	want := []string{
		"GET api.security.microsoft.com/nowhere  404",
		"GET store.blob.core.windows.net/c/f.gz GET /{container}/{file...} 200",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("saw %q", seen)
	}
}

func TestServerLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := withoutHandshakes{&out}
	for _, line := range []string{"http: TLS handshake error from 127.0.0.1\n", "http: panic serving\n"} {
		if n, err := log.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if out.String() != "http: panic serving\n" {
		t.Errorf("%q", out.String())
	}
}

// TestErrorTableIsWhole holds that every code has what an error needs, once.
func TestErrorTableIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for _, e := range aadstsErrors() {
		if seen[e.code] || e.status < 400 || e.kind == "" || e.text == "" || strings.HasSuffix(e.text, " ") {
			t.Errorf("AADSTS%d: %+v", e.code, e)
		}
		seen[e.code] = true
	}
}
