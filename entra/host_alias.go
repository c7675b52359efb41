package entra

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// hostAlias is a host that people use as base URL and that is not one.
type hostAlias struct {
	host string
	to   string // the documented host; empty when only a hint can be given
	why  string // follows the host in a sentence
}

// hostAliases lists the spellings that circulate in guides, and other hosts of
// Microsoft that are mistaken for the API.
func hostAliases() []hostAlias {
	const (
		undocumented = "is not a host that Microsoft documents"
		xdrOnly      = "is documented for Defender XDR, not for Defender for Endpoint"
		noAPI        = "does not serve the Defender API"
	)
	return []hostAlias{
		{"api-gcc.securitycenter.microsoft.com", "api-gcc.securitycenter.microsoft.us", undocumented},
		{"api-gcc-high.securitycenter.microsoft.com", "api-gov.securitycenter.microsoft.us", undocumented},
		{"api-gcc-high.securitycenter.microsoft.us", "api-gov.securitycenter.microsoft.us", undocumented},
		{"api-gov.securitycenter.microsoft.com", "api-gov.securitycenter.microsoft.us", undocumented},
		{"api-us.security.microsoft.com", "us.api.security.microsoft.com", xdrOnly},
		{"api-eu.security.microsoft.com", "eu.api.security.microsoft.com", xdrOnly},
		{"api-uk.security.microsoft.com", "uk.api.security.microsoft.com", xdrOnly},
		{"api-gcc.security.microsoft.us", "api-gcc.securitycenter.microsoft.us", xdrOnly},
		{"api-gov.security.microsoft.us", "api-gov.securitycenter.microsoft.us", xdrOnly},
		{"security.microsoft.com", "", "is the portal and " + noAPI},
		{"securitycenter.windows.com", "", "is the old portal and " + noAPI},
		{"securitycenter.microsoft.com", "", "is the old portal and " + noAPI},
		{"graph.microsoft.com", "", "is Microsoft Graph, which Gatehouse finds by itself, and " + noAPI},
		{"graph.microsoft.us", "", "is Microsoft Graph, which Gatehouse finds by itself, and " + noAPI},
		{"login.microsoftonline.com", "", "is where tokens come from and " + noAPI},
		{"login.microsoftonline.us", "", "is where tokens come from and " + noAPI},
	}
}

// aliasOf returns the documented host that stands for host.
func aliasOf(host string) (to, why string, ok bool) {
	for _, a := range hostAliases() {
		if a.host == host && a.to != "" {
			return a.to, a.why, true
		}
	}
	return "", "", false
}

// unknownHostError names the host, the reason if one is known, and the nearest
// hosts that would do.
func unknownHostError(host string) error {
	why := "is not one of Microsoft's Defender hosts"
	for _, a := range hostAliases() {
		if a.host == host {
			why = a.why
		}
	}
	if name, port := splitPort(host); port != "" && isKnownHost(name) {
		why = "has a port, and Microsoft's hosts answer on 443 alone"
	}
	return fmt.Errorf("host %s %s: did you mean %s? (another host must be allowed by name, with --allow-host)",
		quoteHarmless(host), why, strings.Join(nearestHosts(host), ", "))
}

// isKnownHost reports whether a host serves Defender for Endpoint in some cloud.
func isKnownHost(host string) bool {
	return slices.ContainsFunc(Clouds(), func(c Cloud) bool { return slices.Contains(c.MDE.Hosts, host) })
}

// nearestHosts returns up to three known base hosts in order of edit distance,
// the preferred host of the global cloud always among them.
func nearestHosts(host string) []string {
	const most = 3
	all := currentHosts()
	distance := func(h string) int { return levenshtein.ComputeDistance(host, h) }
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	// Farther than this the likeness is chance.
	limit := min(distance(all[0])+2, len(host)/3)
	out := slices.DeleteFunc(all, func(h string) bool { return distance(h) > limit })
	out = out[:min(len(out), most)]
	preferred := hostOf(globalCloud().MDE.URL)
	if !slices.Contains(out, preferred) {
		out = append(out[:min(len(out), most-1)], preferred)
	}
	return out
}

// currentHosts are the base hosts of every cloud, each once, without legacy ones.
func currentHosts() []string {
	var out []string
	for _, c := range Clouds() {
		for _, h := range c.MDE.Hosts {
			if !c.MDE.IsLegacy(h) && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}
