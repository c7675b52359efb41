// Package defender is the SDK of the Defender for Endpoint API: alerts, devices and
// what was done to them, software, vulnerabilities, recommendations, scores and
// advanced hunting of one tenant. Incidents come from the API of Defender XDR,
// whose token is another one; the same [Client] asks for both.
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
// Who keeps a copy needs to know where a list stands: Query.OnPage is told of each
// page that was read to its end, with what it cost, and Query.From goes on behind
// it. ExportOptions.OnFile and Skip are the same for files. [WithOnCall] counts the
// calls of one piece of work.
//
// Calls stay inside Microsoft's rate limits by themselves and wait where they
// must, see Options.MaxWait. A token is only ever sent to the host of the base
// URL: next links are followed there, redirects are not followed, and export
// files are fetched without a token.
//
// A scheduler that must not wait sets Options.MaxWait low: a call that would wait
// longer comes back at once as an [*Error] that is [ErrThrottled], with RetryAfter
// set to when the budget has room again.
//
// Errors: what is wrong with the caller's own input is [ErrInput], and nothing was
// sent. A refusal is an [*Error], whose kind errors.Is tells:
//
//	var refused *defender.Error
//	switch {
//	case errors.Is(err, defender.ErrUnlicensed):
//	case errors.Is(err, defender.ErrForbidden) && errors.As(err, &refused):
//		fmt.Println("grant one of", refused.RequiredRoles)
//	}
package defender
