package rest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/log"

	"github.com/gatehouse-sec/gatehouse/entra"
)

// azcore's log is one for the whole process, so this test runs alone.
func TestNothingSecretIsLogged(t *testing.T) {
	var mu sync.Mutex
	var logged strings.Builder
	log.SetListener(func(e log.Event, text string) {
		mu.Lock()
		defer mu.Unlock()
		logged.WriteString(string(e) + ": " + text + "\n")
	})
	defer log.SetListener(nil)
	e := newExporter(1, func(_, try int, whole string) (*http.Response, error) {
		if try == 1 {
			return nil, errors.New("reset")
		}
		return reply(200, whole)
	})
	c, _, _ := begin(t, func(n int, r *http.Request) (*http.Response, error) {
		switch n {
		case 1:
			return reply(401, `{"error":{"code":"Unauthorized","message":"expired"}}`)
		case 2:
			return nil, errors.New("reset")
		}
		return e.answer(n, r)
	})
	got, err := ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
	wantErr(t, err, nil)
	if len(got) != 10 || logged.Len() == 0 {
		t.Fatalf("%d rows, %d bytes logged", len(got), logged.Len())
	}
	if strings.Contains(logged.String(), "planted") {
		t.Error(logged.String())
	}
}

func TestErrorsCarryNoQuery(t *testing.T) {
	t.Parallel()
	e := newExporter(1, func(int, int, string) (*http.Response, error) { return reply(403, expiredXML) })
	c, _, _ := begin(t, e.answer, func(o *Options) { o.MaxRetries = -1 })
	_, err := ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
	wantErr(t, err, ErrLinkExpired)
	if strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "Key start") {
		t.Error(err)
	}
}

// A real client on real connections: what the standard library itself would put
// into an error, or would follow.
func TestRealClientFollowsNoRedirectAndQuotesNoURL(t *testing.T) {
	t.Parallel()
	var stolen []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			stolen = append(stolen, r.Header.Get("Authorization"))
			return
		}
		http.Redirect(w, r, "/elsewhere?sig=planted", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "https://")
	guard, err := entra.NewHosts(host)
	wantErr(t, err, nil)
	client := server.Client()
	c, _, _ := begin(t, nil, func(o *Options) {
		o.Base = o.Base.ResolveReference(o.Base)
		o.Base.Host, o.Guard, o.Transport = host, guard, client
	})
	_, err = Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
	wantErr(t, err, ErrRedirected)
	if len(stolen) != 0 || client.CheckRedirect != nil {
		t.Errorf("followed with %q; the caller's client was changed: %v", stolen, client.CheckRedirect != nil)
	}
	server.Close()
	client.CloseIdleConnections()
	_, err = ids(List[thing](t.Context(), c, Listing{Request: Request{Operation: opWrite, Vars: []string{"x"}, Query: map[string][]string{"sig": {"planted"}}}}))
	wantErr(t, err, ErrUnreachable)
	if strings.Contains(err.Error(), "planted") {
		t.Error(err)
	}
}

func TestTokenGoesToAllowedHostsOnly(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"http://api.security.microsoft.com", "https://evil.example", "https://api.security.microsoft.com.evil.example"} {
		cred := &credential{}
		u := mustURL(t, raw)
		cloud, _ := entra.CloudByName("global")
		if _, err := New(cred, Options{Base: u, Guard: cloud.MDE.Guard(), Scope: "x"}); err == nil {
			t.Errorf("%s accepted", raw)
		}
	}
	if _, err := New(nil, Options{}); err == nil {
		t.Error("no credential accepted")
	}
}
