package check_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// mistake is one way to wire an account wrong.
type mistake struct {
	number int    // in the guide; two faces of one mistake share a number
	title  string // for the guide
	signs  string // what people see elsewhere
	code   check.Code
	mend   string // a part of the mend that must be there
	tenant func(*emulator.TenantSpec)
	server func(*testing.T, *emulator.Server, emulator.TenantAccess)
	client func(*testing.T, *check.Options)
}

// mistakes is the table from which the troubleshooting guide is written.
func mistakes() []mistake {
	return []mistake{
		{
			number: 1, title: "The secret's id was pasted in place of its value", signs: "AADSTS7000215",
			code: check.SecretIDPasted, mend: "copy the column Value, not Secret ID",
			client: func(_ *testing.T, o *check.Options) {
				o.Credential.Secret = entra.NewSecret("c3d9e1f4-0b6a-4c58-9d27-51f8a4b3e633")
			},
		},
		{
			number: 2, title: "The client secret has expired", signs: "AADSTS7000222",
			code: check.SecretExpired, mend: "Make a new secret",
			server: func(t *testing.T, s *emulator.Server, a emulator.TenantAccess) {
				must(t, s.ExpireSecret(a.TenantID, a.ClientID, ""))
			},
		},
		{
			number: 3, title: "The tenant id is wrong", signs: "AADSTS90002",
			code: check.TenantNotFound, mend: "Copy the Directory (tenant) ID",
			client: func(_ *testing.T, o *check.Options) {
				o.Credential.TenantID = "2f1c0c8e-5d0e-4f3a-9a51-6c1f0b6a7d12"
			},
		},
		{
			number: 4, title: "The application is not in this tenant", signs: "AADSTS700016",
			code: check.AppNotInTenant, mend: "Copy the Application (client) ID",
			client: func(_ *testing.T, o *check.Options) {
				o.Credential.ClientID = "7b0d8a52-41c3-4b7e-8f19-3a5e2c9d6f23"
			},
		},
		{
			number: 5, title: "The certificate is not registered on the application", signs: "AADSTS700027",
			code: check.CertificateNotRegistered, mend: "Upload the public certificate",
			client: func(t *testing.T, o *check.Options) {
				o.Credential.Secret, o.Credential.Certificate = entra.Secret{}, entra.NewSecret(strangersCertificate(t))
			},
		},
		{
			number: 6, title: "The tenant lives in another cloud", signs: "AADSTS90002 or AADSTS900382",
			code: check.WrongCloud, mend: "Set --base-url https://api-gov.securitycenter.microsoft.us (and --cloud gcc-high)",
			tenant: func(spec *emulator.TenantSpec) { spec.Cloud = entra.CloudGCCHigh },
		},
		{
			number: 7, title: "The token is for another API (wrong audience)", signs: "403 Forbidden on a good token",
			code: check.WrongAudience, mend: "Remove --resource",
			client: func(_ *testing.T, o *check.Options) { o.Resource = "https://api.security.microsoft.com" },
		},
		{
			number: 8, title: "No application permission: Delegated was granted, or consent is missing", signs: "403 with \"application roles: .\"",
			code: check.NoApplicationRole, mend: "column Type",
			tenant: func(spec *emulator.TenantSpec) {
				spec.Apps[0].Delegated, spec.Apps[0].Roles = spec.Apps[0].Roles, nil
			},
		},
		{
			number: 9, title: "One permission is missing", signs: "403 with \"Missing application roles\"",
			code: check.PermissionMissing, mend: "Application permissions > Vulnerability.Read.All",
			tenant: func(spec *emulator.TenantSpec) {
				spec.Apps[0].Roles = slices.DeleteFunc(spec.Apps[0].Roles, func(r emulator.Role) bool { return r.Name == "Vulnerability.Read.All" })
			},
		},
		{
			number: 10, title: "The tenant has no Defender licence", signs: "401 with \"Account mode is inactive\" or \"No Tvm license\"",
			code: check.NoLicence, mend: "Billing > Licenses",
			tenant: func(spec *emulator.TenantSpec) { spec.Licences = []string{} },
		},
		{
			number: 10, title: "Defender was never set up in the tenant", signs: "AADSTS500011",
			code: check.NoLicence, mend: "open https://security.microsoft.com once",
			tenant: func(spec *emulator.TenantSpec) {
				spec.Without = []string{emulator.ResourceMDE, emulator.ResourceXDR}
			},
		},
		{
			number: 10, title: "Vulnerability Management is not licensed", signs: "401 with \"No Tvm license\"",
			code: check.NoLicence, mend: "Defender Vulnerability Management",
			tenant: func(spec *emulator.TenantSpec) { spec.Licences = []string{emulator.LicenceMDE} },
		},
		{
			number: 11, title: "Microsoft is throttling the application", signs: "429 Too Many Requests",
			code: check.Throttled, mend: "Wait",
			server: func(t *testing.T, s *emulator.Server, _ emulator.TenantAccess) {
				must(t, s.SetFaults(emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultThrottle, RetryAfter: 40 * time.Second}}}))
			},
		},
		{
			number: 12, title: "The host is mistyped", signs: "no such host",
			code: check.HostUnknown, mend: "Use --base-url https://api.security.microsoft.com",
			client: func(_ *testing.T, o *check.Options) { o.BaseURL = "https://api.securitycentre.microsoft.com" },
		},
		{
			number: 12, title: "The host is retired, or cannot be reached", signs: "connection closed, refused or timed out",
			code: check.HostUnreachable, mend: "in place of a retired host",
			client: func(_ *testing.T, o *check.Options) { o.BaseURL = "https://api.securitycenter.microsoft.com" },
			server: func(t *testing.T, s *emulator.Server, _ emulator.TenantAccess) {
				must(t, s.RetireHost("api.securitycenter.microsoft.com"))
			},
		},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// set starts an emulator with the mistake made and returns the report of a check.
func (m mistake) set(t *testing.T) *check.Report {
	t.Helper()
	server, access := start(t, m.tenant)
	if m.server != nil {
		m.server(t, server, access)
	}
	o := optionsFor(t, server, access)
	if m.client != nil {
		m.client(t, &o)
	}
	return run(t, o)
}

// TestEachMistakeIsNamed makes each mistake and holds that the check names it, by
// its code and with its mend, and names no other.
func TestEachMistakeIsNamed(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes() {
		t.Run(m.title, func(t *testing.T) {
			t.Parallel()
			report := m.set(t)
			failed := report.Of(check.Error)
			if len(failed) != 1 {
				t.Fatalf("%d errors, want exactly one, %s: %+v", len(failed), m.code, failed)
			}
			f := failed[0]
			if f.Code != m.code {
				t.Errorf("code %s, want %s: %s", f.Code, m.code, f.What)
			}
			if !strings.Contains(f.Mend, m.mend) {
				t.Errorf("mend %q lacks %q", f.Mend, m.mend)
			}
			for _, text := range []string{f.What, f.Why, f.Mend, f.Subject} {
				if strings.ContainsAny(text, "{}") {
					t.Errorf("a placeholder was not filled: %q", text)
				}
			}
		})
	}
}

// TestTwelveMistakes holds that the table is complete.
func TestTwelveMistakes(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for _, m := range mistakes() {
		seen[m.number] = true
	}
	for n := 1; n <= 12; n++ {
		if !seen[n] {
			t.Errorf("mistake %d has no case", n)
		}
	}
}

// strangersCertificate is a good certificate that no application knows.
func strangersCertificate(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a stranger"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
