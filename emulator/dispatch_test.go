package emulator

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestRouting(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	if err := s.Grant(defaultTenantID, defaultClientID, XDRRoles("AdvancedHunting.Read.All")...); err != nil {
		t.Fatal(err)
	}
	token := tokenFor(t, s, mdeResource)
	for _, c := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/api/machines/abc", 200, `{"id":"abc"}`},
		{"GET", "/API/v1.0/Machines/AbC", 200, `{"id":"AbC"}`},
		{"GET", "/api/machines/abc/", 200, `{"id":"abc"}`},
		{"GET", "/api/machines/a%2Fb", 200, `{"id":"a/b"}`},
		{"GET", "/api/machines/findbytag?tag=x", 200, `{}`},
		{"GET", "/api/machines/abc/alerts/$count", 200, `{"id":"abc"}`},
		{"GET", "/api/machines/findbyip(ip='10.0.0.1',timestamp=2026-01-01T00:00:00Z)", 200, `{"ip":"10.0.0.1","timestamp":"2026-01-01T00:00:00Z"}`},
		{"GET", "/api/v2.0/machines", 404, ""},
		{"GET", "/machines", 404, ""},
		{"GET", "/api/machines/abc/nonsense", 404, ""},
		{"GET", "/", 404, ""},
		{"POST", "/api/machines/abc", 405, ""},
		{"HEAD", "/api/machines", 405, ""},
		{"OPTIONS", "/api/machines", 405, ""},
		{"GET", "/v1.0/security/alerts_v2", 404, ""},
	} {
		got := fetch(t, s, c.method, mdeBase+c.path, "", "Authorization", "Bearer "+token)
		if got.status != c.status || strings.TrimSpace(got.body) != c.body {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, got.status, got.body, c.status, c.body)
		}
		if c.status >= 404 && got.header.Get("Content-Length") != "0" {
			t.Errorf("%s %s: Content-Length %q", c.method, c.path, got.header.Get("Content-Length"))
		}
		if allow := got.header.Get("Allow"); (allow != "") != (c.status == 405) || c.status == 405 && allow != "GET" {
			t.Errorf("%s %s: Allow %q", c.method, c.path, allow)
		}
	}
	if got := fetch(t, s, "DELETE", mdeBase+"/api/alerts/x", ""); got.header.Get("Allow") != "GET, PATCH" {
		t.Errorf("Allow %q", got.header.Get("Allow"))
	}
	if n := s.Stats().Unknown["GET /machines"]; n != 1 {
		t.Errorf("unknown %v", s.Stats().Unknown)
	}
}

func TestGraphLosesItsWayInItsOwnWords(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	for path, want := range map[string]string{
		"/v1.0/security/machines":             `{"error":{"code":"BadRequest","message":"Resource not found for the segment 'machines'.","innerError":{"date":"`,
		"/v1.0/security/Alerts_V2?$orderby=x": `{"error":{"code":"BadRequest","message":"Invalid OData URI query the query option '$orderby' is not supported.","innerError":{"date":"`,
	} {
		got := get(t, s, "https://graph.microsoft.com"+path, tokenFor(t, s, "https://graph.microsoft.com"))
		if got.status != 400 || !strings.HasPrefix(got.body, want) || !strings.Contains(got.body, `"request-id":"`+got.header.Get("Request-Id")+`"`) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := fetch(t, s, "POST", "https://graph.microsoft.com/v1.0/security/alerts_v2", ""); got.status != 405 || got.header.Get("Allow") != "GET" {
		t.Errorf("%d %v", got.status, got.header)
	}
}

func TestQueryOptions(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	token := tokenFor(t, s, mdeResource)
	const bad = "Invalid OData URI query "
	for query, want := range map[string]string{
		"$top=1&$SKIP=2": "",
		"$orderby=x":     bad + "the query option '$orderby' is not supported.",
		"$select=id":     bad + "the query option '$select' is not supported.",
		"$count=true":    bad + "the query option '$count' is not supported.",
		"foo=bar":        bad + "the query option 'foo' is not supported.",
		"$top=1&$top=2":  bad + "the query option '$top' was specified more than once, but it must be specified at most once.",
		"$top=1&$Top=2":  bad + "the query option '$top' was specified more than once, but it must be specified at most once.",
		"$filter=%zz":    bad + "the query string is malformed.",
	} {
		got := get(t, s, mdeBase+"/api/machines?"+query, token)
		if want == "" && got.status != 200 {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		} else if want != "" {
			checkFailure(t, got, 400, "ODataError", want)
		}
	}
	checkFailure(t, get(t, s, mdeBase+"/api/machines/abc?$top=1", token), 400, "ODataError", bad+"the query option '$top' is not supported.")
}

func TestHeadersAndCompression(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	token := tokenFor(t, s, mdeResource)
	got := fetch(t, s, "GET", mdeBase+"/api/machines", "", "Authorization", "Bearer "+token, "Accept-Encoding", "gzip")
	for name, want := range map[string]string{
		"Content-Type": "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8", "OData-Version": "4.0",
		"Vary": "Accept-Encoding", "Content-Encoding": "gzip", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	if !validGUID(got.header.Get("Mise-Correlation-Id")) {
		t.Errorf("mise-correlation-id %q", got.header.Get("Mise-Correlation-Id"))
	}
	zip, err := gzip.NewReader(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	plain := fetch(t, s, "GET", mdeBase+"/api/machines", "", "Authorization", "Bearer "+token, "Accept-Encoding", "gzip;q=0, identity")
	if plain.body != string(text) || plain.header.Get("Content-Encoding") != "" {
		t.Errorf("%q and %q", plain.body, text)
	}
	if s.Stats().Bytes == 0 || s.Stats().Statuses[200] != 3 {
		t.Errorf("%+v", s.Stats())
	}
}

func TestTokensAtTheWrongPlaceAreCounted(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	token := tokenFor(t, s, mdeResource)
	got := get(t, s, "https://store.blob.core.windows.net/c/f.gz", token)
	if got.status != 400 || !strings.Contains(got.body, "InvalidAuthenticationInfo") {
		t.Errorf("%d %s", got.status, got.body)
	}
	get(t, s, globalLogin+"/common/discovery/keys", token)
	if v := s.Stats().Violations; v["token sent to a blob host"] != 1 || v["token sent to a login host"] != 1 {
		t.Errorf("%v", v)
	}
}

func TestOwnAddress(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	a := secretAccess(s)
	token := tokenAt(t, s, s.URL(), a, mdeResource)
	if got := get(t, s, s.URL()+"/api/machines", token); got.status != 200 || !strings.Contains(got.body, s.URL()+"/api/machines?$filter=") {
		t.Errorf("%d %s", got.status, got.body)
	}
	local := strings.Replace(s.URL(), "127.0.0.1", "localhost", 1)
	if got := get(t, s, local+"/api/machines", token); got.status != 200 || !strings.Contains(got.body, local+"/api/machines?") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := get(t, s, s.URL()+"/v1.0/security/alerts_v2", tokenAt(t, s, s.URL(), a, "https://graph.microsoft.com")); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := fetch(t, s, "GET", s.URL()+"/blob/c/d/part.json.gz?sig=x", ""); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := fetch(t, s, http.MethodGet, mdeBase+"/msi/token", ""); got.status != 404 {
		t.Errorf("managed identity at Microsoft's host: %d", got.status)
	}
}
