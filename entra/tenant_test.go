package entra

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	f.discovery = func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Authorization"]) != 0 {
			t.Error("a token was sent")
		}
		w.Header().Set("Date", "Mon, 02 Mar 2026 03:04:05 GMT")
		writeJSON(w, 200, discoveryDocument(f.URL, map[string]any{"cloud_instance_name": "microsoftonline.us", "tenant_region_scope": "USGov", "tenant_region_sub_scope": "DODCON"}))
	}
	got, err := Discover(t.Context(), f.Client(), f.URL, "contoso.example")
	want := Tenant{
		ID: testTenant, Issuer: "https://login.microsoftonline.com/" + testTenant + "/v2.0", TokenEndpoint: f.URL + "/" + testTenant + "/oauth2/v2.0/token",
		CloudInstance: "microsoftonline.us", RegionScope: "USGov", RegionSubScope: "DODCON", Date: time.Date(2026, 3, 2, 3, 4, 5, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if paths, _ := f.seen(); paths[0] != "GET /contoso.example/v2.0/.well-known/openid-configuration" {
		t.Errorf("paths %v", paths)
	}
}

func TestDiscoverFailures(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	for name, tc := range map[string]struct{ authority, tenant string }{
		"tenant": {f.URL, "x/../y"}, "authority": {"http://login.microsoftonline.com", testTenant}, "path": {f.URL + "/common", testTenant},
	} {
		if _, err := Discover(t.Context(), f.Client(), tc.authority, tc.tenant); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"a page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no issuer": func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, map[string]any{"issuer": nil}) },
		"odd issuer": func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 200, map[string]any{"issuer": "https://x/%zz"})
		},
		"other issuer": func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, 200, map[string]any{"issuer": "https://x/common/v2.0"})
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		},
		"too long": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat(" ", maxReply+1))) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		},
	} {
		f.mu.Lock()
		f.discovery = answer
		f.mu.Unlock()
		if _, err := Discover(t.Context(), f.Client(), f.URL, testTenant); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := Discover(t.Context(), nil, f.URL, testTenant); err == nil {
		t.Error("a certificate that is not trusted: no error")
	}
}

func TestTenantCloud(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		t    Tenant
		want string
	}{
		{Tenant{CloudInstance: "microsoftonline.com"}, "global"},
		{Tenant{CloudInstance: "microsoftonline.com", RegionSubScope: "GCC"}, "gcc"},
		{Tenant{CloudInstance: "microsoftonline.us", RegionSubScope: "DODCON"}, "gcc-high"},
		{Tenant{CloudInstance: "microsoftonline.us", RegionSubScope: "DOD"}, "dod"},
		{Tenant{CloudInstance: "microsoftonline.us"}, ""},
		{Tenant{RegionSubScope: "NEW"}, ""},
	} {
		if got, ok := tc.t.Cloud(); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%+v: %q %v", tc.t, got, ok)
		}
	}
}

func FuzzParseTenant(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://login.microsoftonline.com/` + testTenant + `/v2.0","tenant_region_sub_scope":null}`))
	f.Add([]byte(`{"issuer":"https://sts.windows.net/` + testTenant + `/"}`))
	f.Add([]byte(`{"issuer":":"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		tenant, err := parseTenant(body)
		if err == nil && (!isGUID(tenant.ID) || strings.ContainsAny(tenant.RegionScope, "\r\n\x1b")) {
			t.Errorf("%+v", tenant)
		}
	})
}
