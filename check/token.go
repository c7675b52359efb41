package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// resource is one of the three resources as this integration reaches it.
type resource struct {
	name     gatehouse.Resource
	service  entra.Service
	token    string // what the token is asked for
	required bool   // its refusal is an error, and not only a closed door
}

func (c *run) resources() []resource {
	cloud := c.base.Cloud
	mde := resource{gatehouse.ResourceMDE, cloud.MDE, cloud.MDE.Resource, true}
	if c.o.Resource != "" {
		mde.token = c.o.Resource
	}
	return []resource{
		mde,
		{gatehouse.ResourceXDR, cloud.XDR, cloud.XDR.Resource, false},
		{gatehouse.ResourceGraph, cloud.Graph, cloud.Graph.Resource, false},
	}
}

// checkTokens signs in for each resource. What refuses the application itself
// ends the check; what refuses one resource closes its doors.
func (c *run) checkTokens(ctx context.Context) (bool, error) {
	for _, r := range c.resources() {
		token, err := c.cred.Token(ctx, r.token)
		if err != nil {
			if !c.tokenRefused(r, err) {
				return false, nil
			}
			continue
		}
		claims, err := entra.ParseClaims(token.Token)
		if err != nil {
			c.report.add(newFinding(UpstreamError, r.token, vars{"detail": sentence(err.Error())}))
			c.shut[r.name] = true
			continue
		}
		c.examine(r, claims)
	}
	return true, nil
}

// tokenRefused reports a refusal and tells whether to go on with the other
// resources.
func (c *run) tokenRefused(r resource, err error) (goOn bool) {
	refusal, ok := entra.AsTokenError(err)
	if !ok {
		c.report.add(unreachable(hostOf(c.cred.Authority()), err))
		return false
	}
	c.shut[r.name] = true
	f := c.refused(refusal, r.token)
	ofResource := f.Code == NoLicence || f.Code == UpstreamError || f.Code == SignInFailed
	if ofResource && !r.required {
		return true // its capabilities say that their door is closed
	}
	c.report.add(f)
	return ofResource
}

// examine holds a token's claims against what was asked for.
func (c *run) examine(r resource, claims entra.Claims) {
	c.report.Tokens = append(c.report.Tokens, Token{
		Resource: r.name, Audience: strings.Join(claims.Audience, " "), TenantID: claims.TenantID, AppID: claims.AppID,
		Roles: slices.Clone(claims.Roles), Expires: claims.Expires,
	})
	switch {
	case !c.sameIdentity(claims):
		c.shut[r.name] = true
		c.report.add(newFinding(WrongIdentity, string(r.name), vars{
			"actual": fmt.Sprintf("application %s in tenant %s", claims.AppID, claims.TenantID),
			"wanted": fmt.Sprintf("application %s in tenant %s", c.cred.ClientID(), c.cred.TenantID()),
		}))
	case !c.rightAudience(r, claims):
		c.shut[r.name] = true
		c.report.add(newFinding(WrongAudience, string(r.name), vars{
			"actual": strings.Join(claims.Audience, " "), "wanted": r.service.Resource, "host": c.base.URL.Host,
		}))
	default:
		c.tokens[r.name] = claims
		c.report.add(newFinding(TokenOK, string(r.name), vars{"detail": describeRoles(claims)}))
	}
}

// rightAudience tells whether the API behind the host takes the token. A host
// allowed by hand may want any audience.
func (c *run) rightAudience(r resource, claims entra.Claims) bool {
	if r.name == gatehouse.ResourceMDE && c.base.Unlisted && c.o.Resource != "" {
		return true
	}
	return claims.ForAudience(r.service.Audiences...)
}

// sameIdentity tells whether the token is for who was asked. A tenant that was
// given by a domain name cannot be compared.
func (c *run) sameIdentity(claims entra.Claims) bool {
	same := func(given, got string) bool {
		return given == "" || got == "" || strings.Contains(given, ".") || strings.EqualFold(given, got)
	}
	if c.cred.Kind() == entra.KindManagedIdentity {
		return true
	}
	return same(c.cred.TenantID(), claims.TenantID) && same(c.cred.ClientID(), claims.AppID)
}

func describeRoles(claims entra.Claims) string {
	if len(claims.Roles) == 0 {
		return "no application permission"
	}
	return strings.Join(claims.Roles, ", ")
}

func hostOf(base string) string { return strings.TrimPrefix(base, "https://") }
