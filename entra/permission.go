package entra

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// PermissionEntry is one application permission that an app can be granted.
type PermissionEntry struct {
	gatehouse.Permission

	ID    string // GUID of the app role, the same in every tenant
	Title string // as the portal shows it
	// Unlocks are the capabilities to which this permission opens a door today.
	// Empty for a permission that this release does not use, or for response actions
	// alone: those are no capabilities, since nothing short of doing them proves
	// them, and the catalogue of package action has them.
	Unlocks []gatehouse.Capability
	// Guide marks the seven permissions that the setup guide asks for.
	Guide bool
	Note  string // what is unusual about it; usually empty
}

// PermissionByName returns the entry of a permission. The name is matched as the
// portal prints it, in any case (Microsoft's pages print URL.Read.All for the
// role Url.Read.All). An unknown one is an error.
func PermissionByName(resource gatehouse.Resource, name string) (PermissionEntry, error) {
	for _, p := range Permissions() {
		if p.Resource == resource && strings.EqualFold(p.Name, name) {
			return p, nil
		}
	}
	return PermissionEntry{}, fmt.Errorf("unknown permission %s of %s: run 'gatehouse permissions' for the list", quoteHarmless(name), resource)
}

// API returns the API that takes the permission's resource as audience.
func (p PermissionEntry) API() gatehouse.API {
	return map[gatehouse.Resource]gatehouse.API{
		gatehouse.ResourceMDE:   gatehouse.APIMDE,
		gatehouse.ResourceXDR:   gatehouse.APIXDR,
		gatehouse.ResourceGraph: gatehouse.APIGraph,
	}[p.Resource]
}

// ResourceAppID returns the client id of a resource's service principal, or the
// empty string for an unknown resource.
func ResourceAppID(r gatehouse.Resource) string {
	return map[gatehouse.Resource]string{
		gatehouse.ResourceMDE:   AppIDMDE,
		gatehouse.ResourceXDR:   AppIDXDR,
		gatehouse.ResourceGraph: AppIDGraph,
	}[r]
}

// unlocks is derived from the capabilities, so that the two cannot disagree.
func unlocks(p gatehouse.Permission) []gatehouse.Capability {
	var out []gatehouse.Capability
	for _, c := range Capabilities() {
		if slices.ContainsFunc(c.Doors, func(d Door) bool { return slices.Contains(d.AnyOf, p) }) {
			out = append(out, c.Capability)
		}
	}
	return out
}
