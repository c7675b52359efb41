package api

import (
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Integration is one connected Defender account. Its credential is never in it.
type Integration struct {
	ID         string             `json:"id"`
	Name       string             `json:"name"`
	Tenant     string             `json:"tenant" doc:"Directory (tenant) id."`
	ClientID   string             `json:"clientId" doc:"Application (client) id."`
	Cloud      string             `json:"cloud,omitempty" doc:"global, gcc, gcc-high or dod."`
	BaseURL    string             `json:"baseUrl,omitempty"`
	API        gatehouse.API      `json:"api,omitempty" doc:"The API to use; absent picks by what the permissions allow."`
	AllowHosts []string           `json:"allowHosts,omitempty" doc:"Hosts beyond Microsoft's that may get a token."`
	Streams    []gatehouse.Stream `json:"streams,omitempty" doc:"What is mirrored; absent means every stream."`
	Credential CredentialInfo     `json:"credential"`
	State      string             `json:"state" doc:"active, paused or removing."`
	Created    time.Time          `json:"created"`
	Changed    time.Time          `json:"changed"`
}

// CredentialInfo says which credential an integration uses, without it.
type CredentialInfo struct {
	Kind      string    `json:"kind" doc:"client_secret, certificate, workload_identity or managed_identity."`
	Reference string    `json:"reference,omitempty" doc:"Where it is read when it is needed; absent when it is kept encrypted."`
	Expires   time.Time `json:"expires,omitzero"`
}

// NewIntegration asks to connect a Defender account. It is checked first.
type NewIntegration struct {
	Name       string             `json:"name" minLength:"1" maxLength:"100"`
	Tenant     string             `json:"tenant" doc:"Directory (tenant) id or a domain of it."`
	ClientID   string             `json:"clientId" doc:"Application (client) id."`
	Credential NewCredential      `json:"credential"`
	Cloud      string             `json:"cloud,omitempty" enum:"global,gcc,gcc-high,dod"`
	BaseURL    string             `json:"baseUrl,omitempty" example:"https://api.security.microsoft.com"`
	API        gatehouse.API      `json:"api,omitempty" enum:"mde,graph"`
	Streams    []gatehouse.Stream `json:"streams,omitempty"`
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
	Name    *string             `json:"name,omitempty" minLength:"1" maxLength:"100"`
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
	Items []Integration `json:"items"`
}

// Check is what the check of an account found.
type Check struct {
	OK           bool              `json:"ok" doc:"Whether the account can work."`
	Findings     []Finding         `json:"findings"`
	Capabilities []CapabilityState `json:"capabilities"`
}

// Finding is one thing that a check has to say.
type Finding struct {
	Code     string `json:"code" doc:"Stable; the troubleshooting guide explains each."`
	Severity string `json:"severity" doc:"ok, info, warning or error."`
	Subject  string `json:"subject,omitempty"`
	What     string `json:"what"`
	Why      string `json:"why,omitempty"`
	Mend     string `json:"mend,omitempty"`
}

// CapabilityState says whether an integration can do something.
type CapabilityState struct {
	Capability string   `json:"capability" example:"devices.read"`
	Title      string   `json:"title"`
	OK         bool     `json:"ok"`
	API        string   `json:"api,omitempty" doc:"The API that it goes through."`
	Missing    []string `json:"missing,omitempty" doc:"Permissions of which one would open it."`
}

// Permissions is what an integration holds in Entra ID and what it lacks.
type Permissions struct {
	Held         []Permission      `json:"held"`
	Missing      []Permission      `json:"missing"`
	Capabilities []CapabilityState `json:"capabilities"`
}

// Permission is an application role.
type Permission struct {
	Resource string `json:"resource" example:"WindowsDefenderATP"`
	Name     string `json:"name" example:"Machine.Read.All"`
}

// Health is how the mirror of an integration fares.
type Health struct {
	Integration string         `json:"integration"`
	State       string         `json:"state" doc:"The worst state among its streams."`
	Streams     []StreamHealth `json:"streams"`
}

// StreamHealth is what is known about one stream of one integration.
type StreamHealth struct {
	Stream       gatehouse.Stream      `json:"stream"`
	State        gatehouse.StreamState `json:"state"`
	Owner        string                `json:"owner,omitempty" doc:"Who has to act: you, microsoft, gatehouse or nobody."`
	Reason       string                `json:"reason,omitempty"`
	Mend         string                `json:"mend,omitempty"`
	API          gatehouse.API         `json:"api,omitempty"`
	LastSuccess  time.Time             `json:"lastSuccess,omitzero"`
	LastAttempt  time.Time             `json:"lastAttempt,omitzero"`
	LastChange   time.Time             `json:"lastChange,omitzero"`
	LagSeconds   float64               `json:"lagSeconds"`
	Held         int64                 `json:"held"`
	Upstream     *int64                `json:"upstream,omitempty" doc:"What Microsoft counts; absent when it does not say."`
	SetAside     int64                 `json:"setAside"`
	Calls        int64                 `json:"calls"`
	Floor        int64                 `json:"floor"`
	NextAttempt  time.Time             `json:"nextAttempt,omitzero"`
	FailingSince time.Time             `json:"failingSince,omitzero"`
}

// Budget is what is left of Microsoft's limits for one integration, as this
// process has counted.
type Budget struct {
	Integration string        `json:"integration"`
	Routes      []BudgetRoute `json:"routes"`
}

// BudgetRoute is the budget of one operation of Microsoft's API.
type BudgetRoute struct {
	Operation       string    `json:"operation" example:"GET /api/machines"`
	MinuteLimit     int       `json:"minuteLimit,omitempty"`
	MinuteRemaining int       `json:"minuteRemaining"`
	HourLimit       int       `json:"hourLimit,omitempty"`
	HourRemaining   int       `json:"hourRemaining"`
	ThrottledUntil  time.Time `json:"throttledUntil,omitzero"`
}
