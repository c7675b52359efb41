package emulator

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
)

func TestNamesOnTheWire(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	names := append(s.Hosts(), "store.blob.core.windows.net", "store.blob.core.usgovcloudapi.net", "localhost", "API.Security.Microsoft.com")
	for _, name := range names {
		conn, err := tls.Dial("tcp", s.Addr(), &tls.Config{ServerName: name, RootCAs: s.ca.pool(), MinVersion: tls.VersionTLS12})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if cert := conn.ConnectionState().PeerCertificates[0]; len(cert.DNSNames) != 1 || cert.DNSNames[0] != strings.ToLower(name) {
			t.Errorf("%s: certificate for %v", name, cert.DNSNames)
		}
		_ = conn.Close()
	}
	for _, name := range []string{
		"api-gcc.securitycenter.microsoft.com", "api-gcc-high.securitycenter.microsoft.com", "evil.example", "microsoft.com",
		"a.b.blob.core.windows.net", "blob.core.windows.net", "login.microsoftonline.com.evil.example",
	} {
		if conn, err := tls.Dial("tcp", s.Addr(), &tls.Config{ServerName: name, RootCAs: s.ca.pool(), MinVersion: tls.VersionTLS12}); err == nil {
			t.Errorf("%s is answered", name)
			_ = conn.Close()
		}
	}
}

func TestRetiredHost(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	token := tokenFor(t, s, mdeResource)
	const legacy = "https://api.securitycenter.microsoft.com/api/machines"
	if got := get(t, s, legacy, token); got.status != 200 {
		t.Fatalf("%d", got.status)
	}
	if err := s.RetireHost("api.securitycenter.microsoft.com"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the old connection, then a new one
		if _, err := try(t, s, http.MethodGet, legacy, "", "Authorization", "Bearer "+token); err == nil {
			t.Error("a retired host answers")
		}
	}
	if got := get(t, s, mdeBase+"/api/machines", token); got.status != 200 {
		t.Errorf("another host: %d", got.status)
	}
	if err := s.ReviveHost("api.securitycenter.microsoft.com"); err != nil {
		t.Fatal(err)
	}
	if got := get(t, s, legacy, token); got.status != 200 {
		t.Errorf("revived: %d", got.status)
	}
	if s.RetireHost("evil.example") == nil {
		t.Error("a host that is not there is retired")
	}
}

func TestHostAndTLSNameMustAgree(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, mdeBase+"/api/machines", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"graph.microsoft.com", "evil.example"} {
		req.Host = host
		res, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", host, res.StatusCode)
		}
	}
}

func TestStartRefusesNonsense(t *testing.T) {
	t.Parallel()
	app := AppSpec{ClientID: otherApp}
	for name, o := range map[string]Options{
		"address":       {Addr: "0.0.0.0:0"},
		"port":          {Addr: "127.0.0.1"},
		"tenant id":     {Tenants: []TenantSpec{{ID: "x"}}},
		"cloud":         {Tenants: []TenantSpec{{ID: govTenant, Cloud: "mars"}}},
		"client id":     {Tenants: []TenantSpec{{ID: govTenant, Apps: []AppSpec{{ClientID: "x"}}}}},
		"secret":        {Tenants: []TenantSpec{{ID: govTenant, Apps: []AppSpec{{ClientID: otherApp, Secrets: []SecretSpec{{}}}}}}},
		"certificate":   {Tenants: []TenantSpec{{ID: govTenant, Apps: []AppSpec{{ClientID: otherApp, Certificates: [][]byte{[]byte("x")}}}}}},
		"same id twice": {Tenants: []TenantSpec{{ID: govTenant, Apps: []AppSpec{app}}, {ID: govTenant}}},
	} {
		for i := range o.Tenants {
			o.Tenants[i].Size.Devices = -1
		}
		o.Size.Devices = -1
		if s, err := start(o, testRoutes()); err == nil {
			t.Errorf("%s: starts", name)
			_ = s.Close()
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
