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

// SecretSpec is a client secret of an application.
type SecretSpec struct {
	// ID is the secret's own id, a GUID: what people paste by mistake instead of Value. Default: made from the seed.
	ID string
	// Value is what the client sends. Required.
	Value string
	// Expires is the moment from which the secret is refused. Default: two years after the start.
	Expires time.Time
}

// FederatedSpec is a federated identity credential: tokens of another issuer accepted in place of a secret.
type FederatedSpec struct {
	// Issuer must equal the iss claim. Default: the emulator's own outside issuer, see Server.FederatedAssertion.
	Issuer string
	// Subject must equal the sub claim. Default: system:serviceaccount:default:gatehouse.
	Subject string
	// Audience must be in the aud claim. Default: api://AzureADTokenExchange.
	Audience string
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
	// Delegated are permissions granted as Delegated in place of Application: an app-only token never shows them.
	Delegated []Role
	// Disabled makes Entra refuse the application.
	Disabled bool
	// Public makes the application a public client, which may not authenticate.
	Public bool
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
	// Size says how much data is generated.
	Size Size
	// Apps are its applications.
	Apps []AppSpec
}

// application is an application of one tenant at run time.
type application struct {
	clientID string
}
