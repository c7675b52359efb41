package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The times of an access token, as observed: it is issued five minutes in the past and counts for 65 minutes, while
// expires_in says one second less than an hour.
const (
	expiresIn    = 3599
	issuedBefore = 5 * time.Minute
	tokenLife    = 3900 * time.Second
)

// grant is what a token is made from.
type grant struct {
	tenant   *directoryTenant
	app      *application
	resource string // name of the service principal
	audience string // as it was asked for
	acr      string
}

// accessToken signs a token in the shape of version 1.0, which these resources get from either endpoint. There is no
// roles claim when no role is granted: Entra issues the token all the same.
func (s *Server) accessToken(g grant, now time.Time) (string, error) {
	issued := now.Add(-issuedBefore)
	issuer := "https://sts.windows.net/" + g.tenant.id + "/"
	claims := map[string]any{
		"aud": g.audience, "iss": issuer, "idp": issuer,
		"iat": issued.Unix(), "nbf": issued.Unix(), "exp": issued.Add(tokenLife).Unix(),
		"aio": "E2ZgYGAQ" + s.ids.next()[:8], "app_displayname": g.app.name, "appid": g.app.clientID, "appidacr": g.acr,
		"idtyp": "app", "oid": g.app.objectID, "sub": g.app.objectID, "tid": g.tenant.id,
		"rh": "0." + s.ids.next()[:8] + ".", "uti": s.ids.next(), "ver": "1.0",
		"tenant_region_scope": g.tenant.region(),
	}
	if roles := g.app.rolesOf(g.resource); len(roles) > 0 {
		claims["roles"] = roles
	}
	s.stats.token()
	return s.entra.sign(claims)
}

// region is the claim tenant_region_scope.
func (t *directoryTenant) region() string {
	if t.sovereign() {
		return "USGov"
	}
	return "NA"
}

func newTokenAnswerV1(resource, token string, now time.Time) tokenAnswerV1 {
	issued := now.Add(-issuedBefore)
	return tokenAnswerV1{
		Type: "Bearer", Expires: strconv.Itoa(expiresIn), Extended: strconv.Itoa(expiresIn),
		ExpiresOn: strconv.FormatInt(issued.Add(tokenLife).Unix(), 10), NotBefore: strconv.FormatInt(issued.Unix(), 10),
		Resource: resource, AccessKey: token,
	}
}

// bearer is an access token that an API has verified.
type bearer struct {
	id       string // uti
	audience string
	roles    []string
	tenant   *directoryTenant
	app      *application
}

// The ways a token can be bad.
var (
	errNoToken      = errors.New("the authorization header is missing or is not a bearer token")
	errBadToken     = errors.New("the token is malformed or its signature is invalid")
	errExpiredToken = errors.New("the token is expired")
	errEarlyToken   = errors.New("the token is not yet valid")
)

// readBearer verifies the token of a request: signature, times, tenant and application.
func (s *Server) readBearer(r *http.Request) (bearer, error) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || raw == "" || len(r.Header.Values("Authorization")) > 1 {
		return bearer{}, errNoToken
	}
	a, err := parseAssertion(raw)
	if err != nil {
		return bearer{}, errBadToken
	}
	key, err := s.entra.public()
	if err != nil || a.alg != "RS256" || a.verify(key) != nil {
		return bearer{}, errBadToken
	}
	var claims struct {
		ID     string   `json:"uti"`
		Tenant string   `json:"tid"`
		App    string   `json:"appid"`
		Roles  []string `json:"roles"`
	}
	if err := decodePart(strings.Split(raw, ".")[1], &claims); err != nil || len(a.audience) != 1 {
		return bearer{}, errBadToken
	}
	if err := s.tokenInTime(a, claims.ID); err != nil {
		return bearer{}, err
	}
	b := bearer{id: claims.ID, audience: a.audience[0], roles: claims.Roles}
	t, ok := s.dir.tenant(claims.Tenant)
	if !ok {
		return bearer{}, errBadToken
	}
	b.tenant = t
	if b.app, ok = t.app(claims.App); !ok {
		return bearer{}, errBadToken
	}
	return b, nil
}

// tokenInTime checks the times of a token without any leeway, and that no fault has killed it.
func (s *Server) tokenInTime(a assertion, id string) error {
	now := s.now()
	switch {
	case !now.Before(a.expires) || s.dead.has(id):
		return errExpiredToken
	case now.Before(a.notBefore):
		return errEarlyToken
	}
	return nil
}

// authorise passes a call or refuses it, in this order: the token, its audience, the account's licence, the role.
func (s *Server) authorise(r *http.Request, rt *route, at host) (bearer, *reply) {
	b, err := s.readBearer(r)
	if err != nil {
		return b, badToken(rt.api, err)
	}
	if !at.accepts(rt.api, b.audience, b.tenant.cloud) {
		s.stats.violation("wrong audience")
		return b, wrongAudience(rt.api)
	}
	if refused := s.unlicensed(rt, at, b.tenant); refused != nil {
		return b, refused
	}
	if !slices.ContainsFunc(rt.roles, func(role string) bool { return slices.Contains(b.roles, role) }) {
		return b, missingRole(rt, b.roles)
	}
	return b, nil
}

// badToken is the answer to a token that does not count. The texts of MDE are not recorded anywhere; those of Graph
// are from general knowledge.
func badToken(api string, err error) *reply {
	r := fail(http.StatusUnauthorized, "Unauthorized", "Unauthorized request - reason of failure: "+err.Error())
	if api == apiGraph {
		text := map[error]string{
			errNoToken: "Access token is empty.", errExpiredToken: "Lifetime validation failed, the token is expired.",
		}[err]
		r = fail(http.StatusUnauthorized, "InvalidAuthenticationToken", orText(text, "Access token validation failure. "+err.Error()))
	}
	return &r
}

// wrongAudience is the answer to a good token for another service: 403 from MDE and XDR (documented), 401 from Graph
// (general knowledge).
func wrongAudience(api string) *reply {
	r := fail(http.StatusForbidden, "Forbidden", "The token's audience is not accepted by this API.")
	if api == apiGraph {
		r = fail(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
	}
	return &r
}

// unlicensed refuses a tenant without the licence, and a tenant of another cloud: its account does not exist here. What
// Microsoft answers to the latter is not documented.
func (s *Server) unlicensed(rt *route, at host, t *directoryTenant) *reply {
	if rt.api == apiGraph {
		return nil
	}
	var reason string
	switch {
	case !at.self && !slices.Contains(at.clouds, t.cloud), !s.dir.licensed(t, LicenceMDE):
		reason = "Account mode is inactive"
	case rt.needs != "" && !s.dir.licensed(t, rt.needs):
		reason = "No Tvm license"
	default:
		return nil
	}
	r := fail(http.StatusUnauthorized, "Unauthorized", "Unauthorized request - reason of failure: "+reason)
	return &r
}

// missingRole names the roles that would do and those the token has, exactly as MDE's text does; Graph has its own
// code and names nothing.
func missingRole(rt *route, held []string) *reply {
	r := fail(http.StatusForbidden, "Forbidden", fmt.Sprintf("Missing application roles. API required roles: %s, application roles: %s.",
		strings.Join(rt.roles, ","), strings.Join(held, ",")))
	if rt.api == apiGraph {
		r = fail(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	return &r
}

// idSet is a set of ids for concurrent use.
type idSet struct{ m sync.Map }

func (s *idSet) add(id string)      { s.m.Store(id, struct{}{}) }
func (s *idSet) has(id string) bool { _, ok := s.m.Load(id); return ok }
