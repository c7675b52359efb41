package entra

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// BaseURLOptions narrow what [ResolveBaseURL] accepts. The zero value is useful.
type BaseURLOptions struct {
	// AllowHosts are hosts outside Microsoft's that may be used, each a host or a
	// host with a port. Default: none. Naming a host here means that tokens are
	// sent to it.
	AllowHosts []string
	// Cloud is the name of the cloud. Default: that of the host, and where two
	// clouds share a host (GCC High and DoD), GCC High. A host of another cloud
	// than the one named is an error.
	Cloud string
}

// BaseURL is a base URL that was checked against Microsoft's hosts.
type BaseURL struct {
	URL      *url.URL // scheme and host alone: https://api.security.microsoft.com
	Cloud    Cloud    // the cloud that the host belongs to
	Warnings []string // one sentence each, for people
	Unlisted bool     // not one of Microsoft's hosts; AllowHosts named it
}

// String returns the URL.
func (b BaseURL) String() string {
	if b.URL == nil {
		return ""
	}
	return b.URL.String()
}

// Guard returns the hosts to which a Defender for Endpoint token may be sent:
// all of the cloud, or the one unlisted host.
func (b BaseURL) Guard() Hosts {
	if b.Unlisted && b.URL != nil {
		return Hosts{exact: []string{b.URL.Host}}
	}
	return b.Cloud.MDE.Guard()
}

// ResolveBaseURL turns what a person gave as the API base URL into a checked
// one. The path may be empty, "/", "/api" or "/api/v1.0"; a missing scheme means
// https; the empty string means the base of the cloud. Spellings that circulate
// in guides and that Microsoft does not document resolve to the documented host
// with a warning. An unknown host is an error that lists the nearest known ones.
func ResolveBaseURL(raw string, o BaseURLOptions) (BaseURL, error) {
	cloud, err := optionalCloud(o.Cloud)
	if err != nil {
		return BaseURL{}, err
	}
	if strings.TrimSpace(raw) == "" {
		return newBaseURL(hostOf(cloud.MDE.URL), cloud, nil), nil
	}
	u, warnings, err := parseBaseURL(raw)
	if err != nil {
		return BaseURL{}, err
	}
	b, err := resolveHost(u.Host, cloud, o)
	if err != nil {
		return BaseURL{}, err
	}
	// After the host, so that a wrong host is named before a wrong path.
	if !slices.Contains([]string{"", "/api", "/api/v1.0"}, strings.ToLower(strings.TrimRight(u.Path, "/"))) {
		return BaseURL{}, fmt.Errorf("base url has a path: give %s alone, the operations add /api themselves", b)
	}
	b.Warnings = slices.Concat(warnings, b.Warnings)
	return b, nil
}

// resolveHost finds the host among Microsoft's, or among the allowed ones.
func resolveHost(host string, cloud Cloud, o BaseURLOptions) (BaseURL, error) {
	if known, ok, err := resolveKnownHost(host, o.Cloud, cloud); ok || err != nil {
		return known, err
	}
	allowed, err := NewHosts(o.AllowHosts...)
	if err != nil {
		return BaseURL{}, err
	}
	if !slices.Contains(allowed.exact, host) {
		return BaseURL{}, unknownHostError(host)
	}
	b := newBaseURL(host, cloud, []string{fmt.Sprintf(
		"host %s is not one of Microsoft's and was allowed by name: access tokens are sent to it", host)})
	b.Unlisted = true
	return b, nil
}

// optionalCloud is CloudByName with a default.
func optionalCloud(name string) (Cloud, error) {
	if name == "" {
		return globalCloud(), nil
	}
	return CloudByName(name)
}

func newBaseURL(host string, c Cloud, warnings []string) BaseURL {
	return BaseURL{URL: &url.URL{Scheme: "https", Host: host}, Cloud: c, Warnings: warnings}
}

func hostOf(base string) string { return strings.TrimPrefix(base, "https://") }

// parseBaseURL parses what was given and checks all but host and path.
func parseBaseURL(raw string) (u *url.URL, warnings []string, err error) {
	if !strings.Contains(raw, "://") {
		warnings = append(warnings, "the base url has no scheme: https is assumed")
	}
	u, ok := parseHostURL(raw)
	if !ok {
		return nil, nil, errors.New("base url is not a URL: give one such as https://api.security.microsoft.com")
	}
	return u, warnings, checkBaseURL(u)
}

// checkBaseURL holds what a base URL must look like besides host and path.
func checkBaseURL(u *url.URL) error {
	switch {
	case u.Scheme != "https":
		return fmt.Errorf("base url has scheme %s: only https is allowed", quoteHarmless(u.Scheme))
	case u.User != nil:
		return errors.New("base url carries user information: remove everything up to the @")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("base url carries a query or a fragment: remove everything from ? or #")
	case !isHostPort(u.Host):
		return errors.New("base url has no valid host name: give one such as https://api.security.microsoft.com")
	}
	return nil
}

// resolveKnownHost finds the host among Microsoft's, directly or by an alias. The
// cloud wanted counts only when it was named.
func resolveKnownHost(host, named string, want Cloud) (BaseURL, bool, error) {
	var warnings []string
	if to, why, ok := aliasOf(host); ok {
		warnings = append(warnings, fmt.Sprintf("%s %s: %s is used instead", host, why, to))
		host = to
	}
	owners := slices.DeleteFunc(Clouds(), func(c Cloud) bool { return !slices.Contains(c.MDE.Hosts, host) })
	if len(owners) == 0 {
		return BaseURL{}, false, nil
	}
	cloud := owners[0]
	if named != "" {
		i := slices.IndexFunc(owners, func(c Cloud) bool { return c.Name == want.Name })
		if i < 0 {
			return BaseURL{}, false, fmt.Errorf("base url host %s belongs to cloud %s, not to %s: use %s or cloud %s",
				host, cloud.Name, want.Name, want.MDE.URL, cloud.Name)
		}
		cloud = owners[i]
	}
	if cloud.MDE.IsLegacy(host) {
		warnings = append(warnings, fmt.Sprintf("%s is Microsoft's old host and ends on %s: change the base url to %s",
			host, gatehouse.Retirement, cloud.MDE.URL))
	}
	return newBaseURL(host, cloud, warnings), true, nil
}
