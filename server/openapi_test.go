package server_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// reference is where the OpenAPI document is kept for those who read it without a
// server.
const reference = "../docs/reference/openapi.yaml"

// The document that is served is the one in the reference.
func TestReference(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	served := h.ask("", http.MethodGet, "/openapi.yaml", nil)
	if served.StatusCode != http.StatusOK || !bytes.Equal(served.body, h.rest.OpenAPI()) {
		t.Fatal(served.Status)
	}
	golden.Check(t, reference, served.body)
}

// The page of docs loads nothing from anywhere else, and may not.
func TestDocs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/docs", "/docs/docs.css", "/docs/docs.js"} {
		r := h.ask("", http.MethodGet, path, nil)
		if r.StatusCode != http.StatusOK || len(r.body) == 0 {
			t.Errorf("%s: %s", path, r.Status)
		}
		if strings.Contains(string(r.body), "//") && strings.Contains(string(r.body), "http") && strings.Contains(string(r.body), "://") {
			t.Errorf("%s names another host", path)
		}
		if policy := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "http") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}
