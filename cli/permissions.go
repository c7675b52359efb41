package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

func newPermissionsCommand(p *program) *cobra.Command {
	cmd := withExits(&cobra.Command{
		Use: "permissions", Short: "List Microsoft's permissions, or what to grant for a capability",
		Long: `List the application permissions that Gatehouse knows: of WindowsDefenderATP,
Microsoft Threat Protection, and the security ones of Microsoft Graph. The
column GUIDE marks the seven that the setup guide asks for.

With --for, print what to grant for one capability, with the ids and the way
through the portal.`,
		Example: `  gatehouse permissions
  gatehouse permissions --resource WindowsDefenderATP --output csv
  gatehouse permissions --for hunting.run`,
		Args: wants(),
	})
	capability := addEnum(cmd, "for", "what to grant for this capability", capabilityNames())
	resource := addEnum(cmd, "resource", "only the permissions of this resource",
		[]gatehouse.Resource{gatehouse.ResourceMDE, gatehouse.ResourceXDR, gatehouse.ResourceGraph})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if capability.value != "" {
			return p.printGrants(cmd.Context(), gatehouse.Capability(capability.value), gatehouse.Resource(resource.value))
		}
		rows := permissionRows(func(e entra.PermissionEntry) bool {
			return resource.value == "" || e.Resource == gatehouse.Resource(resource.value)
		})
		return printList(cmd.Context(), p, permissionView(), rows, 0)
	}
	return cmd
}

func capabilityNames() []gatehouse.Capability {
	var names []gatehouse.Capability
	for _, c := range entra.Capabilities() {
		names = append(names, c.Capability)
	}
	return names
}

func permissionRows(wanted func(entra.PermissionEntry) bool) iter.Seq2[entra.PermissionEntry, error] {
	return func(yield func(entra.PermissionEntry, error) bool) {
		for _, e := range entra.Permissions() {
			if wanted(e) && !yield(e, nil) {
				return
			}
		}
	}
}

func permissionView() view[entra.PermissionEntry] {
	return view[entra.PermissionEntry]{
		noun: "permissions",
		columns: []column[entra.PermissionEntry]{
			field("permission", "Permission", func(e entra.PermissionEntry) string { return e.Name }),
			field("resource", "Resource", func(e entra.PermissionEntry) string { return string(e.Resource) }),
			field("guide", "Guide", func(e entra.PermissionEntry) string { return mark(e.Guide, "yes") }).dropped(3),
			field("unlocks", "Unlocks", func(e entra.PermissionEntry) string { return joinWords(e.Unlocks) }).flexible().dropped(4),
			field("title", "Title", func(e entra.PermissionEntry) string { return e.Title }).flexible().dropped(1),
			field("id", "Id", func(e entra.PermissionEntry) string { return e.ID }).dropped(2),
			field("note", "", func(e entra.PermissionEntry) string { return e.Note }),
		},
		raw: func(e entra.PermissionEntry) jsontext.Value { return encode(newPermissionJSON(e)) },
	}
}

// permissionJSON is a permission as --output json prints it.
type permissionJSON struct {
	Resource      gatehouse.Resource     `json:"resource"`
	ResourceAppID string                 `json:"resourceAppId"`
	Name          string                 `json:"name"`
	ID            string                 `json:"id"`
	Type          string                 `json:"type"`
	Title         string                 `json:"title"`
	Guide         bool                   `json:"guide"`
	Unlocks       []gatehouse.Capability `json:"unlocks"`
	Note          string                 `json:"note,omitempty"`
}

func newPermissionJSON(e entra.PermissionEntry) permissionJSON {
	return permissionJSON{
		Resource: e.Resource, ResourceAppID: entra.ResourceAppID(e.Resource), Name: e.Name, ID: e.ID,
		Type: "Application", Title: e.Title, Guide: e.Guide, Unlocks: e.Unlocks, Note: e.Note,
	}
}

// grant is one permission that would open a capability, and how good a choice it is.
type grant struct {
	entra.PermissionEntry

	API    gatehouse.API
	Choice string // "grant this", "also suffices", …
}

func grantsFor(capability entra.CapabilityEntry, resource gatehouse.Resource) []grant {
	var grants []grant
	for i, door := range capability.Doors {
		for j, permission := range door.AnyOf {
			if resource != "" && permission.Resource != resource {
				continue
			}
			entry, err := entra.PermissionByName(permission.Resource, permission.Name)
			if err != nil {
				entry = entra.PermissionEntry{Permission: permission}
			}
			grants = append(grants, grant{PermissionEntry: entry, API: door.API, Choice: choiceOf(i, j)})
		}
	}
	return grants
}

// choiceOf names the place of a permission: doors stand in order of preference,
// and the permissions of a door with the least powerful first.
func choiceOf(door, permission int) string {
	switch {
	case permission > 0:
		return "also suffices"
	case door == 0:
		return "grant this"
	default:
		return "or this, for " + gatehouse.Retirement + " and after"
	}
}

// printGrants prints what to grant for a capability. For people, the way
// through the portal follows.
func (p *program) printGrants(ctx context.Context, name gatehouse.Capability, resource gatehouse.Resource) error {
	capability, err := entra.CapabilityByName(string(name))
	if err != nil {
		return usagef("--for: %w", err)
	}
	grants := grantsFor(capability, resource)
	if len(grants) == 0 {
		return usagef("no permission of %s opens %s: leave --resource out to see which do", resource, name)
	}
	if p.out.forPeople() {
		fmt.Fprintf(p.stdout, "%s (%s) needs one of:\n\n", capability.Capability, capability.Title)
	}
	if err := printList(ctx, p, grantView(), rowsOf(grants), 0); err != nil || !p.out.forPeople() {
		return err
	}
	_, err = fmt.Fprint(p.stdout, portalPath(grants[0]))
	return err
}

func grantView() view[grant] {
	return view[grant]{
		noun: "permissions",
		columns: []column[grant]{
			field("choice", "Choice", func(g grant) string { return g.Choice }),
			field("permission", "Permission", func(g grant) string { return g.Name }),
			field("resource", "Resource", func(g grant) string { return string(g.Resource) }),
			field("api", "API", func(g grant) string { return string(g.API) }).dropped(1),
			field("id", "Id", func(g grant) string { return g.ID }).dropped(2),
			field("resourceAppId", "", func(g grant) string { return entra.ResourceAppID(g.Resource) }),
		},
		raw: func(g grant) jsontext.Value {
			return encode(struct {
				API    gatehouse.API `json:"api"`
				Choice string        `json:"choice"`
				permissionJSON
			}{g.API, g.Choice, newPermissionJSON(g.PermissionEntry)})
		},
	}
}

// portalPath is the way through the Entra portal.
func portalPath(g grant) string {
	where := "APIs my organization uses > " + string(g.Resource)
	if g.Resource == gatehouse.ResourceGraph {
		where = "Microsoft APIs > Microsoft Graph"
	}
	return fmt.Sprintf(`
In https://entra.microsoft.com:
  App registrations > your application > API permissions > Add a permission
  > %s > Application permissions > %s > Add permissions,
  then press "Grant admin consent". Delegated permissions do not count.
`, where, g.Name)
}

func rowsOf[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func joinWords[W ~string](words []W) string { return strings.Join(slices.Clone(wordsOf(words)), " ") }

func mark(on bool, word string) string {
	if on {
		return word
	}
	return ""
}

// encode turns a value of ours into JSON; our own types never fail.
func encode(value any) jsontext.Value {
	text, err := json.Marshal(value)
	if err != nil {
		return jsontext.Value("null")
	}
	return text
}
