package entra

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Hosts is a set of hosts to which something may be sent. The zero value allows
// none. A Hosts value is immutable and safe for concurrent use.
type Hosts struct {
	exact    []string // "host" or "host:port", lower case
	suffixes []string // ".example.com", lower case
}

// HostError tells that a URL points to a host outside the allowed set.
type HostError struct {
	Host   string // host and port of the URL, quoted; its length alone when it is no host name
	Reason string // what is wrong with it
}

// Error returns one line that names the host and the reason.
func (e *HostError) Error() string {
	return fmt.Sprintf("host %s refused: %s", e.Host, e.Reason)
}

// NonRetriable tells azcore's pipelines not to repeat the request.
func (*HostError) NonRetriable() {}

var _ error = (*HostError)(nil)

// NewHosts makes a set of names. A name is a host ("api.example.com", which
// means port 443), a host with a port ("127.0.0.1:8443"), or a suffix with a
// leading dot (".blob.core.windows.net", which matches exactly one or more
// labels before it). Anything else is an error.
func NewHosts(names ...string) (Hosts, error) {
	var h Hosts
	for _, name := range names {
		clean := strings.ToLower(strings.TrimSpace(name))
		if suffix, ok := strings.CutPrefix(clean, "."); ok && isHostName(suffix) && strings.Contains(suffix, ".") {
			h.suffixes = append(h.suffixes, clean)
			continue
		}
		if !isHostPort(clean) {
			return Hosts{}, fmt.Errorf("%s is not a host name: give a host such as api.example.com or 127.0.0.1:8443, without scheme and path", quoteHarmless(name))
		}
		h.exact = append(h.exact, strings.TrimSuffix(clean, ":443"))
	}
	return h, nil
}

// Allow returns nil when u is an https URL to a host of the set, and a
// [*HostError] otherwise. User information in the URL, a port that the set does
// not name and every scheme but https are refused. Call it before a token is
// attached.
func (h Hosts) Allow(u *url.URL) error {
	if u == nil {
		return &HostError{Host: `""`, Reason: "there is no URL"}
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	switch {
	case u.Scheme != "https":
		return &HostError{Host: quoteHarmless(host), Reason: "only https is allowed"}
	case u.User != nil || u.Opaque != "":
		return &HostError{Host: quoteHarmless(host), Reason: "the URL carries user information"}
	case slices.Contains(h.exact, host) || h.matchesSuffix(host):
		return nil
	}
	return &HostError{Host: quoteHarmless(host), Reason: "it is not one of the known hosts of this service"}
}

// Names returns the members of the set, suffixes with their leading dot.
func (h Hosts) Names() []string { return slices.Concat(h.exact, h.suffixes) }

func (h Hosts) matchesSuffix(host string) bool {
	return slices.ContainsFunc(h.suffixes, func(suffix string) bool {
		label, ok := strings.CutSuffix(host, suffix)
		return ok && isHostName(label)
	})
}

// Guard returns the hosts to which a token for this service may be sent.
func (s Service) Guard() Hosts { return Hosts{exact: slices.Clone(s.Hosts)} }

// DownloadGuard returns the storage hosts to which export links may point.
func (c Cloud) DownloadGuard() Hosts { return Hosts{suffixes: slices.Clone(c.Downloads)} }

// authorityHosts are Microsoft's login hosts of every cloud. The names under
// login.microsoft.com are those that MSAL uses for regional sign-in (general
// knowledge).
func authorityHosts() Hosts {
	h := Hosts{exact: []string{"login.microsoft.com"}, suffixes: []string{".login.microsoft.com"}}
	for _, c := range Clouds() {
		h.exact = append(h.exact, strings.TrimPrefix(c.Authority, "https://"))
	}
	return h
}

// splitPort cuts a trailing ":port" off. Unlike net.SplitHostPort it takes a
// host without a port.
func splitPort(hostport string) (host, port string) {
	i := strings.LastIndexByte(hostport, ':')
	if i < 0 || strings.HasSuffix(hostport, "]") {
		return hostport, ""
	}
	return hostport[:i], hostport[i+1:]
}

// isHostName reports whether s is made of dot-separated DNS labels.
func isHostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

func isLabel(s string) bool {
	const inside = "abcdefghijklmnopqrstuvwxyz0123456789_-"
	return s != "" && len(s) <= 63 && strings.Trim(s, "-") == s && strings.Trim(s, inside) == ""
}

// isHostPort reports whether s, in lower case, is a host name or an address, with
// or without a port.
func isHostPort(s string) bool {
	host, port := splitPort(s)
	return (isHostName(host) || isAddress(host)) && (port == "" || isPort(port))
}

// parseHostURL parses a URL that may lack its scheme, which then is https. The
// host comes out in lower case, without port 443 and without a final dot. The
// text of url.Error is dropped: it quotes the input, which may be a pasted secret.
func parseHostURL(raw string) (*url.URL, bool) {
	text := strings.TrimSpace(raw)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, false
	}
	u.Host = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(u.Host), ":443"), ".")
	return u, true
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return err == nil
}

func isPort(s string) bool {
	_, err := netip.ParseAddrPort("127.0.0.1:" + s)
	return err == nil
}

// quoteHarmless quotes s when it can only be a host name, an address or a GUID,
// and gives its length otherwise: what a person pastes into the wrong field may
// be a secret, and must not come back in an error.
func quoteHarmless(s string) string {
	if s == "" || isHostPort(strings.ToLower(s)) && !looksSecret(s) {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("(%d characters)", len([]rune(s)))
}

// looksSecret recognises a value without a dot that is longer than any single
// name that people type; an Entra secret has 40 characters.
func looksSecret(s string) bool {
	return len(s) > 30 && !strings.Contains(s, ".") && !isGUID(s)
}
