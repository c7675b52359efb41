package emulator

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// The clouds, as TenantSpec.Cloud names them.
const (
	cloudGlobal  = "global"
	cloudGCC     = "gcc"
	cloudGCCHigh = "gcc-high"
	cloudDoD     = "dod"
)

// The further families of paths, beside the doors of the routes.
const (
	apiLogin    = "login"    // Entra's authorities
	apiIdentity = "identity" // the managed identity endpoint of App Service, on loopback alone
)

// host is one of Microsoft's names that the emulator answers to.
type host struct {
	name   string
	plays  []string // apiMDE, apiXDR, apiGraph, apiLogin, apiBlob
	clouds []string // the clouds whose tenants it serves
	self   bool     // the emulator's own address: paths decide what it plays
}

// serves tells whether the host plays a door.
func (h host) serves(api string) bool { return h.self || slices.Contains(h.plays, api) }

// government tells whether the host belongs to the sovereign cloud behind login.microsoftonline.us.
func (h host) government() bool {
	return slices.Contains(h.clouds, cloudGCCHigh) || slices.Contains(h.clouds, cloudDoD)
}

// microsoftHosts is the emulator's own table of Microsoft's hosts. It is written apart from the client's on purpose.
// Sources: https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list, .../gov, and defender-xdr/usgov; the
// Graph hosts of the US government clouds from https://learn.microsoft.com/graph/deployments.
func microsoftHosts() []host {
	commercial, sovereign := []string{cloudGlobal, cloudGCC}, []string{cloudGCCHigh, cloudDoD}
	global, gcc := []string{cloudGlobal}, []string{cloudGCC}
	list := []host{
		{name: "login.microsoftonline.com", plays: []string{apiLogin}, clouds: commercial},
		{name: "login.microsoft.com", plays: []string{apiLogin}, clouds: commercial},
		{name: "login.windows.net", plays: []string{apiLogin}, clouds: commercial},
		{name: "login.microsoftonline.us", plays: []string{apiLogin}, clouds: sovereign},
		{name: "api.security.microsoft.com", plays: []string{apiMDE, apiXDR}, clouds: global},
		{name: "api.securitycenter.microsoft.com", plays: []string{apiMDE}, clouds: global},
		{name: "api.securitycenter.windows.com", plays: []string{apiMDE}, clouds: global},
		{name: "api-gcc.securitycenter.microsoft.us", plays: []string{apiMDE}, clouds: gcc},
		{name: "api-gcc.security.microsoft.us", plays: []string{apiXDR}, clouds: gcc},
		{name: "api-gov.securitycenter.microsoft.us", plays: []string{apiMDE}, clouds: sovereign},
		{name: "api-gov.security.microsoft.us", plays: []string{apiXDR}, clouds: sovereign},
		{name: "graph.microsoft.com", plays: []string{apiGraph}, clouds: commercial},
		{name: "graph.microsoft.us", plays: []string{apiGraph}, clouds: []string{cloudGCCHigh}},
		{name: "dod-graph.microsoft.us", plays: []string{apiGraph}, clouds: []string{cloudDoD}},
	}
	for _, geo := range []string{"us", "eu", "uk", "au", "swa", "ina", "aea"} {
		list = append(list, host{name: geo + ".api.security.microsoft.com", plays: []string{apiMDE}, clouds: global})
	}
	for _, geo := range []string{"us", "eu", "uk"} {
		list = append(list,
			host{name: "api-" + geo + ".security.microsoft.com", plays: []string{apiXDR}, clouds: global},
			host{name: "api-" + geo + ".securitycenter.microsoft.com", plays: []string{apiMDE}, clouds: global})
	}
	return list
}

// hostTable finds hosts by name and knows which of them are dead.
type hostTable struct {
	byName map[string]host
	addr   string // of the emulator, host:port

	mu      sync.RWMutex
	retired map[string]bool
}

func newHostTable(addr string) *hostTable {
	t := &hostTable{byName: map[string]host{}, addr: addr, retired: map[string]bool{}}
	for _, h := range microsoftHosts() {
		t.byName[h.name] = h
	}
	return t
}

// find looks a name up, without its port. The account names of Blob storage are not listed, only their domain.
func (t *hostTable) find(name string) (host, bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if h, ok := t.byName[name]; ok {
		return h, true
	}
	account, domain, _ := strings.Cut(name, ".")
	switch {
	case name == "localhost" || isLoopback(name):
		return host{name: name, self: true}, true
	case account != "" && domain == "blob.core.windows.net":
		return host{name: name, plays: []string{apiBlob}, clouds: []string{cloudGlobal, cloudGCC}}, true
	case account != "" && domain == "blob.core.usgovcloudapi.net":
		return host{name: name, plays: []string{apiBlob}, clouds: []string{cloudGCCHigh, cloudDoD}}, true
	}
	return host{}, false
}

// of finds the host a request was addressed to.
func (t *hostTable) of(r *http.Request) (host, bool) {
	name := r.Host
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		name = h
	}
	return t.find(name)
}

// retire makes a host dead, or brings it back.
func (t *hostTable) retire(name string, dead bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retired[strings.ToLower(name)] = dead
}

// dead tells whether connections to a host go nowhere.
func (t *hostTable) dead(name string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.retired[strings.ToLower(name)]
}

func isLoopback(name string) bool {
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// familyByPath tells which family of paths a request to the emulator's own address means, and its path within it.
func familyByPath(path string) (string, string) {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch strings.ToLower(first) {
	case "api":
		return "api", path
	case "v1.0", "beta":
		return apiGraph, path
	case "blob":
		return apiBlob, strings.TrimPrefix(path, "/"+first)
	case "msi":
		return apiIdentity, path
	}
	return apiLogin, path
}

// familyAt tells the family for one of Microsoft's hosts, where the host decides.
func (h host) familyAt(path string) (string, string) {
	if h.self {
		return familyByPath(path)
	}
	return familyOf(h.plays[0]), path
}

// tokenResource is one resource an access token can be for: a service principal and the identifier URIs it answers to.
type tokenResource struct {
	name, appID string
	uris        []identifier
}

// identifier is one identifier URI: the cloud families in which it exists, and the hosts' doors that accept a token
// whose audience it is (none: Entra issues the token and every API refuses it).
type identifier struct {
	uri    string
	clouds []string // in which directories Entra knows it
	opens  []string // the clouds whose hosts accept it as audience
}

// tokenResources lists the service principals. Identifier URIs as exported from Microsoft's directory. Which of them
// an API accepts as audience is documented for the first ones only, so that the emulator accepts those and the URIs
// that equal a host's own base, and no other.
func tokenResources() []tokenResource {
	commercial, sovereign := []string{cloudGlobal, cloudGCC}, []string{cloudGCCHigh, cloudDoD}
	global, gcc := []string{cloudGlobal}, []string{cloudGCC}
	all := slices.Concat(commercial, sovereign)
	return []tokenResource{
		{name: ResourceMDE, appID: "fc780465-2017-40d4-a0c5-307022471b92", uris: []identifier{
			{"https://api.securitycenter.microsoft.com", commercial, global},
			{"https://securitycenter.onmicrosoft.com/windowsatpservice", commercial, global},
			{"https://api-us.securitycenter.microsoft.com", commercial, global},
			{"https://api-eu.securitycenter.microsoft.com", commercial, global},
			{"https://api-uk.securitycenter.microsoft.com", commercial, global},
			{"https://api-gcc.securitycenter.microsoft.us", commercial, gcc},
			{"https://api-gov.securitycenter.microsoft.us", sovereign, sovereign},
			{"https://api.securitycenter.windows.com", commercial, global},
			{"https://api.securitycenter.windows.us", sovereign, nil},
			{"https://managementapi.securitycenter.windows.com", commercial, nil},
			{"https://publicapi-prd.trafficmanager.net", commercial, nil},
			{"https://securitycenter.microsoft.com/mtp", commercial, nil},
			{"https://securityoperations.microsoft.com", commercial, nil},
			{"https://userrequestsgraphapiep-prd.trafficmanager.net", commercial, nil},
			{"https://userrequestsgraphapi-prd.trafficmanager.net", commercial, nil}, // issued, and refused by the API
			{"fc780465-2017-40d4-a0c5-307022471b92", all, nil},
		}},
		{name: ResourceXDR, appID: "8ee8fdad-f234-4243-8f3b-15c294843740", uris: []identifier{
			{"https://api.security.microsoft.com", commercial, global},
			{"https://api-us.security.microsoft.com", commercial, global},
			{"https://api-eu.security.microsoft.com", commercial, global},
			{"https://api-uk.security.microsoft.com", commercial, global},
			{"https://api-gcc.security.microsoft.us", commercial, gcc},
			{"https://api-gov.security.microsoft.us", sovereign, sovereign},
			{"https://security.microsoft.com/mtp", commercial, nil},
			{"8ee8fdad-f234-4243-8f3b-15c294843740", all, nil},
		}},
		{name: ResourceGraph, appID: "00000003-0000-0000-c000-000000000000", uris: []identifier{
			{"https://graph.microsoft.com", commercial, commercial},
			{"https://graph.microsoft.us", sovereign, []string{cloudGCCHigh}},
			{"https://dod-graph.microsoft.us", sovereign, []string{cloudDoD}},
			{"00000003-0000-0000-c000-000000000000", all, all},
		}},
	}
}

// resourceNameOf is the service principal behind a door.
func resourceNameOf(api string) string {
	switch api {
	case apiXDR:
		return ResourceXDR
	case apiGraph:
		return ResourceGraph
	}
	return ResourceMDE
}

// findResource finds the service principal of an identifier URI as a directory of one cloud knows it. One trailing
// slash more or less is the same URI for Entra.
func findResource(uri, cloud string) (tokenResource, bool) {
	want := strings.ToLower(strings.TrimSuffix(uri, "/"))
	for _, res := range tokenResources() {
		for _, id := range res.uris {
			if strings.EqualFold(id.uri, want) && slices.Contains(id.clouds, cloud) {
				return res, true
			}
		}
	}
	return tokenResource{}, false
}

// accepts tells whether a host takes a token of this audience for a door. The comparison is exact: a token asked for
// with a slash too many is refused.
func (h host) accepts(api, audience, tenantCloud string) bool {
	clouds := h.clouds
	if h.self {
		clouds = []string{tenantCloud}
	}
	for _, res := range tokenResources() {
		if res.name != resourceNameOf(api) {
			continue
		}
		for _, id := range res.uris {
			if id.uri == audience && overlap(id.opens, clouds) {
				return true
			}
		}
	}
	return false
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
