package entra

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// authorityInfo is a checked login authority.
type authorityInfo struct {
	url   string // https URL without path
	hosts Hosts  // where a secret or an assertion may be sent
}

// resolveAuthority checks where to sign in. The authority receives the secret, so
// one outside Microsoft's must be on this machine or be allowed by name.
func resolveAuthority(raw string, allowHosts []string) (authorityInfo, error) {
	host, err := authorityHost(raw)
	if err != nil {
		return authorityInfo{}, err
	}
	known := authorityHosts()
	if slices.Contains(known.exact, host) {
		return authorityInfo{url: "https://" + host, hosts: known}, nil
	}
	allowed, err := NewHosts(allowHosts...)
	if err != nil {
		return authorityInfo{}, err
	}
	if !isLoopback(host) && !slices.Contains(allowed.exact, host) {
		return authorityInfo{}, fmt.Errorf("authority host %s is not one of Microsoft's: use %s or %s (another one must be allowed by name, with --allow-host)",
			quoteHarmless(host), AuthorityGlobal, AuthorityUSGov)
	}
	return authorityInfo{url: "https://" + host, hosts: Hosts{exact: []string{host}}}, nil
}

// authorityHost returns the lower-case host of an authority URL. Older samples
// sign in at names that still work; they become today's.
func authorityHost(raw string) (string, error) {
	u, ok := parseHostURL(raw)
	// Written out again, a URL with user, path, query or fragment is longer.
	if !ok || strings.TrimRight(u.String(), "/") != "https://"+u.Host || !isHostPort(u.Host) {
		return "", fmt.Errorf("authority is not an https URL without path: give one such as %s", AuthorityGlobal)
	}
	if slices.Contains([]string{"login.windows.net", "login.microsoft.com", "sts.windows.net"}, u.Host) {
		return hostOf(AuthorityGlobal), nil
	}
	return u.Host, nil
}

// isLoopback reports whether a host, with or without port, is this machine.
func isLoopback(hostport string) bool {
	host, _ := splitPort(hostport)
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.IsLoopback()
}
