package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// identityPath is where the managed identity endpoint lives on the emulator's own address.
const identityPath = "/msi/token"

// ManagedIdentity gives the two environment variables of App Service's contract, IDENTITY_ENDPOINT and
// IDENTITY_HEADER. The identity is the first application of the first tenant. Source:
// https://learn.microsoft.com/azure/app-service/overview-managed-identity.
func (s *Server) ManagedIdentity() (endpoint, header string) {
	return "https://" + s.Addr() + identityPath, s.identityHeader
}

// identityRoutes is App Service's endpoint.
func (s *Server) identityRoutes() []route {
	return []route{{
		method: http.MethodGet, path: identityPath, api: apiIdentity, handle: s.identityToken,
		options: []string{"api-version", "resource", "client_id", "principal_id", "mi_res_id", "object_id"},
	}}
}

// identityError is the shape of the endpoint's errors.
func identityError(status int, message string) reply {
	return reply{status: status, body: map[string]any{"statusCode": status, "message": message}}
}

// identityToken answers a token request of a workload on this machine.
func (s *Server) identityToken(c *call) reply {
	q := c.query
	switch {
	case c.r.Header.Get("X-Identity-Header") != s.identityHeader:
		return identityError(http.StatusUnauthorized, "The X-IDENTITY-HEADER header is missing or wrong.")
	case q.Get("api-version") != "2019-08-01":
		return identityError(http.StatusBadRequest, "The api-version is not supported: send 2019-08-01.")
	case q.Get("resource") == "":
		return identityError(http.StatusBadRequest, "The resource parameter is required.")
	}
	s.dir.mu.RLock()
	defer s.dir.mu.RUnlock()
	t := s.dir.tenants[0]
	app, ok := t.app(s.firstApp)
	if !ok || q.Get("client_id") != "" && q.Get("client_id") != app.clientID {
		return identityError(http.StatusBadRequest, "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.")
	}
	resource, ok := findResource(q.Get("resource"), t.cloud)
	if !ok {
		return identityError(http.StatusBadRequest, "AADSTS500011: The resource principal named "+q.Get("resource")+" was not found in the tenant named "+t.id+".")
	}
	now := s.now()
	token, err := s.accessToken(grant{tenant: t, app: app, resource: resource.name, audience: q.Get("resource"), acr: "2"}, now)
	if err != nil {
		return identityError(http.StatusInternalServerError, "An unexpected error occurred.")
	}
	return reply{body: map[string]string{
		"access_token": token, "resource": q.Get("resource"), "token_type": "Bearer", "client_id": app.clientID,
		"expires_on": strconv.FormatInt(now.Add(expiresIn*time.Second).Unix(), 10),
	}}
}
