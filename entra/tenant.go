package entra

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// Tenant is what Entra tells everybody about a tenant in its OpenID discovery
// document. The three region members are not documented for this use; that the
// sub-scope tells the government clouds apart is general knowledge.
type Tenant struct {
	ID             string    // GUID, from the issuer
	Issuer         string    // https://login.microsoftonline.com/{id}/v2.0
	TokenEndpoint  string    // URL of the v2.0 token endpoint
	CloudInstance  string    // cloud_instance_name: "microsoftonline.com" or "microsoftonline.us"
	RegionScope    string    // tenant_region_scope: "NA", "EU", "USGov", ...
	RegionSubScope string    // tenant_region_sub_scope: "GCC", "DODCON" (GCC High), "DOD", or empty
	Date           time.Time // the server's clock, UTC, to the second; zero when not sent
}

// Cloud returns the name of the cloud in which the tenant lives, and false when
// the document does not tell.
func (t Tenant) Cloud() (string, bool) {
	switch {
	case strings.EqualFold(t.RegionSubScope, "GCC"):
		return CloudGCC, true
	case strings.EqualFold(t.RegionSubScope, "DODCON"):
		return CloudGCCHigh, true
	case strings.EqualFold(t.RegionSubScope, "DOD"):
		return CloudDoD, true
	case t.RegionSubScope == "" && strings.EqualFold(t.CloudInstance, "microsoftonline.com"):
		return CloudGlobal, true
	}
	return "", false
}

// Discover reads a tenant's OpenID discovery document. It needs no token and
// sends none. The authority is an https URL without path; a nil client means one
// with a timeout of 30 seconds. An unknown tenant is a [*TokenError] with code
// 90002.
func Discover(ctx context.Context, client *http.Client, authority, tenant string) (Tenant, error) {
	if err := checkTenant(tenant); err != nil {
		return Tenant{}, err
	}
	host, err := authorityHost(authority)
	if err != nil {
		return Tenant{}, err
	}
	u := url.URL{Scheme: "https", Host: host, Path: "/" + tenant + "/v2.0/.well-known/openid-configuration"}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Tenant{}, fmt.Errorf("tenant discovery: %w", err)
	}
	resp, err := withoutRedirects(client).Do(req) //nolint:bodyclose // readReply closes it
	if err != nil {
		return Tenant{}, fmt.Errorf("tenant discovery: %w", err)
	}
	body, err := readReply(resp)
	if err != nil {
		return Tenant{}, fmt.Errorf("tenant discovery: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return Tenant{}, parseTokenError(resp.StatusCode, body)
	}
	t, err := parseTenant(body)
	if date, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
		t.Date = date.UTC()
	}
	return t, err
}

// parseTenant reads the document. Members may be null.
func parseTenant(body []byte) (Tenant, error) {
	var w struct {
		Issuer         string `json:"issuer"`
		TokenEndpoint  string `json:"token_endpoint"`
		CloudInstance  string `json:"cloud_instance_name"`
		RegionScope    string `json:"tenant_region_scope"`
		RegionSubScope string `json:"tenant_region_sub_scope"`
	}
	err := json.Unmarshal(body, &w, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	id := issuerTenant(w.Issuer)
	if err != nil || id == "" {
		return Tenant{}, fmt.Errorf("tenant discovery: the answer is not Entra's discovery document: check the authority, and look for a proxy in between")
	}
	return Tenant{
		ID: id, Issuer: plain.Short(w.Issuer), TokenEndpoint: plain.Short(w.TokenEndpoint), CloudInstance: plain.Short(w.CloudInstance),
		RegionScope: plain.Short(w.RegionScope), RegionSubScope: plain.Short(w.RegionSubScope),
	}, nil
}

// issuerTenant returns the GUID in an issuer's path, of either version:
// https://login.microsoftonline.com/{id}/v2.0 or https://sts.windows.net/{id}/.
func issuerTenant(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !isGUID(first) {
		return ""
	}
	return strings.ToLower(first)
}
