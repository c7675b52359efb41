package entra

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// TestResolveBaseURL holds what each input resolves to, or its error. The second
// half is what people really type.
func TestResolveBaseURL(t *testing.T) {
	t.Parallel()
	cases := []struct {
		raw string
		o   BaseURLOptions
	}{
		{raw: ""},
		{raw: "", o: BaseURLOptions{Cloud: "dod"}},
		{raw: "https://api.security.microsoft.com"},
		{raw: "https://api.security.microsoft.com/"},
		{raw: "https://api.security.microsoft.com/api"},
		{raw: " https://API.Security.Microsoft.com:443/api/v1.0/ "},
		{raw: "https://eu.api.security.microsoft.com"},
		{raw: "https://aea.api.security.microsoft.com"},
		{raw: "https://api.securitycenter.microsoft.com"},
		{raw: "https://api.securitycenter.windows.com"},
		{raw: "https://api-gcc.securitycenter.microsoft.us"},
		{raw: "https://api-gov.securitycenter.microsoft.us"},
		{raw: "https://api-gov.securitycenter.microsoft.us", o: BaseURLOptions{Cloud: "DoD"}},
		{raw: "https://api-gov.securitycenter.microsoft.us", o: BaseURLOptions{Cloud: "gcc"}},
		{raw: "https://api.security.microsoft.com", o: BaseURLOptions{Cloud: "gcc_high"}},
		{raw: "https://api.security.microsoft.com", o: BaseURLOptions{Cloud: "china"}},
		{raw: "https://gateway.example:8443", o: BaseURLOptions{AllowHosts: []string{"Gateway.example:8443"}}},
		{raw: "https://gateway.example:8443", o: BaseURLOptions{AllowHosts: []string{"gateway.example"}}},
		{raw: "https://gateway.example", o: BaseURLOptions{AllowHosts: []string{"https://gateway.example"}}},
		{raw: "https://127.0.0.1:8443", o: BaseURLOptions{AllowHosts: []string{"127.0.0.1:8443"}, Cloud: "gcc"}},

		// The guide's spellings.
		{raw: "https://api-gcc.securitycenter.microsoft.com"},
		{raw: "https://api-gcc-high.securitycenter.microsoft.com"},
		{raw: "https://api-gcc-high.securitycenter.microsoft.com", o: BaseURLOptions{Cloud: "dod"}},
		{raw: "https://api-gcc-high.securitycenter.microsoft.com", o: BaseURLOptions{Cloud: "global"}},
		{raw: "https://api-gcc-high.securitycenter.microsoft.us"},
		{raw: "https://api-gov.securitycenter.microsoft.com"},
		{raw: "https://api-eu.security.microsoft.com"},
		{raw: "https://api-gcc.security.microsoft.us"},
		{raw: "https://api-gov.security.microsoft.us"},

		// Slips of the finger.
		{raw: "api.security.microsoft.com"},
		{raw: "https://api.security.microsft.com"},
		{raw: "https://api.securty.microsoft.com"},
		{raw: "https://api.security.microsoft.us"},
		{raw: "https://api.securitycentre.microsoft.com"},
		{raw: "https://ap.api.security.microsoft.com"},
		{raw: "https://api-gvo.securitycenter.microsoft.us"},
		{raw: "https://api-dod.securitycenter.microsoft.us"},
		{raw: "https://security.microsoft.com"},
		{raw: "https://securitycenter.windows.com"},
		{raw: "https://graph.microsoft.com/v1.0"},
		{raw: "https://graph.microsoft.com"},
		{raw: "https://login.microsoftonline.com"},
		{raw: "https://example.com"},
		{raw: "http://api.security.microsoft.com"},
		{raw: "ftp://api.security.microsoft.com"},
		{raw: "https://api.security.microsoft.com:8443"},
		{raw: "https://api.security.microsoft.com/api/alerts"},
		{raw: "https://api.security.microsoft.com?x=1"},
		{raw: "https://api.security.microsoft.com#x"},
		{raw: "https://"},
		{raw: "https:///api"},
		{raw: "https://api security microsoft com"},
		{raw: "https://[::1"},

		// Traps.
		{raw: "https://api.security.microsoft.com.evil.example"},
		{raw: "https://api.security.microsoft.com@evil.example"},
		{raw: "https://evil.example\\@api.security.microsoft.com"},
		{raw: "https://evilapi.security.microsoft.com"},
		{raw: "https://api.security.microsоft.com"}, // the second o is Cyrillic
		{raw: "https://10.0.0.1"},
		{raw: "aBc8Q~planted-secret-value-of-forty-chars"},
		{raw: "plantedsecretvalueofmorethanthirtychars"},
	}
	var out strings.Builder
	for _, tc := range cases {
		b, err := ResolveBaseURL(tc.raw, tc.o)
		fmt.Fprintf(&out, "%q cloud=%q allow=%q\n", tc.raw, tc.o.Cloud, tc.o.AllowHosts)
		if err != nil {
			if strings.Contains(err.Error(), "planted") {
				t.Errorf("%q: the error repeats what may be a secret: %v", tc.raw, err)
			}
			fmt.Fprintf(&out, "\terror: %v\n", err)
			continue
		}
		fmt.Fprintf(&out, "\t%s cloud=%s unlisted=%v\n", b, b.Cloud.Name, b.Unlisted)
		for _, w := range b.Warnings {
			fmt.Fprintf(&out, "\twarning: %s\n", w)
		}
	}
	golden.Check(t, "testdata/baseurl.golden", out.String())
}

func TestBaseURLGuard(t *testing.T) {
	t.Parallel()
	b := must(ResolveBaseURL("https://eu.api.security.microsoft.com", BaseURLOptions{}))
	unlisted := must(ResolveBaseURL("https://gateway.example:8443", BaseURLOptions{AllowHosts: []string{"gateway.example:8443"}}))
	for _, tc := range []struct {
		b    BaseURL
		url  string
		want bool
	}{
		{b, "https://api.security.microsoft.com/api/alerts", true},
		{b, "https://api.securitycenter.microsoft.com/api/alerts", true},
		{b, "https://api-gov.securitycenter.microsoft.us/api/alerts", false},
		{b, "https://gateway.example:8443/api/alerts", false},
		{unlisted, "https://gateway.example:8443/api/alerts", true},
		{unlisted, "https://gateway.example/api/alerts", false},
		{unlisted, "https://api.security.microsoft.com/api/alerts", false},
		{BaseURL{}, "https://api.security.microsoft.com/", false},
	} {
		if got := tc.b.Guard().Allow(must(url.Parse(tc.url))) == nil; got != tc.want {
			t.Errorf("%v: %s: %v", tc.b, tc.url, got)
		}
	}
	if (BaseURL{}).String() != "" {
		t.Error("the zero value has no URL")
	}
}

// TestResolvedHostsAreKnown: without AllowHosts, whatever is typed, the result is
// one of the table's hosts.
func TestResolvedHostsAreKnown(t *testing.T) {
	t.Parallel()
	var known []string
	for _, c := range Clouds() {
		known = append(known, c.MDE.Hosts...)
	}
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.SampledFrom(known).Draw(t, "host")
		at := rapid.IntRange(0, len(host)).Draw(t, "at")
		raw := host[:at] + rapid.StringMatching(`[a-z.@/:%#?\\-]{0,3}`).Draw(t, "typo") + host[min(len(host), at+rapid.IntRange(0, 2).Draw(t, "cut")):]
		b, err := ResolveBaseURL("https://"+raw, BaseURLOptions{})
		if err == nil && (!slices.Contains(known, b.URL.Host) || b.Unlisted) {
			t.Fatalf("%q became %v", raw, b)
		}
	})
}

func FuzzResolveBaseURL(f *testing.F) {
	f.Add("https://api.security.microsoft.com/api", "")
	f.Add("https://api-gcc.securitycenter.microsoft.com", "gcc")
	f.Add("https://u:p@host:99999/?#", "dod")
	f.Add("\x00://%zz", "x")
	f.Fuzz(func(t *testing.T, raw, cloud string) {
		b, err := ResolveBaseURL(raw, BaseURLOptions{Cloud: cloud})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("%q", err)
			}
			return
		}
		if err := b.Cloud.MDE.Guard().Allow(b.URL); err != nil {
			t.Errorf("%q became %v: %v", raw, b, err)
		}
	})
}
