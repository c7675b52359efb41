package gatehouse

// Resource names a service principal of Microsoft that owns application
// permissions.
type Resource string

// The three resources whose permissions Gatehouse knows, by the display names
// that the Entra portal shows under "APIs my organization uses".
const (
	ResourceMDE   Resource = "WindowsDefenderATP"
	ResourceXDR   Resource = "Microsoft Threat Protection"
	ResourceGraph Resource = "Microsoft Graph"
)

// Permissions returns the permissions of the resource with these names, in their
// order.
func (r Resource) Permissions(names ...string) []Permission {
	list := make([]Permission, len(names))
	for i, name := range names {
		list[i] = Permission{Resource: r, Name: name}
	}
	return list
}

// Permission is an application permission (an app role) on one [Resource], as
// Entra names it, for example Machine.Read.All.
type Permission struct {
	Resource Resource `json:"resource"`
	Name     string   `json:"name"` // as it stands in a token's roles claim
}

// String returns "Resource/Name", for example WindowsDefenderATP/Machine.Read.All.
func (p Permission) String() string { return string(p.Resource) + "/" + p.Name }
