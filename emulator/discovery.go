package emulator

import (
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"
)

// keys answers the key set that tokens are verified with.
func (s *Server) keys(c *call) reply {
	k, err := s.entra.make()
	if err != nil {
		return s.refused(c, refuse(90033))
	}
	key := map[string]any{
		"kty": "RSA", "use": "sig", "kid": k.thumbprint(), "x5t": k.thumbprint(),
		"n":   base64.RawURLEncoding.EncodeToString(k.key.N.Bytes()),
		"e":   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()),
		"x5c": []string{base64.StdEncoding.EncodeToString(k.cert.Raw)},
	}
	if strings.Contains(c.r.URL.Path, "/v2.0/") {
		key["issuer"] = c.base + "/{tenantid}/v2.0"
	}
	return reply{header: loginHeader(s.ids.next()), body: map[string]any{"keys": []any{key}}}
}

func (s *Server) openIDv1(c *call) reply { return s.openID(c, false) }
func (s *Server) openIDv2(c *call) reply { return s.openID(c, true) }

// openID answers the OpenID configuration of a tenant. It needs no credential, and tells where a tenant lives: the
// region scopes and the cloud instance are what distinguishes a wrong cloud from a wrong tenant.
func (s *Server) openID(c *call, v2 bool) reply {
	at, _ := s.hosts.of(c.r)
	name := strings.ToLower(c.vars["tenant"])
	id, base, cloud := "{tenantid}", c.base, cloudGlobal
	region := map[string]any{"tenant_region_scope": nil}
	if !slices.Contains([]string{"common", "organizations", "consumers"}, name) {
		t, e := s.findTenant(name, at)
		if e != nil {
			e.kind = "invalid_tenant" // what discovery says where the token endpoint says invalid_request (general knowledge)
			return s.refused(c, e)
		}
		id, cloud, region = t.id, t.cloud, t.regions()
		if t.sovereign() && !at.self {
			base = "https://login.microsoftonline.us" // the commercial authority sends the reader to the tenant's own
		}
	} else if !at.self && at.government() {
		cloud = cloudGCCHigh
	}
	doc := openIDDocument(base, id, v2)
	maps.Copy(doc, region)
	for k, v := range instanceNames(cloud) {
		doc[k] = v
	}
	return reply{header: loginHeader(s.ids.next()), body: doc}
}

// regions are the members that tell a tenant's region. The sub scope is there for government tenants alone.
func (t *directoryTenant) regions() map[string]any {
	m := map[string]any{"tenant_region_scope": t.region()}
	if sub, ok := map[string]string{cloudGCC: "GCC", cloudGCCHigh: "DODCON", cloudDoD: "DOD"}[t.cloud]; ok {
		m["tenant_region_sub_scope"] = sub
	}
	return m
}

// instanceNames are the members that tell the national cloud.
func instanceNames(cloud string) map[string]string {
	switch cloud {
	case cloudGCCHigh:
		return map[string]string{"cloud_instance_name": "microsoftonline.us", "cloud_graph_host_name": "graph.windows.net", "msgraph_host": "graph.microsoft.us", "rbac_url": "https://pasff.usgovcloudapi.net"}
	case cloudDoD:
		return map[string]string{"cloud_instance_name": "microsoftonline.us", "cloud_graph_host_name": "graph.windows.net", "msgraph_host": "dod-graph.microsoft.us", "rbac_url": "https://pasff.usgovcloudapi.net"}
	}
	return map[string]string{"cloud_instance_name": "microsoftonline.com", "cloud_graph_host_name": "graph.windows.net", "msgraph_host": "graph.microsoft.com", "rbac_url": "https://pas.windows.net"}
}

// openIDDocument is the configuration without what depends on the tenant's region.
func openIDDocument(base, tenant string, v2 bool) map[string]any {
	oauth, keys, issuer := base+"/"+tenant+"/oauth2/", base+"/"+tenant+"/discovery/keys", "https://sts.windows.net/"+tenant+"/"
	if v2 {
		oauth += "v2.0/"
		keys, issuer = base+"/"+tenant+"/discovery/v2.0/keys", base+"/"+tenant+"/v2.0"
	}
	return map[string]any{
		"token_endpoint":                        oauth + "token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              keys,
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                issuer,
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                oauth + "authorize",
		"device_authorization_endpoint":         oauth + "devicecode",
		"end_session_endpoint":                  oauth + "logout",
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
	}
}

// instanceDiscovery tells which authorities belong together. Client libraries ask it before they trust an authority.
func (s *Server) instanceDiscovery(c *call) reply {
	q := c.query
	at, _ := s.hosts.of(c.r)
	endpoint := q.Get("authorization_endpoint")
	if endpoint == "" {
		return s.refused(c, refuse(900144, "name", "authorization_endpoint"))
	}
	tenant, base := "common", c.base
	if rest, ok := strings.CutPrefix(endpoint, "https://"); ok {
		name, path, _ := strings.Cut(rest, "/")
		if h, known := s.hosts.find(name); known && h.serves(apiLogin) {
			base = "https://" + name
		} else if !at.self {
			return reply{status: http.StatusBadRequest, header: loginHeader(s.ids.next()), body: map[string]any{
				"error": "invalid_instance", "error_description": "AADSTS50049: Unknown or invalid instance.", "error_codes": []int{50049},
			}}
		}
		tenant, _, _ = strings.Cut(path, "/")
	}
	return reply{header: loginHeader(s.ids.next()), body: map[string]any{
		"tenant_discovery_endpoint": base + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{
			map[string]any{"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
				"aliases": []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
			map[string]any{"preferred_network": "login.microsoftonline.us", "preferred_cache": "login.microsoftonline.us",
				"aliases": []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
		},
	}}
}
