package gatehouse

import "time"

// IntegrationState says whether an integration is worked on.
type IntegrationState string

// The states of an integration.
const (
	IntegrationActive   IntegrationState = "active"   // mirrored on schedule
	IntegrationPaused   IntegrationState = "paused"   // kept, but no call is made for it
	IntegrationRemoving IntegrationState = "removing" // being deleted with all that it holds
	// IntegrationUnreadable is one whose settings are damaged, or of a newer version:
	// there are its id and its name, and no call is made for it.
	IntegrationUnreadable IntegrationState = "unreadable"
)

// CredentialKind names how an integration proves itself to Entra ID.
type CredentialKind string

// The kinds of credential, as package entra knows them.
const (
	CredentialClientSecret     CredentialKind = "client_secret"
	CredentialCertificate      CredentialKind = "certificate"
	CredentialWorkloadIdentity CredentialKind = "workload_identity"
	CredentialManagedIdentity  CredentialKind = "managed_identity"
)

// Credential says which credential an integration uses and where it lies. It
// never holds the credential itself.
type Credential struct {
	Kind CredentialKind `json:"kind"`
	// Reference is where the value is read when it is needed: "env:NAME",
	// "file:PATH", or empty when the store keeps it encrypted.
	Reference string `json:"reference,omitempty"`
	// PasswordReference is the same for the password of a certificate file.
	PasswordReference string `json:"passwordReference,omitempty"`
	// Expires is when the credential ends, in UTC; zero when that is not known.
	Expires time.Time `json:"expires,omitzero"`
}

// Integration is one connected Defender account.
type Integration struct {
	ID         string           `json:"id"`                   // never changes and is part of every event's id
	Name       string           `json:"name"`                 // unique, for people
	Tenant     string           `json:"tenant"`               // directory (tenant) id
	ClientID   string           `json:"clientId"`             // application (client) id
	Cloud      string           `json:"cloud,omitempty"`      // global, gcc, gcc-high or dod
	BaseURL    string           `json:"baseUrl,omitempty"`    // as the user gave it
	API        API              `json:"api,omitempty"`        // the door to use; empty picks by what the permissions allow
	AllowHosts []string         `json:"allowHosts,omitempty"` // hosts beyond Microsoft's that may get a token
	Streams    []Stream         `json:"streams,omitempty"`    // what is mirrored; empty means every stream
	Credential Credential       `json:"credential"`
	State      IntegrationState `json:"state"`
	Created    time.Time        `json:"created"`
	Changed    time.Time        `json:"changed"`
}
