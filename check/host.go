package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// The differences of clocks that matter: one is worth a word, from the other on
// Microsoft refuses signed assertions.
const (
	skewWorthAWord = time.Minute
	skewRefused    = 5 * time.Minute
)

// checkBaseURL holds the base URL against the table of Microsoft's hosts.
func (c *run) checkBaseURL(context.Context) (bool, error) {
	base, err := entra.ResolveBaseURL(c.o.BaseURL, entra.BaseURLOptions{AllowHosts: c.o.AllowHosts, Cloud: c.o.Cloud})
	if err != nil {
		c.report.add(newFinding(HostUnknown, "base URL", vars{"detail": sentence(err.Error())}))
		return false, nil
	}
	c.base = base
	c.report.Cloud, c.report.BaseURL = base.Cloud.Name, base.String()
	host := base.URL.Host
	switch {
	case base.Unlisted:
		c.report.add(newFinding(HostUnlisted, host, nil))
	case base.Cloud.MDE.IsLegacy(host):
		c.report.add(newFinding(HostRetires, host, vars{"date": gatehouse.Retirement, "host": base.Cloud.MDE.URL}))
	case len(base.Warnings) > 0:
		c.report.add(newFinding(HostCorrected, host, vars{"detail": sentence(base.Warnings[0]), "host": base.String()}))
	}
	return true, nil
}

// checkHosts looks up and greets every host that will be called. Only a sign-in
// host that does not answer ends the check: the others have findings of their
// own to give.
func (c *run) checkHosts(ctx context.Context) (bool, error) {
	authority := c.cred.Authority()
	hosts := []struct {
		base     string
		severity Severity // of its silence
	}{
		{authority, Error},
		{c.base.String(), Error},
		{c.baseOf(gatehouse.APIXDR), Warning}, // the one before, for most
		{c.baseOf(gatehouse.APIGraph), Warning},
	}
	var skew time.Duration
	greeted := map[string]bool{}
	for _, h := range hosts {
		if greeted[h.base] {
			continue
		}
		greeted[h.base] = true
		found, seen := c.greet(ctx, h.base)
		if found.Severity == Error {
			found.Severity = h.severity
			c.silent[h.base] = true
		}
		c.report.add(found)
		if abs(seen) > abs(skew) {
			skew = seen
		}
	}
	c.addSkew(skew)
	return !c.silent[authority], nil
}

// greet asks a host for its root, without a token: any answer over TLS will do.
// It also returns how far this machine's clock is ahead of the host's.
func (c *run) greet(ctx context.Context, base string) (Finding, time.Duration) {
	u, err := url.Parse(base)
	if err != nil {
		return newFinding(HostUnknown, base, vars{"detail": "it is not a URL"}), 0
	}
	if err := c.o.LookupHost(ctx, u.Hostname()); err != nil {
		return unreachable(u.Host, err), 0
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base, http.NoBody)
	if err != nil {
		return unreachable(u.Host, err), 0
	}
	resp, err := c.client().Do(req)
	if err != nil {
		return unreachable(u.Host, err), 0
	}
	defer resp.Body.Close()
	return newFinding(HostOK, u.Host, vars{"detail": describeTLS(resp.TLS)}), c.ahead(resp.Header.Get("Date"))
}

// client is the caller's, but for redirects, which a check has no use for.
func (c *run) client() *http.Client {
	client := *c.o.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// ahead returns how far this machine's clock is ahead of a Date header, zero
// where there is none.
func (c *run) ahead(date string) time.Duration {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return c.o.Now().Sub(theirs).Round(time.Second)
}

// addSkew reports clocks that differ.
func (c *run) addSkew(skew time.Duration) {
	if abs(skew) < skewWorthAWord {
		return
	}
	direction := "ahead"
	if skew < 0 {
		direction = "behind"
	}
	f := newFinding(ClockSkew, "clock", vars{"detail": fmt.Sprintf("%s %s", abs(skew), direction)})
	if abs(skew) >= skewRefused {
		f.Severity = Error
	}
	c.report.add(f)
}

func abs(d time.Duration) time.Duration { return max(d, -d) }

// describeTLS names the version and the end of the certificate.
func describeTLS(state *tls.ConnectionState) string {
	if state == nil || len(state.PeerCertificates) == 0 {
		return "TLS"
	}
	return fmt.Sprintf("%s, certificate until %s", tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter.UTC().Format(time.DateOnly))
}

// unreachable tells a host that nobody answers for from one whose certificate
// is not trusted.
func unreachable(host string, err error) Finding {
	code := HostUnreachable
	if untrusted(err) {
		code = HostUntrusted
	}
	return newFinding(code, host, vars{"detail": rootCause(err)})
}

func untrusted(err error) bool {
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &name)
}

// isNetwork tells an error of the network from an answer.
func isNetwork(err error) bool {
	var u *url.Error
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &u) || errors.As(err, &op) || errors.As(err, &dns) || untrusted(err)
}

// rootCause is the innermost text of a network error, without the URL that
// net/http puts before it.
func rootCause(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return sentence(err.Error())
}

// sentence cuts the full stop off a text that goes in the middle of one of
// ours, and keeps it on one line.
func sentence(text string) string {
	return strings.TrimRight(strings.Join(strings.Fields(text), " "), ".")
}
