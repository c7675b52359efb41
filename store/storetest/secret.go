package storetest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// keyLine makes a key of one letter.
func keyLine(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

func testSecrets(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o := fresh(t)
	path := filepath.Join(t.TempDir(), "keys")
	o.Key = "file:" + path
	keys := func(lines ...string) {
		must(0, os.WriteFile(path, []byte("# keys\n"+strings.Join(lines, "\n")+"\n"), 0o600))(t)
	}
	keys(keyLine("a"))
	f := open(t, o)
	const value = "tell-nobody-8Q~x"
	must(0, f.s.PutSecret(t.Context(), f.integration, store.SecretCredential, store.NewSecret(value)))(t)
	read := func(s *store.Store) (string, error) {
		got, err := s.Secret(t.Context(), f.integration, store.SecretCredential)
		return got.Reveal(), err
	}
	if got := must(read(f.s))(t); got != value {
		t.Errorf("got %q", got)
	}
	if _, err := f.s.Secret(t.Context(), f.integration, store.SecretPassword); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := f.s.PutSecret(t.Context(), "nobody", store.SecretCredential, store.NewSecret(value)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	checkSealed(t, f, value)
	reopened := func() *store.Store {
		s := must(store.Open(t.Context(), o))(t)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	keys(keyLine("b"))
	if _, err := read(reopened()); !errors.Is(err, store.ErrKey) || strings.Contains(err.Error(), value) {
		t.Errorf("with another key: got %v", err)
	}
	keys(keyLine("b"), keyLine("a")) // the new one seals, the old one still opens
	rotating := reopened()
	if n := must(rotating.ResealSecrets(t.Context(), ""))(t); n != 1 {
		t.Errorf("%d secrets sealed anew", n)
	}
	keys(keyLine("b"))
	if got := must(read(reopened()))(t); got != value {
		t.Errorf("after the rotation: got %q", got)
	}
	testReseal(t, f, o)
	for name, text := range map[string]string{"short": "YWJj", "none": "#", "text": "not a key"} {
		keys(text)
		if err := reopened().PutSecret(t.Context(), f.integration, "x", store.NewSecret("y")); !errors.Is(err, store.ErrKey) || strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	must(0, os.Chmod(path, 0o644))(t) //nolint:gosec // that is the mistake
	if _, err := read(reopened()); !errors.Is(err, store.ErrKey) {
		t.Errorf("a key for all to read: got %v", err)
	}
}

// testReseal seals with the key of another file, all or nothing.
func testReseal(t *testing.T, f *fixture, o store.Options) {
	t.Helper()
	other := filepath.Join(t.TempDir(), "other")
	must(0, os.WriteFile(other, []byte(keyLine("c")), 0o600))(t)
	s := must(store.Open(t.Context(), o))(t)
	defer func() { _ = s.Close() }()
	opens := func(s *store.Store, names ...string) {
		t.Helper()
		for _, name := range names {
			if _, err := s.Secret(t.Context(), f.integration, name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	must(0, s.PutSecret(t.Context(), f.integration, store.SecretPassword, store.NewSecret("b")))(t)
	must(s.DB().ExecContext(t.Context(), "UPDATE secrets SET key_id = 'lost' WHERE name = $1", store.SecretPassword))(t)
	for key, why := range map[string]string{"file:" + other: "sealed with key lost", "file:" + other + ".none": "no such file", "nothing": "a reference is written"} {
		if n, err := s.ResealSecrets(t.Context(), key); n != 0 || !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %d, %v", key, n, err)
		}
	}
	opens(s, store.SecretCredential)
	must(0, s.PutSecret(t.Context(), f.integration, store.SecretPassword, store.NewSecret("b")))(t)
	for range 2 { // again does no harm
		if n := must(s.ResealSecrets(t.Context(), "file:"+other))(t); n != 2 {
			t.Errorf("%d secrets sealed anew", n)
		}
	}
	opens(s, store.SecretCredential, store.SecretPassword)
	old := must(store.Open(t.Context(), o))(t)
	defer func() { _ = old.Close() }()
	if _, err := old.Secret(t.Context(), f.integration, store.SecretCredential); !errors.Is(err, store.ErrKey) {
		t.Errorf("with the old key: got %v", err)
	}
	if n := must(old.ResealSecrets(t.Context(), "file:"+other))(t); n != 2 { // of a process that has the old key alone
		t.Errorf("%d secrets sealed anew", n)
	}
	o.Key = "file:" + other
	fresh := must(store.Open(t.Context(), o))(t)
	defer func() { _ = fresh.Close() }()
	opens(fresh, store.SecretCredential, store.SecretPassword)
}

// testTogether keeps settings and secrets in one step: when the settings are refused
// the secrets stay as they were, and none stays of an integration that is not taken.
func testTogether(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o := fresh(t)
	path := filepath.Join(t.TempDir(), "keys")
	must(0, os.WriteFile(path, []byte(keyLine("a")), 0o600))(t)
	o.Key = "file:" + path
	f := open(t, o)
	secrets := func(credential, password string) []store.NamedSecret {
		return []store.NamedSecret{{Name: store.SecretCredential, Value: store.NewSecret(credential)}, {Name: store.SecretPassword, Value: store.NewSecret(password)}}
	}
	i := must(f.s.AddIntegration(t.Context(), gatehouse.Integration{Name: "fabrikam"}, secrets("one", "")...))(t)
	holds := func(what, credential, password string) {
		t.Helper()
		for name, want := range map[string]string{store.SecretCredential: credential, store.SecretPassword: password} {
			got, err := f.s.Secret(t.Context(), i.ID, name)
			if got.Reveal() != want || (want == "") != errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %s: got %q, %v", what, name, got.Reveal(), err)
			}
		}
	}
	holds("added", "one", "")
	taken := i
	taken.Name = "contoso"
	if err := f.s.UpdateIntegration(t.Context(), taken, secrets("two", "password")...); !errors.Is(err, store.ErrExists) {
		t.Errorf("got %v", err)
	}
	holds("refused", "one", "")
	must(0, f.s.UpdateIntegration(t.Context(), i, secrets("two", "password")...))(t)
	holds("changed", "two", "password")
	must(0, f.s.UpdateIntegration(t.Context(), i))(t)
	holds("settings alone", "two", "password")
	must(0, f.s.UpdateIntegration(t.Context(), i, secrets("three", "")...))(t)
	holds("without password", "three", "")
	if _, err := f.s.AddIntegration(t.Context(), gatehouse.Integration{ID: "another", Name: "contoso"}, secrets("four", "")...); !errors.Is(err, store.ErrExists) {
		t.Errorf("got %v", err)
	}
	if _, err := f.s.Secret(t.Context(), "another", store.SecretCredential); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// checkSealed looks for the value in what is kept, and moves a sealed secret
// to where it must not open.
func checkSealed(t *testing.T, f *fixture, value string) {
	t.Helper()
	var sealed []byte
	must(0, f.s.DB().QueryRowContext(t.Context(), "SELECT sealed FROM secrets").Scan(&sealed))(t)
	if bytes.Contains(sealed, []byte(value)) || len(sealed) == 0 {
		t.Errorf("the secret is kept open: %q", sealed)
	}
	_, err := f.s.DB().ExecContext(t.Context(), "INSERT INTO secrets (integration_id, name, key_id, sealed) SELECT integration_id, 'moved', key_id, sealed FROM secrets")
	must(0, err)(t)
	if got, err := f.s.Secret(t.Context(), f.integration, "moved"); !errors.Is(err, store.ErrKey) {
		t.Errorf("a moved secret: got %s, %v", got, err)
	}
	_, err = f.s.DB().ExecContext(t.Context(), "DELETE FROM secrets WHERE name = 'moved'")
	must(0, err)(t)
	secret := store.NewSecret(value)
	for _, text := range []string{fmt.Sprint(secret), fmt.Sprintf("%+v %#v %q %x", secret, secret, secret, secret), fmt.Sprintf("%+v", struct{ s store.Secret }{secret})} {
		if strings.Contains(text, value) || strings.Contains(text, fmt.Sprintf("%x", value)) {
			t.Errorf("a secret prints itself: %s", text)
		}
	}
}
