package entra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// The names of the clouds, as [CloudByName] takes them.
const (
	CloudGlobal  = "global"
	CloudGCC     = "gcc"
	CloudGCCHigh = "gcc-high"
	CloudDoD     = "dod"
)

// The login authorities. GCC signs in at the commercial authority, GCC High and
// DoD at the government's. Source: https://learn.microsoft.com/defender-endpoint/gov.
const (
	AuthorityGlobal = "https://login.microsoftonline.com"
	AuthorityUSGov  = "https://login.microsoftonline.us"
)

// The client ids of the three resources' service principals, equal in every
// tenant. A token of version 2.0 carries one of them as its audience in place of
// the resource URL.
const (
	AppIDMDE   = "fc780465-2017-40d4-a0c5-307022471b92"
	AppIDXDR   = "8ee8fdad-f234-4243-8f3b-15c294843740"
	AppIDGraph = "00000003-0000-0000-c000-000000000000" // general knowledge
)

// Cloud is one of Microsoft's clouds: where to sign in and where the three APIs
// live.
type Cloud struct {
	Name      string  // "global", "gcc", "gcc-high" or "dod"
	Title     string  // for people: "US Government GCC High"
	Authority string  // https URL without path, where tokens come from
	MDE       Service // Defender for Endpoint
	XDR       Service // Defender XDR
	Graph     Service // Microsoft Graph
	// Downloads are the suffixes of the hosts, most of them of storage, to which
	// links to files point. No token is ever sent there.
	Downloads []string
}

// Service is one API in one cloud.
type Service struct {
	URL      string // https base without path, for example https://api.security.microsoft.com
	Resource string // what a token is asked for: Resource + "/.default" is the scope
	// Audiences are the values of a token's aud claim that this service takes,
	// Resource first. The others are further identifier URIs of the same service
	// principal, and its client id.
	Audiences []string
	// Hosts are all hosts that serve this API in this cloud, the preferred first,
	// with the legacy and the geographic ones. A token may be sent to any of them.
	Hosts []string
	// Legacy are those of Hosts that Microsoft retires on gatehouse.Retirement.
	Legacy []string
	// Geo are those of Hosts that serve one region: same API, same data, nearer.
	Geo []string
}

// Scope returns the scope to ask a token for: the resource with "/.default".
func (s Service) Scope() string { return s.Resource + defaultScope }

// IsLegacy reports whether host is one that Microsoft retires.
func (s Service) IsLegacy(host string) bool { return slices.Contains(s.Legacy, host) }

// Service returns the service behind an API; the zero Service for an unknown one.
func (c Cloud) Service(api gatehouse.API) Service {
	return map[gatehouse.API]Service{
		gatehouse.APIMDE: c.MDE, gatehouse.APIXDR: c.XDR, gatehouse.APIGraph: c.Graph,
	}[api]
}

// Clouds returns every cloud, the global one first. The caller owns the result.
func Clouds() []Cloud {
	return []Cloud{globalCloud(), gccCloud(), gccHighCloud(), dodCloud()}
}

// CloudByName returns the cloud of that name. Case, blanks and underscores do
// not matter ("GCC High" is "gcc-high"). An unknown name is an error that lists
// the names.
func CloudByName(name string) (Cloud, error) {
	want := strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
	var names []string
	for _, c := range Clouds() {
		if c.Name == want {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Cloud{}, fmt.Errorf("unknown cloud %q: use one of %s", name, strings.Join(names, ", "))
}

func globalCloud() Cloud {
	geo := []string{
		"us.api.security.microsoft.com", "eu.api.security.microsoft.com",
		"uk.api.security.microsoft.com", "au.api.security.microsoft.com",
		"swa.api.security.microsoft.com", "ina.api.security.microsoft.com",
		"aea.api.security.microsoft.com",
	}
	// The names under securitycenter are one generation older; the first is in
	// every sample up to 2025, the others are identifier URIs of the same service
	// principal and appear on older pages.
	legacy := []string{
		"api.securitycenter.microsoft.com",
		"api-us.securitycenter.microsoft.com", "api-eu.securitycenter.microsoft.com",
		"api-uk.securitycenter.microsoft.com", "api.securitycenter.windows.com",
	}
	xdrGeo := []string{
		"api-us.security.microsoft.com", "api-eu.security.microsoft.com", "api-uk.security.microsoft.com",
	}
	return Cloud{
		Name: CloudGlobal, Title: "Global", Authority: AuthorityGlobal,
		MDE: Service{
			URL: "https://api.security.microsoft.com",
			// Not the host's own name: a token for https://api.security.microsoft.com
			// belongs to Defender XDR and never carries Machine.* or Alert.* roles.
			Resource: "https://api.securitycenter.microsoft.com",
			Audiences: []string{
				"https://api.securitycenter.microsoft.com",
				"https://securitycenter.onmicrosoft.com/windowsatpservice", AppIDMDE,
			},
			Hosts:  slices.Concat([]string{"api.security.microsoft.com"}, geo, legacy),
			Legacy: legacy, Geo: geo,
		},
		XDR: Service{
			URL: "https://api.security.microsoft.com", Resource: "https://api.security.microsoft.com",
			Audiences: []string{"https://api.security.microsoft.com", AppIDXDR},
			Hosts:     slices.Concat([]string{"api.security.microsoft.com"}, xdrGeo), Geo: xdrGeo,
		},
		Graph:     graphService("graph.microsoft.com"),
		Downloads: []string{downloadGlobal, downloadPackages},
	}
}

// The suffixes of Azure storage in the two kinds of cloud. Which of them the
// government's export links use is not documented, so those clouds take both.
//
// Investigation packages were on userrequests-us.securitycenter.windows.com when
// Microsoft's page was written. Today it prints the API's own host in the same
// link, as it does in all of its samples, so that either may be true (the former
// from general knowledge).
const (
	downloadGlobal   = ".blob.core.windows.net"
	downloadUSGov    = ".blob.core.usgovcloudapi.net"
	downloadPackages = ".securitycenter.windows.com"
)

func gccCloud() Cloud {
	return Cloud{
		Name: CloudGCC, Title: "US Government GCC", Authority: AuthorityGlobal,
		MDE:       govService("api-gcc.securitycenter.microsoft.us", AppIDMDE),
		XDR:       govService("api-gcc.security.microsoft.us", AppIDXDR),
		Graph:     graphService("graph.microsoft.com"),
		Downloads: []string{downloadUSGov, downloadGlobal},
	}
}

func gccHighCloud() Cloud {
	return Cloud{
		Name: CloudGCCHigh, Title: "US Government GCC High", Authority: AuthorityUSGov,
		MDE:       govService("api-gov.securitycenter.microsoft.us", AppIDMDE),
		XDR:       govService("api-gov.security.microsoft.us", AppIDXDR),
		Graph:     graphService("graph.microsoft.us"), // general knowledge: national cloud deployments of Graph
		Downloads: []string{downloadUSGov, downloadGlobal},
	}
}

// dodCloud differs from GCC High in its Graph host alone.
func dodCloud() Cloud {
	c := gccHighCloud()
	c.Name, c.Title = CloudDoD, "US Government DoD"
	c.Graph = graphService("dod-graph.microsoft.us") // general knowledge, as above
	return c
}

// govService describes a government host. Microsoft does not state the token
// resource there; each host's URL is an identifier URI of the service principal,
// which strongly suggests that base and resource are the same.
func govService(host, appID string) Service {
	base := "https://" + host
	return Service{URL: base, Resource: base, Audiences: []string{base, appID}, Hosts: []string{host}}
}

func graphService(host string) Service {
	base := "https://" + host
	return Service{URL: base, Resource: base, Audiences: []string{base, AppIDGraph}, Hosts: []string{host}}
}
