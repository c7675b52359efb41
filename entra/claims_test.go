package entra

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseClaims(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		claims map[string]any
		want   Claims
	}{
		{
			"version 1.0", map[string]any{
				"aud": "https://api.securitycenter.microsoft.com", "iss": "https://sts.windows.net/" + testTenant + "/", "tid": testTenant,
				"appid": testClient, "appidacr": "1", "app_displayname": "gatehouse", "oid": "o", "roles": []string{"Machine.Read.All", "Alert.Read.All"},
				"iat": 1767225600, "nbf": 1767225600, "exp": 1767229500, "ver": "1.0", "aio": "opaque",
			},
			Claims{
				Audience: []string{"https://api.securitycenter.microsoft.com"}, Issuer: "https://sts.windows.net/" + testTenant + "/", TenantID: testTenant,
				AppID: testClient, AppName: "gatehouse", ObjectID: "o", Roles: []string{"Machine.Read.All", "Alert.Read.All"}, Proof: "1", Version: "1.0",
				Expires: time.Unix(1767229500, 0).UTC(), IssuedAt: time.Unix(1767225600, 0).UTC(), NotBefore: time.Unix(1767225600, 0).UTC(),
			},
		},
		{
			"version 2.0", map[string]any{"aud": AppIDMDE, "azp": testClient, "azpacr": "2", "ver": "2.0"},
			Claims{Audience: []string{AppIDMDE}, AppID: testClient, Proof: "2", Version: "2.0"},
		},
		{"no roles", map[string]any{"roles": nil, "exp": nil}, Claims{}},
		{"one role as text", map[string]any{"roles": "Score.Read.All"}, Claims{Roles: []string{"Score.Read.All"}}},
		{"delegated", map[string]any{"scp": "Machine.Read Alert.Read"}, Claims{Scopes: []string{"Machine.Read", "Alert.Read"}}},
		{"numbers as text", map[string]any{"exp": "1767229500", "iat": "", "nbf": 1767225600.5}, Claims{
			Expires: time.Unix(1767229500, 0).UTC(), NotBefore: time.Unix(1767225600, 0).UTC(),
		}},
		{"several audiences", map[string]any{"aud": []string{"a", "b"}}, Claims{Audience: []string{"a", "b"}}},
	}
	for _, tc := range cases {
		got, err := ParseClaims(testToken(tc.claims))
		if diff := cmp.Diff(tc.want, got, cmp.Transformer("empty", func(s []string) string { return strings.Join(s, "|") })); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", tc.name, err, diff)
		}
	}
}

func TestParseClaimsRefuses(t *testing.T) {
	t.Parallel()
	middle := func(s string) string { return "a." + base64.RawURLEncoding.EncodeToString([]byte(s)) + ".c" }
	for name, token := range map[string]string{
		"empty": "", "two parts": "a.b", "four parts": "a.b.c.d", "not base64": "a.!planted!.c", "not json": middle("planted"),
		"an array": middle(`["planted"]`), "roles of numbers": middle(`{"roles":[1]}`), "exp of words": middle(`{"exp":"planted"}`),
		"exp too far": middle(`{"exp":1e300}`), "exp negative": middle(`{"exp":-1}`), "too long": middle(`{"a":"` + strings.Repeat("planted", maxToken/7) + `"}`),
	} {
		_, err := ParseClaims(token)
		if err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestClaimsQuestions(t *testing.T) {
	t.Parallel()
	c := Claims{Audience: []string{"https://API.securitycenter.microsoft.com/"}, Roles: []string{"Machine.Read.All"}}
	global := globalCloud()
	if !c.ForAudience(global.MDE.Audiences...) || c.ForAudience(global.XDR.Audiences...) || (Claims{}).ForAudience(global.MDE.Audiences...) {
		t.Error("audience")
	}
	if !c.HasRole("Machine.Read.All") || c.HasRole("machine.read.all") {
		t.Error("role")
	}
}

// TestClaimsRoundTrip: whatever roles and times a token carries come out again.
func TestClaimsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z.]{1,30}`), 0, 40).Draw(t, "roles")
		exp := rapid.Int64Range(0, 253402300799).Draw(t, "exp")
		got, err := ParseClaims(testToken(map[string]any{"roles": roles, "exp": exp}))
		if err != nil || !cmp.Equal(append([]string{}, roles...), append([]string{}, got.Roles...)) || got.Expires.Unix() != exp {
			t.Fatalf("%v %v %v", err, got.Roles, got.Expires)
		}
	})
}

func FuzzParseClaims(f *testing.F) {
	f.Add(testToken(map[string]any{"aud": "x", "roles": []string{"a"}, "exp": 1}))
	f.Add("a.eyJleHAiOiJ4In0.c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := ParseClaims(token)
		if err == nil && strings.ContainsAny(c.String(), "\r\n\x1b") {
			t.Errorf("%q", c)
		}
		if err != nil && len(token) > 20 && strings.Contains(err.Error(), token) {
			t.Errorf("the error repeats the token")
		}
	})
}
