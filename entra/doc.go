// Package entra knows the Microsoft side of an integration: which clouds and
// hosts exist, how an application signs in to Microsoft Entra ID, what a token
// says, and which permission unlocks which capability.
//
// It has four parts, none of which needs the others:
//
//   - [Clouds], [ResolveBaseURL] and [Hosts] decide where requests may go. A
//     token is only ever sent to a host that one of them names.
//   - [NewCredential] signs in with a client secret, a certificate, a workload
//     identity token or a managed identity, always through azidentity, and
//     turns Entra's refusals into [TokenError] values.
//   - [ParseClaims] and [Discover] read what Entra says about a token and about
//     a tenant, without trusting it.
//   - [Permissions] and [Capabilities] are the catalogue of what to grant.
//
// # Secrets
//
// A [Secret] prints as [redacted] in every format. Errors of this package are
// made anew from what Entra answered; they never wrap azidentity's errors,
// because those carry the request, and the request carries the secret.
//
// # Sources
//
// Hosts and permissions follow Microsoft's pages as of 2026:
// https://learn.microsoft.com/defender-endpoint/api/exposed-apis-list,
// https://learn.microsoft.com/defender-endpoint/gov and
// https://learn.microsoft.com/defender-xdr/usgov. Where a fact comes from
// general knowledge and not from a page, the comment says so.
package entra
