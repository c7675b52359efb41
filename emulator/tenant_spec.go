package emulator

import "time"

// The names of the three resources (service principals) that an application can hold roles of.
const (
	ResourceMDE   = "WindowsDefenderATP"
	ResourceXDR   = "Microsoft Threat Protection"
	ResourceGraph = "Microsoft Graph"
)

// The licences a tenant can have.
const (
	// LicenceMDE makes the account active. Without it every MDE and XDR call is refused.
	LicenceMDE = "mde"
	// LicenceTVM is Defender Vulnerability Management. Without it the routes that need it are refused.
	LicenceTVM = "tvm"
)

// Role is an application role (application permission) of a resource.
type Role struct {
	// Resource is one of ResourceMDE, ResourceXDR and ResourceGraph.
	Resource string
	// Name is the role as it stands in the token, such as Alert.Read.All.
	Name string
}

// MDERoles gives roles of WindowsDefenderATP by their names.
func MDERoles(names ...string) []Role { return rolesNamed(ResourceMDE, names) }

// XDRRoles gives roles of Microsoft Threat Protection by their names.
func XDRRoles(names ...string) []Role { return rolesNamed(ResourceXDR, names) }

// GraphRoles gives roles of Microsoft Graph by their names.
func GraphRoles(names ...string) []Role { return rolesNamed(ResourceGraph, names) }

func rolesNamed(resource string, names []string) []Role {
	roles := make([]Role, len(names))
	for i, name := range names {
		roles[i] = Role{Resource: resource, Name: name}
	}
	return roles
}

// GuideRoles are the seven application permissions of WindowsDefenderATP that the connection guide asks for.
func GuideRoles() []Role {
	return MDERoles("AdvancedQuery.Read.All", "Alert.Read.All", "Alert.ReadWrite.All", "Machine.Read.All",
		"Machine.ReadWrite.All", "Score.Read.All", "Vulnerability.Read.All")
}

// GraphSecurityRoles are the application permissions of Microsoft Graph for the same work.
func GraphSecurityRoles() []Role {
	return GraphRoles("SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All", "SecurityEvents.Read.All", "ThreatHunting.Read.All")
}

// SecretSpec is a client secret of an application.
type SecretSpec struct {
	// ID is the secret's own id, a GUID: what people paste by mistake instead of Value. Default: made from the ids of
	// tenant and application.
	ID string
	// Value is what the client sends. Required.
	Value string
	// Expires is the moment from which the secret is refused. Default: two years after the start.
	Expires time.Time
}

// FederatedSpec is a federated identity credential: tokens of another issuer accepted in place of a secret.
type FederatedSpec struct {
	// Issuer must equal the iss claim. Default: https://issuer.emulator.example, see Server.FederatedAssertion.
	Issuer string
	// Subject must equal the sub claim. Default: system:serviceaccount:default:gatehouse.
	Subject string
	// Audience must be in the aud claim. Default: api://AzureADTokenExchange.
	Audience string
}

func (f FederatedSpec) withDefaults() FederatedSpec {
	f.Issuer = orText(f.Issuer, outsideIssuer)
	f.Subject = orText(f.Subject, outsideSubject)
	f.Audience = orText(f.Audience, outsideAudience)
	return f
}

// AppSpec is an application of a tenant: a registration together with its service principal.
type AppSpec struct {
	// ClientID is the application id, a GUID. Required.
	ClientID string
	// Name is the display name. Default: Gatehouse.
	Name string
	// Secrets are its client secrets.
	Secrets []SecretSpec
	// Certificates are its registered certificates, each in PEM. Private keys in the text are ignored.
	Certificates [][]byte
	// Federated are its federated credentials.
	Federated []FederatedSpec
	// Roles are the application roles granted with admin consent: they are in the token.
	Roles []Role
	// Delegated are permissions granted as Delegated in place of Application: an app-only token never shows them, so
	// that they change nothing, which is the point.
	Delegated []Role
	// Disabled makes Entra refuse the application.
	Disabled bool
	// Public makes the application a public client, which may not authenticate.
	Public bool
	// Refuse is the number of an AADSTS error, such as 53003, with which every token request of the application is
	// refused, whatever it sends. Default: 0, none.
	Refuse int
}

// TenantSpec describes a tenant to emulate.
type TenantSpec struct {
	// ID is the directory id, a GUID. Required.
	ID string
	// Domain is a verified domain; it can be used in place of the id. Default: contoso.example.
	Domain string
	// Name is the display name. Default: Contoso.
	Name string
	// Cloud is global, gcc, gcc-high or dod. Default: global.
	Cloud string
	// Licences are LicenceMDE and LicenceTVM. Default (nil): both; an empty list is none.
	Licences []string
	// Without names resources whose service principal is absent, as in a tenant that never had the product.
	Without []string
	// Seed makes the data. Default: the seed of Options.
	Seed uint64
	// ByUpdate lets the lists of alerts and incidents begin with what changed last, in place of what is newest, so that
	// records move while a list is paged. Microsoft does not document the order.
	ByUpdate bool
	// Size says how much data is generated.
	Size Size
	// Apps are its applications.
	Apps []AppSpec
}

// MirrorRoles are all the roles that reading every stream takes, by any door: those of the guide, of Microsoft Graph, and
// the ones that neither names.
func MirrorRoles() []Role {
	roles := append(GuideRoles(), GraphSecurityRoles()...)
	roles = append(roles, GraphRoles("SecurityIncident.Read.All")...)
	roles = append(roles, MDERoles("Software.Read.All", "SecurityRecommendation.Read.All")...)
	return append(roles, XDRRoles("Incident.Read.All", "AdvancedHunting.Read.All")...)
}

func (t TenantSpec) withDefaults(seed uint64) TenantSpec {
	t.Domain = orText(t.Domain, "contoso.example")
	t.Name = orText(t.Name, "Contoso")
	t.Cloud = orText(t.Cloud, cloudGlobal)
	if t.Licences == nil {
		t.Licences = []string{LicenceMDE, LicenceTVM}
	}
	if t.Seed == 0 {
		t.Seed = seed
	}
	return t
}

func orText(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}
