package cli

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/entra"
)

const (
	testTenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	testClient = "00001111-aaaa-2222-bbbb-3333cccc4444"
	testSecret = "planted~Secret.Value-0123456789abcdefghij"
)

// ready is a program with its settings loaded, and its standard error.
func ready(t *testing.T, flags map[string]any, env environment, stdin string) (*program, *bytes.Buffer) {
	t.Helper()
	var stderr bytes.Buffer
	p := newProgram(Process{Stderr: &stderr, Stdin: strings.NewReader(stdin)})
	c, _, err := load(t, flags, env, "")
	if err != nil {
		t.Fatal(err)
	}
	p.config, p.log = c, newLogger(p.stderr, "debug")
	return p, &stderr
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecretSources(t *testing.T) {
	t.Parallel()
	file := write(t, "secret", testSecret+"\r\n")
	ids := environment{"AZURE_TENANT_ID": testTenant, "AZURE_CLIENT_ID": testClient}
	for name, c := range map[string]struct {
		flags map[string]any
		env   environment
		stdin string
		warns bool
	}{
		"environment":       {nil, environment{"AZURE_CLIENT_SECRET": testSecret}, "", false},
		"file":              {map[string]any{"client-secret-file": file}, nil, "", false},
		"standard input":    {map[string]any{"client-secret": "-"}, nil, testSecret + "\n", false},
		"file is the input": {map[string]any{"client-secret-file": "-"}, nil, testSecret + "\n", false},
		"command line":      {map[string]any{"client-secret": testSecret}, nil, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{}
			for _, source := range []environment{ids, c.env} {
				maps.Copy(env, source)
			}
			p, stderr := ready(t, c.flags, env, c.stdin)
			o, err := p.credentialOptions()
			if err != nil {
				t.Fatal(err)
			}
			if o.Secret.Reveal() != testSecret {
				t.Errorf("the secret was not read as it stands")
			}
			if warned := strings.Contains(stderr.String(), "other users of this machine"); warned != c.warns {
				t.Errorf("warned is %t: %s", warned, stderr)
			}
			p.log.Error("the secret is " + testSecret)
			if strings.Contains(stderr.String(), testSecret) {
				t.Errorf("the secret was printed: %s", stderr)
			}
		})
	}
}

func TestBadCredentials(t *testing.T) {
	t.Parallel()
	secret := environment{"AZURE_CLIENT_SECRET": testSecret}
	for name, c := range map[string]struct {
		flags map[string]any
		want  string
	}{
		"no tenant":        {map[string]any{"client-id": testClient}, "no tenant id"},
		"no client":        {map[string]any{"tenant-id": testTenant}, "no client id"},
		"client no GUID":   {map[string]any{"tenant-id": testTenant, "client-id": "app"}, "is not a GUID"},
		"swapped":          {map[string]any{"tenant-id": testTenant, "client-id": testTenant}, "client id and tenant id are the same"},
		"unknown host":     {map[string]any{"base-url": "https://api.securitycentre.microsoft.com"}, "did you mean"},
		"plain http":       {map[string]any{"base-url": "http://api.security.microsoft.com"}, "only https"},
		"other cloud":      {map[string]any{"base-url": "https://api.security.microsoft.com", "cloud": "gcc-high"}, "belongs to cloud global"},
		"emulator, no CA":  {map[string]any{"emulator": "127.0.0.1:1"}, "GATEHOUSE_EMULATOR_CA is not"},
		"no file":          {map[string]any{"certificate": "/nowhere/client.pem"}, "certificate: open /nowhere/client.pem"},
		"empty secret":     {map[string]any{"client-secret-file": write(t, "empty", "\n")}, "the file is empty"},
		"two lines":        {map[string]any{"client-secret-file": write(t, "two", "a\nb\n")}, "more than one line"},
		"no certificate":   {map[string]any{"tenant-id": testTenant, "client-id": testClient, "certificate": write(t, "c", "hello")}, "certificate"},
		"strange emulator": {map[string]any{"emulator": "10.0.0.1:443", "emulator-ca": write(t, "ca", "x")}, "is not a loopback address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := ready(t, c.flags, secret, "")
			_, err := p.connect()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if exitStatus(t.Context(), err) != exitUsage {
				t.Errorf("exit status is %d", exitStatus(t.Context(), err))
			}
		})
	}
}

func TestKeyPairSignsIn(t *testing.T) {
	t.Parallel()
	pair, err := newKeyPair(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pem := write(t, "client.pem", string(pair.private))
	pfx := write(t, "client.pfx", string(pair.pfx))
	password := write(t, "password", pair.password+"\n")
	for name, flags := range map[string]map[string]any{
		"pem": {"certificate": pem},
		"pfx": {"certificate": pfx, "certificate-password-file": password},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags["tenant-id"], flags["client-id"] = testTenant, testClient
			p, _ := ready(t, flags, nil, "")
			c, err := p.connect()
			if err != nil {
				t.Fatal(err)
			}
			inner, ok := c.credential.(*watchedCredential).TokenCredential.(*entra.Credential)
			if !ok || inner.Kind() != entra.KindCertificate || inner.Thumbprint() == "" {
				t.Errorf("credential is %v", c.credential)
			}
		})
	}
}

func TestStandardInputServesOnce(t *testing.T) {
	t.Parallel()
	p, _ := ready(t, map[string]any{"certificate": "-", "certificate-password-file": "-"}, nil, "x")
	_, err := p.credentialOptions()
	if err == nil || !strings.Contains(err.Error(), "cannot be both") {
		t.Errorf("error is %v", err)
	}
}

func TestRedactorHidesTokens(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newRedactor(&out)
	r.hide(testSecret)
	r.hide("abc") // too short to be a secret
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2FwaSJ9.c2lnbmF0dXJl"
	if _, err := r.Write([]byte("abc " + testSecret + " Bearer " + token + " https://x/?se=1&sig=c2lnbmF0dXJl%3D&x=1\n")); err != nil {
		t.Fatal(err)
	}
	want := "abc [redacted] Bearer [redacted] https://x/?se=1&sig=[redacted]&x=1\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
