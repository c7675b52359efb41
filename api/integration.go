package api

import (
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Integration is one connected Defender account. Its credential is never in it.
type Integration struct {
	ID         string             `json:"id" doc:"Id of the integration."`
	Name       string             `json:"name" doc:"Its name, which no other has."`
	Tenant     string             `json:"tenant" doc:"Directory (tenant) id."`
	ClientID   string             `json:"clientId" doc:"Application (client) id."`
	Cloud      string             `json:"cloud,omitempty" doc:"global, gcc, gcc-high or dod."`
	BaseURL    string             `json:"baseUrl,omitempty" doc:"The base URL of Defender's API, where it is not that of the cloud."`
	API        gatehouse.API      `json:"api,omitempty" doc:"The API to use; absent picks by what the permissions allow."`
	AllowHosts []string           `json:"allowHosts,omitempty" doc:"Hosts beyond Microsoft's that may get a token."`
	Streams    []gatehouse.Stream `json:"streams,omitempty" doc:"What is mirrored; absent means every stream."`
	Credential CredentialInfo     `json:"credential" doc:"What it signs in with, without the secret."`
	State      string             `json:"state" doc:"active, paused, removing, or unreadable: its settings are damaged, or of a newer version."`
	Created    time.Time          `json:"created" doc:"When it was made."`
	Changed    time.Time          `json:"changed" doc:"When it was last changed."`
}

// CredentialInfo says which credential an integration uses, without it.
type CredentialInfo struct {
	Kind      string    `json:"kind" doc:"client_secret, certificate, workload_identity or managed_identity."`
	Reference string    `json:"reference,omitempty" doc:"Where it is read when it is needed; absent when it is kept encrypted."`
	Expires   time.Time `json:"expires,omitzero" doc:"When it ends, where that is known."`
}

// NewIntegration asks to connect a Defender account. It is checked first.
type NewIntegration struct {
	Name       string             `json:"name" doc:"A name that no other has." pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$" patternDescription:"letters, digits, dots, underscores and dashes, at most 63, beginning with a letter or a digit"`
	Tenant     string             `json:"tenant" doc:"Directory (tenant) id or a domain of it."`
	ClientID   string             `json:"clientId" doc:"Application (client) id."`
	Credential NewCredential      `json:"credential" doc:"What it signs in with."`
	Cloud      string             `json:"cloud,omitempty" doc:"Microsoft's cloud." enum:"global,gcc,gcc-high,dod"`
	BaseURL    string             `json:"baseUrl,omitempty" doc:"The base URL of Defender's API; absent: that of the cloud." example:"https://api.security.microsoft.com"`
	API        gatehouse.API      `json:"api,omitempty" doc:"Only this API of Microsoft; absent: whichever its permissions open." enum:"mde,graph"`
	Streams    []gatehouse.Stream `json:"streams,omitempty" doc:"What is mirrored; absent: all."`
	SkipCheck  bool               `json:"skipCheck,omitempty" doc:"Add it without asking Microsoft anything."`
}

// NewCredential is a credential on its way in. It is kept encrypted, or only
// its reference is.
type NewCredential struct {
	Kind        string `json:"kind,omitempty" enum:"client_secret,certificate,workload_identity,managed_identity" doc:"Default: what the other members say."`
	Secret      string `json:"secret,omitempty" doc:"The client secret."`
	Certificate string `json:"certificate,omitempty" doc:"PEM text with certificate and key, or a PFX file in base64."`
	Password    string `json:"password,omitempty" doc:"Of the certificate's file."`
	Reference   string `json:"reference,omitempty" doc:"env:NAME or file:PATH on the server, read when it is needed." example:"env:CONTOSO_SECRET"`
}

// ChangeIntegration changes what is named; what is absent stays.
type ChangeIntegration struct {
	Name    *string             `json:"name,omitempty" doc:"A new name." pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$" patternDescription:"letters, digits, dots, underscores and dashes, at most 63, beginning with a letter or a digit"`
	API     *gatehouse.API      `json:"api,omitempty" doc:"Empty picks by what the permissions allow."`
	Streams *[]gatehouse.Stream `json:"streams,omitempty" doc:"Empty means every stream."`
}

// CreatedIntegration is an integration with what its check found.
type CreatedIntegration struct {
	Integration
	Check *Check `json:"check,omitempty" doc:"Absent when it was skipped."`
}

// Integrations is the list of integrations.
type Integrations struct {
	Items []Integration `json:"items" doc:"What was found; an empty list when there is nothing."`
}

// Check is what the check of an account found.
type Check struct {
	OK           bool              `json:"ok" doc:"Whether the account can work."`
	Findings     []Finding         `json:"findings" doc:"What was looked at, and what is wrong."`
	Capabilities []CapabilityState `json:"capabilities" doc:"What the account can do."`
}

// Finding is one thing that a check has to say.
type Finding struct {
	Code     string `json:"code" doc:"Stable; the troubleshooting guide explains each."`
	Severity string `json:"severity" doc:"ok, info, warning or error."`
	Subject  string `json:"subject,omitempty" doc:"What it is about."`
	What     string `json:"what" doc:"What was found."`
	Why      string `json:"why,omitempty" doc:"Why that matters."`
	Mend     string `json:"mend,omitempty" doc:"What to do about it."`
}

// CapabilityState says whether an integration can do something.
type CapabilityState struct {
	Capability string   `json:"capability" doc:"The name of the capability, as devices.read." example:"devices.read"`
	Title      string   `json:"title" doc:"A name for people."`
	OK         bool     `json:"ok" doc:"Whether the account has it."`
	API        string   `json:"api,omitempty" doc:"The API that it goes through."`
	Missing    []string `json:"missing,omitempty" doc:"Permissions of which one would open it."`
}

// Permissions is what an integration holds in Entra ID and what it lacks.
type Permissions struct {
	Held         []Permission      `json:"held" doc:"Application permissions that the account has."`
	Missing      []Permission      `json:"missing" doc:"Those it lacks, for some capability."`
	Capabilities []CapabilityState `json:"capabilities" doc:"What they open."`
}

// Permission is an application role.
type Permission struct {
	Resource string `json:"resource" doc:"The API it belongs to." example:"WindowsDefenderATP"`
	Name     string `json:"name" doc:"Its name in Entra ID." example:"Machine.Read.All"`
}

// Health is how the mirror of an integration fares.
type Health struct {
	Integration string         `json:"integration" doc:"Id of the integration."`
	State       string         `json:"state" doc:"The worst state among its streams."`
	Streams     []StreamHealth `json:"streams" doc:"How each stream fares."`
}

// StreamHealth is what is known about one stream of one integration.
type StreamHealth struct {
	Stream       gatehouse.Stream      `json:"stream" doc:"The stream, as devices."`
	State        gatehouse.StreamState `json:"state" doc:"Where it stands."`
	Owner        string                `json:"owner,omitempty" doc:"Who has to act: you, microsoft, gatehouse or nobody."`
	Reason       string                `json:"reason,omitempty" doc:"Why it is in this state, one line."`
	Mend         string                `json:"mend,omitempty" doc:"What to do about it."`
	API          gatehouse.API         `json:"api,omitempty" doc:"The API of Microsoft that it goes through: mde, xdr or graph."`
	LastSuccess  time.Time             `json:"lastSuccess,omitzero" doc:"When it was last read well."`
	LastAttempt  time.Time             `json:"lastAttempt,omitzero" doc:"When it was last tried."`
	LastChange   time.Time             `json:"lastChange,omitzero" doc:"When something in it last changed."`
	LagSeconds   float64               `json:"lagSeconds" doc:"How old the copy is, in seconds."`
	Held         int64                 `json:"held" doc:"How many records are held."`
	Upstream     *int64                `json:"upstream,omitempty" doc:"What Microsoft counts; absent when it does not say."`
	SetAside     int64                 `json:"setAside" doc:"How many records could not be understood and are set aside."`
	Calls        int64                 `json:"calls" doc:"How many calls the last reading took."`
	Floor        int64                 `json:"floor" doc:"The fewest calls it could have taken."`
	NextAttempt  time.Time             `json:"nextAttempt,omitzero" doc:"When it is tried next."`
	FailingSince time.Time             `json:"failingSince,omitzero" doc:"Since when it fails; absent while it does not."`
}

// Budget is what is left of Microsoft's limits for one integration, as this
// process has counted.
type Budget struct {
	Integration string        `json:"integration" doc:"Id of the integration."`
	Routes      []BudgetRoute `json:"routes" doc:"What is left for each route of Microsoft's API."`
}

// BudgetRoute is the budget of one operation of Microsoft's API.
type BudgetRoute struct {
	Operation       string    `json:"operation" doc:"Method and path of Microsoft's API." example:"GET /api/machines"`
	MinuteLimit     int       `json:"minuteLimit,omitempty" doc:"Calls in a minute that Microsoft allows; absent where there is no limit."`
	MinuteRemaining int       `json:"minuteRemaining" doc:"Those that are left."`
	HourLimit       int       `json:"hourLimit,omitempty" doc:"Calls in an hour that Microsoft allows; absent where there is no limit."`
	HourRemaining   int       `json:"hourRemaining" doc:"Those that are left."`
	ThrottledUntil  time.Time `json:"throttledUntil,omitzero" doc:"Until when Microsoft wants to be left alone."`
}
