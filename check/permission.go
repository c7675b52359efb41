package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// checkPermissions holds the permissions that are asked for against those that
// the tokens carry.
func (c *run) checkPermissions(context.Context) (bool, error) {
	bare := map[gatehouse.Resource]bool{}
	for _, p := range c.o.Permissions {
		claims, ok := c.tokens[p.Resource]
		switch {
		case !ok && c.shut[p.Resource]: // reported with its token
		case !ok || len(claims.Roles) == 0:
			bare[p.Resource] = true
		case !claims.HasRole(p.Name):
			c.report.add(c.missing(p))
		}
	}
	for _, r := range c.resources() {
		if bare[r.name] {
			f := newFinding(NoApplicationRole, string(r.name), nil)
			f.Capabilities = c.lostWithout(func(p gatehouse.Permission) bool { return p.Resource == r.name })
			c.report.add(f)
		}
	}
	return true, nil
}

// missing names one permission that is not held and what is lost by it. A
// permission that another one covers is worth a warning only.
func (c *run) missing(p gatehouse.Permission) Finding {
	lost := c.lostWithout(func(q gatehouse.Permission) bool { return p == q })
	detail := "lost: " + join(lost)
	if len(lost) == 0 {
		detail = "nothing is lost by it today"
		if cover := c.coverOf(p); cover != "" {
			detail += ", since " + cover + " covers it"
		}
	}
	f := newFinding(PermissionMissing, p.Name, vars{"resource": string(p.Resource), "detail": detail})
	f.Permission, f.Capabilities = &p, lost
	if len(lost) == 0 {
		f.Severity = Warning
	}
	return f
}

// lostWithout lists the capabilities that one of these permissions would open,
// and that no permission held opens.
func (c *run) lostWithout(among func(gatehouse.Permission) bool) []gatehouse.Capability {
	var lost []gatehouse.Capability
	for _, e := range entra.Capabilities() {
		open, wanted := false, false
		for _, d := range e.Doors {
			open = open || d.Opens(c.held())
			wanted = wanted || slices.ContainsFunc(d.AnyOf, among)
		}
		if wanted && !open {
			lost = append(lost, e.Capability)
		}
	}
	return lost
}

// coverOf names the permission held that opens the same doors.
func (c *run) coverOf(p gatehouse.Permission) string {
	for _, e := range entra.Capabilities() {
		if !slices.ContainsFunc(e.Doors, func(d entra.Door) bool { return slices.Contains(d.AnyOf, p) }) {
			continue
		}
		for _, d := range e.Doors {
			for _, q := range d.AnyOf {
				if slices.Contains(c.held(), q) {
					return q.Name
				}
			}
		}
	}
	return ""
}

// held lists the permissions that the tokens carry.
func (c *run) held() []gatehouse.Permission {
	var held []gatehouse.Permission
	for r, claims := range c.tokens {
		for _, name := range claims.Roles {
			held = append(held, gatehouse.Permission{Resource: r, Name: name})
		}
	}
	return held
}

// doorsOf says of each door of a capability whether the permissions held open
// it.
func doorsOf(e entra.CapabilityEntry, held []gatehouse.Permission) []DoorStatus {
	doors := make([]DoorStatus, len(e.Doors))
	for i, d := range e.Doors {
		doors[i] = DoorStatus{API: d.API, Open: d.Opens(held), AnyOf: d.AnyOf}
		for _, p := range d.AnyOf {
			if slices.Contains(held, p) {
				doors[i].Held = append(doors[i].Held, p)
			}
		}
	}
	return doors
}

func join[T ~string](list []T) string {
	text := make([]string, len(list))
	for i, v := range list {
		text[i] = fmt.Sprint(v)
	}
	return strings.Join(text, ", ")
}
