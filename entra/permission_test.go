package entra

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

func TestPermissions(t *testing.T) {
	t.Parallel()
	count := map[gatehouse.Resource]int{}
	guide := 0
	seen := map[string]bool{}
	for _, p := range Permissions() {
		count[p.Resource]++
		if p.Guide {
			guide++
		}
		if !isGUID(p.ID) || p.Title == "" || seen[p.ID] || seen[p.String()] {
			t.Errorf("%+v", p)
		}
		seen[p.ID], seen[p.String()] = true, true
	}
	if count[gatehouse.ResourceMDE] != 32 || count[gatehouse.ResourceXDR] != 4 || count[gatehouse.ResourceGraph] != 7 || guide != 7 {
		t.Errorf("counts %v, in the guide %d", count, guide)
	}
	for r := range count {
		if !isGUID(ResourceAppID(r)) {
			t.Errorf("%s has no app id", r)
		}
	}
}

// TestPermissionsAgainstExport compares with the public export, where it is at hand.
func TestPermissionsAgainstExport(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../shared/defender-api/app-roles.json")
	if err != nil {
		t.Skip("the export of app roles is not here")
	}
	var export struct {
		ServicePrincipals []struct {
			AppID       string             `json:"appId"`
			DisplayName gatehouse.Resource `json:"displayName"`
			AppRoles    []struct {
				Value string `json:"value"`
				ID    string `json:"id"`
			} `json:"appRoles"`
		} `json:"servicePrincipals"`
	}
	if err := json.Unmarshal(data, &export); err != nil {
		t.Fatal(err)
	}
	for _, sp := range export.ServicePrincipals {
		if ResourceAppID(sp.DisplayName) != sp.AppID {
			t.Errorf("%s: app id %s", sp.DisplayName, sp.AppID)
		}
		for _, role := range sp.AppRoles {
			if p, err := PermissionByName(sp.DisplayName, role.Value); err != nil || p.ID != role.ID || p.Name != role.Value {
				t.Errorf("%s: %+v, %v", role.Value, p, err)
			}
		}
	}
}

func TestPermissionByName(t *testing.T) {
	t.Parallel()
	if p, err := PermissionByName(gatehouse.ResourceMDE, "URL.read.all"); err != nil || p.Name != "Url.Read.All" {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := PermissionByName(gatehouse.ResourceGraph, "Machine.Read.All"); err == nil {
		t.Error("no error")
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	all := []gatehouse.Capability{
		gatehouse.AlertsRead, gatehouse.AlertsUpdate, gatehouse.DevicesRead, gatehouse.DevicesUpdate,
		gatehouse.VulnerabilitiesRead, gatehouse.HuntingRun, gatehouse.ScoresRead, gatehouse.SecureScoreRead,
	}
	var got []gatehouse.Capability
	for _, c := range Capabilities() {
		got = append(got, c.Capability)
		if c.Title == "" || len(c.Doors) == 0 {
			t.Errorf("%+v", c)
		}
		for _, d := range c.Doors {
			for _, p := range d.AnyOf {
				entry, err := PermissionByName(p.Resource, p.Name)
				if err != nil || !slices.Contains(entry.Unlocks, c.Capability) {
					t.Errorf("%s: %v, %+v", c.Capability, err, entry)
				}
			}
			if !d.Opens(d.AnyOf[:1]) || d.Opens(nil) {
				t.Errorf("%s: %+v", c.Capability, d)
			}
		}
	}
	if !slices.Equal(all, got) {
		t.Errorf("capabilities %v", got)
	}
	entry, err := CapabilityByName("Hunting.Run")
	if _, ok := entry.DoorOf(gatehouse.APIGraph); err != nil || !ok {
		t.Errorf("%+v %v", entry, err)
	}
	if _, ok := entry.DoorOf(gatehouse.APIXDR); ok {
		t.Error("hunting has no XDR door yet")
	}
	if _, err := CapabilityByName("hunting"); err == nil || !strings.Contains(err.Error(), "hunting.run") {
		t.Errorf("error %v", err)
	}
}

// TestPermissionReference holds docs/reference/permissions.md, which is written
// from the catalogue.
func TestPermissionReference(t *testing.T) {
	t.Parallel()
	golden.Check(t, "../docs/reference/permissions.md", permissionReference())
}

func permissionReference() string {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./entra -run TestPermissionReference -update. Do not edit. -->\n\n# Permissions\n\n" +
		"Application permissions (app roles), as Entra names them. Grant them under *API permissions* of the app registration as\n" +
		"**Application** permissions, then give admin consent. \"Guide\" marks the seven that the setup guide asks for.\n" +
		"What each response action needs is in [actions.md](actions.md).\n\n" +
		"## What each capability needs\n\nAny one permission of a row suffices. The first API is preferred today; the MDE and XDR APIs retire on " + gatehouse.Retirement + ".\n\n" +
		"| capability | what it is | API | any one of | how |\n|---|---|---|---|---|\n")
	for _, c := range Capabilities() {
		for _, d := range c.Doors {
			var names []string
			for _, p := range d.AnyOf {
				names = append(names, "`"+p.Name+"`")
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Capability, c.Title, d.API, strings.Join(names, " or "), d.Note)
		}
	}
	for _, r := range []gatehouse.Resource{gatehouse.ResourceMDE, gatehouse.ResourceXDR, gatehouse.ResourceGraph} {
		fmt.Fprintf(&b, "\n## %s\n\nApplication id `%s`, API `%s`.\n\n| permission | id | title | unlocks | guide | note |\n|---|---|---|---|---|---|\n", r, ResourceAppID(r), PermissionEntry{Permission: gatehouse.Permission{Resource: r}}.API())
		for _, p := range Permissions() {
			if p.Resource == r {
				var unlocks []string
				for _, c := range p.Unlocks {
					unlocks = append(unlocks, "`"+string(c)+"`")
				}
				guide := map[bool]string{true: "yes"}[p.Guide]
				fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s | %s |\n", p.Name, p.ID, p.Title, strings.Join(unlocks, " "), guide, p.Note)
			}
		}
	}
	return b.String()
}
