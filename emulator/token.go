package emulator

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxForm bounds the body of a token request.
const maxForm = 64 << 10

// loginRoutes are Entra's endpoints. The path variable tenant is an id, a domain, or common, organizations, consumers.
func (s *Server) loginRoutes() []route {
	list := []route{
		{method: http.MethodGet, path: "/{tenant}/discovery/instance", handle: s.instanceDiscovery},
		{method: http.MethodGet, path: "/{tenant}/v2.0/.well-known/openid-configuration", handle: s.openIDv2},
		{method: http.MethodGet, path: "/{tenant}/.well-known/openid-configuration", handle: s.openIDv1},
		{method: http.MethodGet, path: "/{tenant}/discovery/v2.0/keys", handle: s.keys},
		{method: http.MethodGet, path: "/{tenant}/discovery/keys", handle: s.keys},
		{method: http.MethodPost, path: "/{tenant}/oauth2/v2.0/token", handle: s.tokenV2},
		{method: http.MethodPost, path: "/{tenant}/oauth2/token", handle: s.tokenV1},
	}
	for i := range list {
		list[i].api = apiLogin
	}
	return list
}

// tokenRequest is what is known of a token request so far.
type tokenRequest struct {
	call   *call
	host   host
	v2     bool
	form   url.Values
	name   string // the tenant as the URL names it
	tenant *directoryTenant
	app    *application
	client string // client id as sent
	secret string
	acr    string // how the client authenticated: 1 secret, 2 certificate or assertion

	resource tokenResource
	audience string
}

func (s *Server) tokenV1(c *call) reply { return s.token(c, false) }
func (s *Server) tokenV2(c *call) reply { return s.token(c, true) }

// token answers a token request: one check after the other, in the order in which Entra's own errors appear.
func (s *Server) token(c *call, v2 bool) reply {
	h, _ := s.hosts.of(c.r)
	req := tokenRequest{call: c, host: h, v2: v2, name: c.vars["tenant"]}
	checks := []func(*tokenRequest) *refusal{
		s.readForm, s.readGrant, s.readTenant, s.readClient, s.readApplication, s.readAudience, s.authenticate, s.readResource,
	}
	s.dir.mu.RLock()
	defer s.dir.mu.RUnlock()
	for _, check := range checks {
		if e := check(&req); e != nil {
			return s.refused(c, e)
		}
	}
	return s.issue(req)
}

// readForm reads the body: form-urlencoded, no parameter twice.
func (s *Server) readForm(req *tokenRequest) *refusal {
	kind, _, err := mime.ParseMediaType(req.call.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return refuse(9002313)
	}
	raw, err := io.ReadAll(io.LimitReader(req.call.r.Body, maxForm+1))
	if err != nil || len(raw) > maxForm {
		return refuse(9002313)
	}
	req.form, err = url.ParseQuery(string(raw))
	if err != nil {
		return refuse(9002313)
	}
	for _, values := range req.form {
		if len(values) > 1 {
			return refuse(9002313)
		}
	}
	if claims := req.form.Get("claims"); claims != "" && !json.Valid([]byte(claims)) {
		return refuse(9002313)
	}
	return nil
}

// readGrant wants the one grant that an application without a user has.
func (s *Server) readGrant(req *tokenRequest) *refusal {
	switch grant := req.form.Get("grant_type"); {
	case grant == "":
		return refuse(900144, "name", "grant_type")
	case grant != "client_credentials":
		return refuse(70003, "grant", grant)
	}
	return nil
}

// validDomain is a DNS name of two labels or more.
var validDomain = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)

// readTenant finds the tenant, as the directory behind this authority knows it.
func (s *Server) readTenant(req *tokenRequest) *refusal {
	if slices.Contains([]string{"common", "consumers", "organizations"}, strings.ToLower(req.name)) {
		return refuse(9001023)
	}
	t, e := s.findTenant(req.name, req.host)
	if e != nil {
		return e
	}
	// A tenant of a sovereign cloud is known by name to the commercial one, but may not sign applications in there.
	if t.sovereign() && !req.host.self && !req.host.government() {
		return refuse(900382)
	}
	req.tenant = t
	return nil
}

// sovereign tells whether the tenant lives behind login.microsoftonline.us.
func (t *directoryTenant) sovereign() bool { return t.cloud == cloudGCCHigh || t.cloud == cloudDoD }

// findTenant finds a tenant by the name in the URL. A commercial tenant is not known to the government's authority.
func (s *Server) findTenant(name string, at host) (*directoryTenant, *refusal) {
	if !validGUID(name) && !validDomain.MatchString(name) {
		return nil, refuse(900023, "tenant", name)
	}
	t, ok := s.dir.tenant(name)
	if !ok || !at.self && at.government() && !t.sovereign() {
		return nil, refuse(90002, "tenant", name)
	}
	return t, nil
}

// readClient reads who asks: from the body or from HTTP Basic, never from both.
func (s *Server) readClient(req *tokenRequest) *refusal {
	req.client, req.secret = req.form.Get("client_id"), req.form.Get("client_secret")
	if user, password, ok := req.call.r.BasicAuth(); ok {
		name, err1 := url.QueryUnescape(user)
		secret, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil || req.secret != "" || req.client != "" && req.client != name {
			return refuse(9002313)
		}
		req.client, req.secret = name, secret
	}
	if req.client == "" {
		return refuse(900144, "name", "client_id")
	}
	return nil
}

// readApplication finds the application in the tenant.
func (s *Server) readApplication(req *tokenRequest) *refusal {
	app, ok := req.tenant.app(req.client)
	switch {
	case !ok:
		return refuse(700016, "app", req.client, "tenant", req.tenant.id)
	case app.disabled:
		return refuse(70001, "app", req.client)
	case app.refuse != 0:
		return refuse(app.refuse, "app", req.client, "tenant", req.tenant.id)
	}
	req.app = app
	return nil
}

// readAudience reads the resource out of scope (v2.0) or resource (v1.0). Which service it is comes later.
func (s *Server) readAudience(req *tokenRequest) *refusal {
	if !req.v2 {
		req.audience = req.form.Get("resource")
		if req.audience == "" {
			return refuse(900144, "name", "resource")
		}
		return nil
	}
	if req.form.Has("resource") {
		return refuse(901002)
	}
	scopes := strings.Fields(req.form.Get("scope"))
	if len(scopes) == 0 {
		return refuse(900144, "name", "scope")
	}
	var asked []string
	for _, scope := range scopes {
		if slices.Contains([]string{"openid", "offline_access", "profile", "email"}, scope) {
			continue // the client libraries add them, and they mean nothing here
		}
		resource, ok := strings.CutSuffix(scope, "/.default")
		switch {
		case !ok:
			return refuse(1002012, "scope", scope)
		case !validGUID(resource) && !isAbsolute(resource):
			return refuse(70011, "scope", scope)
		}
		asked = append(asked, resource)
	}
	switch {
	case len(asked) == 0:
		return refuse(1002012, "scope", req.form.Get("scope"))
	case len(asked) > 1:
		return refuse(700022, "scope", req.form.Get("scope"))
	}
	req.audience = asked[0]
	return nil
}

func isAbsolute(uri string) bool {
	u, err := url.Parse(uri)
	return err == nil && u.Scheme != "" && u.Host != ""
}

// assertionType is the one client_assertion_type.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// authenticate checks the secret or the assertion.
func (s *Server) authenticate(req *tokenRequest) *refusal {
	raw := req.form.Get("client_assertion")
	switch {
	case raw == "" && req.secret == "":
		return refuse(7000218)
	case req.app.public:
		return refuse(700025)
	case raw != "" && req.secret != "":
		return refuse(9002313)
	case raw == "":
		return s.checkSecret(req)
	}
	switch kind := req.form.Get("client_assertion_type"); kind {
	case "":
		return refuse(900144, "name", "client_assertion_type")
	case assertionType:
		req.acr = "2"
		return s.checkAssertion(*req, raw)
	}
	return refuse(9002313)
}

func (s *Server) checkSecret(req *tokenRequest) *refusal {
	req.acr = "1"
	switch known, expired := req.app.secretState(req.secret, s.now()); {
	case !known:
		return refuse(7000215, "app", req.app.clientID)
	case expired:
		return refuse(7000222, "app", req.app.clientID)
	}
	return nil
}

// readResource finds the service principal in the tenant.
func (s *Server) readResource(req *tokenRequest) *refusal {
	resource, ok := findResource(req.audience, req.tenant.cloud)
	if !ok || slices.Contains(req.tenant.without, resource.name) {
		return refuse(500011, "resource", req.audience, "tenant", req.tenant.id)
	}
	req.resource = resource
	return nil
}

// isAudience tells whether a client assertion is meant for this endpoint: the token endpoint of either version, or the
// issuer, which Microsoft's page on certificate credentials names, of the tenant by id or by domain.
func (req *tokenRequest) isAudience(audience string) bool {
	for _, name := range []string{req.tenant.id, req.tenant.domain} {
		for _, path := range []string{"/oauth2/v2.0/token", "/oauth2/token", "/v2.0"} {
			if strings.EqualFold(audience, req.call.base+"/"+name+path) {
				return true
			}
		}
	}
	return false
}

// tokenAnswer is the success of the v2.0 endpoint.
type tokenAnswer struct {
	Type      string `json:"token_type"`
	Expires   int    `json:"expires_in"`
	Extended  int    `json:"ext_expires_in"`
	AccessKey string `json:"access_token"`
}

// tokenAnswerV1 is the success of the v1.0 endpoint, where numbers are texts.
type tokenAnswerV1 struct {
	Type      string `json:"token_type"`
	Expires   string `json:"expires_in"`
	Extended  string `json:"ext_expires_in"`
	ExpiresOn string `json:"expires_on"`
	NotBefore string `json:"not_before"`
	Resource  string `json:"resource"`
	AccessKey string `json:"access_token"`
}

// issue signs the token and answers in the form of the endpoint's version.
func (s *Server) issue(req tokenRequest) reply {
	now := s.now()
	token, err := s.accessToken(grant{tenant: req.tenant, app: req.app, resource: req.resource.name, audience: req.audience, acr: req.acr}, now)
	if err != nil {
		return s.refused(req.call, refuse(90033))
	}
	r := reply{header: loginHeader(s.ids.next())}
	r.body = tokenAnswer{Type: "Bearer", Expires: expiresIn, Extended: expiresIn, AccessKey: token}
	if !req.v2 {
		r.body = newTokenAnswerV1(req.audience, token, now)
	}
	return r
}
