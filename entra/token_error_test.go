package entra

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
)

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		status int
		code   int
		oauth  string
		text   string
	}{
		{"secret id", 401, 7000215, "invalid_client", "Invalid client secret provided."},
		{"expired secret", 401, 7000222, "invalid_client", "The provided client secret keys are expired."},
		{"other tenant", 400, 700016, "unauthorized_client", "Application was not found in the directory 'Contoso'."},
		{"certificate", 401, 700027, "invalid_client", "[Reason - The key was not found.]"},
		{"conditional access", 400, 53003, "access_denied", "Access has been blocked."},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeEntra(t)
			f.token = refusal(tc.status, tc.code, tc.oauth, tc.text)
			c := newTestCredential(t, options(f))
			_, err := c.Token(t.Context(), "https://graph.microsoft.com")
			got, ok := AsTokenError(fmt.Errorf("wrapped: %w", err))
			want := &TokenError{
				Code: tc.code, Err: tc.oauth, Description: tc.text, TraceID: "t-1", CorrelationID: "c-1",
				Timestamp: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Status: tc.status,
			}
			if diff := cmp.Diff(want, got); !ok || diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			if known, ok := got.Known(); !ok || known.Code != tc.code || got.Transient() {
				t.Errorf("known %v, transient %v", known, got.Transient())
			}
			// The same out of azidentity's own error, as a user's credential gives it.
			_, err = c.inner.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{testScope}})
			if got, ok := AsTokenError(err); !ok || got.Code != tc.code {
				t.Errorf("out of azidentity's error: %v %v", got, ok)
			}
		})
	}
}

func TestUnknownTenant(t *testing.T) {
	t.Parallel()
	f := newFakeEntra(t)
	f.discovery = refusal(400, 90002, "invalid_tenant", "Tenant 'x' not found.")
	_, err := newTestCredential(t, options(f)).Token(t.Context(), "https://graph.microsoft.com")
	if te, ok := AsTokenError(err); !ok || te.Code != 90002 {
		t.Errorf("error %v", err)
	}
	_, err = Discover(t.Context(), f.Client(), f.URL, testTenant)
	if te, ok := AsTokenError(err); !ok || te.Code != 90002 {
		t.Errorf("error %v", err)
	}
}

func TestParseTokenError(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	cases := []struct {
		name, body, want string
		code             int
	}{
		{
			"newer form on one line",
			`{"error":"invalid_client","error_description":"AADSTS7000215: Wrong. Trace ID: a Correlation ID: b Timestamp: 2026-01-01 00:00:00Z","error_codes":[7000215]}`,
			"entra refused the token request with AADSTS7000215 (invalid_client, http 400): Wrong.", 7000215,
		},
		{
			"code in the text alone", `{"error":"invalid_request","error_description":"AADSTS90002: Tenant not found.","error_codes":null}`,
			"entra refused the token request with AADSTS90002 (invalid_request, http 400): Tenant not found.", 90002,
		},
		{"codes as text", `{"error":"e","error_codes":["x"]}`, "entra refused the token request (e, http 400)", 0},
		{"empty object", `{}`, "entra refused the token request (http 400)", 0},
		{"a proxy's page", `<html>s3cr3t</html>`, "entra refused the token request (http 400): the answer is not Entra's: look for a proxy in between", 0},
		{"nothing", ``, "entra refused the token request (http 400): the answer is not Entra's: look for a proxy in between", 0},
		{"control characters", `{"error":"e\u001b[31m","error_description":"a\r\nb\u0000c"}`, "entra refused the token request (e [31m, http 400): a b c", 0},
		{"a token in the text", `{"error":"e","error_description":"got ` + testToken(map[string]any{"a": 1}) + `!"}`, "entra refused the token request (e, http 400): got [redacted]!", 0},
		{"a long text", `{"error":"e","error_description":"` + long + `"}`, "entra refused the token request (e, http 400): " + long[:1000] + "…", 0},
	}
	for _, tc := range cases {
		e := parseTokenError(400, []byte(tc.body))
		if e.Error() != tc.want || e.Code != tc.code {
			t.Errorf("%s: code %d, %q", tc.name, e.Code, e)
		}
	}
}

func TestTransient(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		e    TokenError
		want bool
	}{
		{TokenError{Status: 400, Code: 90033}, true},
		{TokenError{Status: 400, Err: "temporarily_unavailable"}, true},
		{TokenError{Status: 429}, true},
		{TokenError{Status: 502}, true},
		{TokenError{Status: 401, Code: 7000215}, false},
		{TokenError{Status: 400, Code: 123456}, false},
	} {
		if tc.e.Transient() != tc.want {
			t.Errorf("%v: transient %v", &tc.e, !tc.want)
		}
	}
}

func TestAsTokenErrorOfOthers(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("other"), http.ErrHandlerTimeout} {
		if te, ok := AsTokenError(err); ok || te != nil {
			t.Errorf("%v is %v", err, te)
		}
	}
}

func TestKnownTokenErrors(t *testing.T) {
	t.Parallel()
	known := KnownTokenErrors()
	if !slices.IsSortedFunc(known, func(a, b KnownTokenError) int { return a.Code - b.Code }) {
		t.Error("not in order")
	}
	for i, k := range known {
		if k.Title == "" || k.Meaning == "" || strings.HasSuffix(k.Meaning, ".") || i > 0 && known[i-1].Code == k.Code {
			t.Errorf("%+v", k)
		}
	}
}

func FuzzParseTokenError(f *testing.F) {
	f.Add([]byte(`{"error":"invalid_client","error_description":"AADSTS7000215: x\r\nTrace ID: y","error_codes":[7000215],"timestamp":"2026-01-01 00:00:00Z"}`))
	f.Add([]byte(`{"error_codes":[-1],"error_description":"AADSTS999999999999"}`))
	f.Add([]byte("null"))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := parseTokenError(400, body)
		if text := e.Error(); strings.ContainsAny(text, "\r\n\x1b") || e.Code < 0 {
			t.Errorf("%q", text)
		}
	})
}
