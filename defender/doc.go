// Package defender is the SDK of the Defender for Endpoint API: alerts, devices,
// vulnerabilities, scores and advanced hunting of one tenant.
//
//	cred, err := entra.NewCredential(entra.CredentialOptions{TenantID: tenant, ClientID: app, Secret: secret})
//	client, err := defender.New(cred, nil)
//	for alert, err := range client.Alerts.List(ctx, &defender.Query{Filter: defender.Eq("severity", defender.SeverityHigh)}) {
//		...
//	}
//
// Lists are read as they are looped over: one item is in memory at a time, pages
// and files are never held whole. A loop sees every item that exists, or an
// error: a list never ends early in silence. Items keep their JSON in Raw, so
// that a member which this package does not know is not lost; an item that does
// not fit its type comes with a [*DecodeError], and the loop goes on. A single item
// that is read or changed can come with one too.
//
// One thing is Microsoft's and cannot be mended here: pages are counted, not
// keyed. Where a list moves while it is read, an item at the edge of two pages may
// come twice or not at all; who must not miss one reads again with an overlap.
//
// Calls stay inside Microsoft's rate limits by themselves and wait where they
// must, see Options.MaxWait. A token is only ever sent to the host of the base
// URL: next links are followed there, redirects are not followed, and export
// files are fetched without a token.
//
// Errors: a refusal is an [*Error], whose kind errors.Is tells:
//
//	var refused *defender.Error
//	switch {
//	case errors.Is(err, defender.ErrUnlicensed):
//	case errors.Is(err, defender.ErrForbidden) && errors.As(err, &refused):
//		fmt.Println("grant one of", refused.RequiredRoles)
//	}
package defender
