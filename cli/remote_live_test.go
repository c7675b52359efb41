package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// A live list of a server has one page. Where Defender has more, its rows are printed
// and the run fails, unless that many were asked for; so nobody takes a part for the
// whole.
func TestLiveListThatGoesOn(t *testing.T) {
	t.Parallel()
	page := api.Records{
		Items: []api.Record{
			{Stream: "devices", API: gatehouse.APIMDE, Raw: json.RawMessage(`{"id":"a"}`)},
			{Stream: "devices", API: gatehouse.APIMDE, Raw: json.RawMessage(`{"id":"b"}`)},
		},
		Mirrors:  []api.Mirror{{Integration: "int_1", Live: true}},
		Problems: []api.Problem{{Code: api.CodeTooLarge, Integration: "int_1"}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("live") != "true" || r.URL.Query().Get("cursor") != "" {
			t.Errorf("asked %s", r.URL)
		}
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	env := map[string]string{"GATEHOUSE_SERVER": server.URL, "GATEHOUSE_API_KEY": "gh_test"}
	for limit, want := range map[string]int{"0": exitUsage, "3": exitUsage, "2": exitOK} {
		args := []string{"devices", "list", "--live", "--output", "ndjson"}
		if limit != "0" {
			args = append(args, "--limit", limit)
		}
		status, stdout, stderr := runOnce(t, env, args...)
		if status != want || stdout != "{\"id\":\"a\"}\n{\"id\":\"b\"}\n" || strings.Contains(stderr, "which ends here") != (want != exitOK) {
			t.Errorf("--limit %s: %d %q %q", limit, status, stdout, stderr)
		}
	}
}
