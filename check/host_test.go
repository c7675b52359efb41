package check_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/check"
)

// TestHostOfXDR holds that the host of Defender XDR is greeted where it is another
// one than the base URL's, that its silence is worth a warning, and that no host is
// greeted twice.
func TestHostOfXDR(t *testing.T) {
	t.Parallel()
	const login, msg, near, xdr = "login.microsoftonline.com", "graph.microsoft.com", "us.api.security.microsoft.com", "api.security.microsoft.com"
	for name, c := range map[string]struct {
		base    string
		dead    bool
		answers []string
	}{
		"the usual one": {"https://" + xdr, false, []string{login, xdr, msg}},
		"a near one":    {"https://" + near, false, []string{login, near, xdr, msg}},
		"silent":        {"https://" + near, true, []string{login, near, msg}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, access := start(t, nil)
			if c.dead {
				must(t, server.RetireHost(xdr))
			}
			o := optionsFor(t, server, access)
			o.BaseURL = c.base
			report := run(t, o)
			var answers, silent []string
			for _, f := range report.Findings {
				switch f.Code {
				case check.HostOK:
					answers = append(answers, f.Subject)
				case check.HostUnreachable:
					silent = append(silent, string(f.Severity)+" "+f.Subject)
				}
			}
			if diff := cmp.Diff(c.answers, answers); diff != "" {
				t.Error(diff)
			}
			if c.dead && !slices.Equal(silent, []string{string(check.Warning) + " " + xdr}) || !c.dead && silent != nil {
				t.Errorf("silent: %v", silent)
			}
		})
	}
}
