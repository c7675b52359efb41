package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// A credential is replaced as a whole or not at all, also by one of another kind:
// when the replacement breaks off, the old one still signs in.
func TestRotation(t *testing.T) {
	t.Parallel()
	e := emulate(t, emulator.Options{Size: small()})
	a := open(t, e, app.Options{Data: t.TempDir()})
	access := e.DefaultTenant()
	i := added(t, a, newIntegration("contoso", access))
	works := func(kind gatehouse.CredentialKind, secrets ...string) {
		t.Helper()
		if h := read(t, a, i.ID, stream.Devices); h.State != gatehouse.StreamHealthy {
			t.Errorf("with a %s: got %+v", kind, h)
		}
		now, err := a.Store().Integration(t.Context(), i.ID)
		must(t, err)
		if now.Credential.Kind != kind {
			t.Errorf("got a %s, want a %s", now.Credential.Kind, kind)
		}
		for at, name := range []string{store.SecretCredential, store.SecretPassword} {
			want := at < len(secrets)
			if got, err := a.Store().Secret(t.Context(), i.ID, name); want && (err != nil || got.Reveal() != secrets[at]) || !want && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the %s of a %s: %v", name, kind, err)
			}
		}
	}
	certificate := app.NewCredential{
		Credential: gatehouse.Credential{Kind: gatehouse.CredentialCertificate},
		Secret:     entra.NewSecret(string(access.CertificatePFX)), Password: entra.NewSecret(access.CertificatePassword),
	}
	breaks(t, a, "UPDATE OF settings ON integrations")
	if _, _, err := a.ReplaceCredential(t.Context(), i.ID, certificate); err == nil {
		t.Fatal("it was replaced in spite of the database")
	}
	works(gatehouse.CredentialClientSecret, access.Secret)
	breaks(t, a, "INSERT ON secrets")
	if _, _, err := a.ReplaceCredential(t.Context(), i.ID, certificate); err == nil {
		t.Fatal("it was replaced in spite of the database")
	}
	works(gatehouse.CredentialClientSecret, access.Secret)
	breaks(t, a, "")
	_, _, err := a.ReplaceCredential(t.Context(), i.ID, certificate)
	must(t, err)
	works(gatehouse.CredentialCertificate, string(access.CertificatePFX), access.CertificatePassword)
	path := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(path, []byte(access.Secret), 0o600))
	_, _, err = a.ReplaceCredential(t.Context(), i.ID, app.NewCredential{
		Credential: gatehouse.Credential{Kind: gatehouse.CredentialClientSecret, Reference: "file:" + path},
	})
	must(t, err)
	works(gatehouse.CredentialClientSecret) // and nothing of the old one is kept
}

// breaks lets the database refuse a kind of statement; none when it is empty.
func breaks(t *testing.T, a *app.App, when string) {
	t.Helper()
	_, err := a.Store().DB().ExecContext(t.Context(), "DROP TRIGGER IF EXISTS breaks")
	must(t, err)
	if when != "" {
		_, err = a.Store().DB().ExecContext(t.Context(), "CREATE TRIGGER breaks BEFORE "+when+" BEGIN SELECT RAISE(ABORT, 'it breaks off'); END")
		must(t, err)
	}
}
