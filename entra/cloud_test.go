package entra

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"pgregory.net/rapid"
)

func TestClouds(t *testing.T) {
	t.Parallel()
	for _, c := range Clouds() {
		if c.Title == "" || len(c.Downloads) == 0 || !authorityHosts().allows("https://"+hostOf(c.Authority)) {
			t.Errorf("%+v", c)
		}
		for _, api := range []gatehouse.API{gatehouse.APIMDE, gatehouse.APIXDR, gatehouse.APIGraph} {
			s := c.Service(api)
			if s.Hosts[0] != hostOf(s.URL) || s.Audiences[0] != s.Resource || s.Scope() != s.Resource+"/.default" {
				t.Errorf("%s: %+v", c.Name, s)
			}
			for _, h := range slices.Concat(s.Legacy, s.Geo) {
				if !slices.Contains(s.Hosts, h) {
					t.Errorf("%s: %s is not among the hosts", c.Name, h)
				}
			}
			if s.IsLegacy(s.Hosts[0]) {
				t.Errorf("%s: the preferred host is a legacy one", c.Name)
			}
		}
	}
}

func TestCloudByName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"global": "global", " GCC ": "gcc", "GCC High": "gcc-high", "gcc_high": "gcc-high", "DOD": "dod"} {
		if c, err := CloudByName(in); err != nil || c.Name != want {
			t.Errorf("%q: %q, %v", in, c.Name, err)
		}
	}
	if _, err := CloudByName("china"); err == nil || !strings.Contains(err.Error(), "global, gcc, gcc-high, dod") {
		t.Errorf("error %v", err)
	}
}

// allows is Allow for a test's text.
func (h Hosts) allows(raw string) bool { return h.Allow(must(url.Parse(raw))) == nil }

func TestHosts(t *testing.T) {
	t.Parallel()
	h := must(NewHosts("API.example.com", "127.0.0.1:8443", "[::1]:8443", ".blob.core.windows.net"))
	for raw, want := range map[string]bool{
		"https://api.example.com/x":                          true,
		"https://API.EXAMPLE.COM:443/x":                      true,
		"https://api.example.com:8443/x":                     false,
		"http://api.example.com/x":                           false,
		"https://user@api.example.com/x":                     false,
		"https://api.example.com.evil.example/x":             false,
		"https://evil-api.example.com/x":                     false,
		"https://127.0.0.1:8443/":                            true,
		"https://127.0.0.1/":                                 false,
		"https://[::1]:8443/":                                true,
		"https://a1.blob.core.windows.net/c?sig=x":           true,
		"https://a.z1.blob.core.windows.net/":                true,
		"https://blob.core.windows.net/":                     false,
		"https://.blob.core.windows.net/":                    false,
		"https://evil.example/.blob.core.windows.net":        false,
		"https://blob.core.windows.net.evil.example/":        false,
		"https://x_y.evil.example%2f.blob.core.windows.net/": false,
		"//api.example.com/x":                                false,
		"https:api.example.com":                              false,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			if want {
				t.Error(err)
			}
			continue
		}
		if got := h.Allow(u) == nil; got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
	var refused *HostError
	if err := h.Allow(nil); !errors.As(err, &refused) || (Hosts{}).allows("https://api.example.com") {
		t.Errorf("error %v", err)
	}
	if len(h.Names()) != 4 {
		t.Errorf("names %q", h.Names())
	}
	for _, bad := range []string{"", ".", ".com", "https://a.example", "a b", "a.example/x", "a.example:0x1", "*.example", "-a.example"} {
		if _, err := NewHosts(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestForeignHostsAreRefused: whatever is put before or behind a known host, only
// the hosts of the table pass.
func TestForeignHostsAreRefused(t *testing.T) {
	t.Parallel()
	c := globalCloud()
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SampledFrom(c.MDE.Hosts).Draw(t, "known")
		host := rapid.StringMatching(`[a-z0-9.@:-]{0,6}`).Draw(t, "before") + known + rapid.StringMatching(`[a-z0-9.@:-]{0,6}`).Draw(t, "behind")
		u, err := url.Parse("https://" + host + "/api")
		if err == nil && c.MDE.Guard().Allow(u) == nil && !slices.Contains(c.MDE.Hosts, u.Hostname()) {
			t.Fatalf("%s passes", u)
		}
	})
}

func TestDownloadGuard(t *testing.T) {
	t.Parallel()
	g := globalCloud().DownloadGuard()
	for _, link := range []string{"https://x.blob.core.windows.net/a", "https://userrequests-us.securitycenter.windows.com:443/safedownload/p.zip?token=t"} {
		if !g.allows(link) {
			t.Errorf("global refuses %s", link)
		}
	}
	for _, link := range []string{"https://x.blob.core.usgovcloudapi.net/a", "https://securitycenter.windows.com/a", "https://x-securitycenter.windows.com/a", "http://x.securitycenter.windows.com/a"} {
		if g.allows(link) {
			t.Errorf("global takes %s", link)
		}
	}
	if g := gccHighCloud().DownloadGuard(); !g.allows("https://x.blob.core.usgovcloudapi.net/a") {
		t.Error("gcc-high")
	}
}
