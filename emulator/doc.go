// Package emulator stands in for Microsoft Entra ID, Microsoft Defender and Microsoft Graph: one TLS listener on
// loopback that plays every one of their hosts by name, for tests, demonstrations and development without a tenant.
//
// It aims to be stricter and nastier than the service. What Microsoft documents it answers as documented, down to
// texts and headers; what Microsoft does not document it refuses; and what goes wrong in real life goes wrong here on
// request, from a seed, so that it goes wrong again in the same place.
//
//	client ── dials 127.0.0.1:port for every host, trusts Server.CA ──►  TLS: a leaf for the name asked for
//	                                                                        │ unknown or retired name: closed
//	                     ┌──────────────────┬──────────────────┬────────────┴─────┐
//	              login.microsoft…    api.security…      graph.microsoft…     *.blob.core…
//	                     │                  └───────┬──────────┘                  │
//	              discovery, keys,       token → audience → licence → role    signature of the link
//	              tokens, AADSTS…        → budget → query options → data
//
// The client keeps Microsoft's host names in every URL, so that each check of host, audience and cloud is exercised for
// real. [Server.Client] is such a client. A client that can only be given a base URL uses [Server.URL]: there paths
// decide, and /blob stands before the paths of downloads.
//
// # What can be set up
//
// [Options] and [TenantSpec] describe tenants of every cloud, their licences, applications, secrets, certificates,
// federated credentials and roles. Most of it can be changed while it runs: [Server.Grant], [Server.Revoke],
// [Server.ExpireSecret], [Server.SetLicences], [Server.SetThrottled], [Server.RetireHost], [Server.SetFaults].
// [Server.DefaultTenant] gives all that a client needs to connect.
//
// # What happens meanwhile
//
// A tenant has a life: a [Step] is one thing that happens to it, at once by [Server.Do], later by [Server.Schedule], or between
// two calls; a [Life] draws many from a seed, and [Server.Play] plays them along the emulator's clock. Records bear the time
// [Step.Stamp] and show at [Step.At], so that they can come late or tie. Software changes show with the next six-hourly
// snapshot, in the full export and in its delta alike. [Truth.Documents] holds what every stream says at every door, and
// [Server.Changes] every real change with its times: what a mirror must hold, and what it must have told.
//
// # What is done to it
//
// Response actions take effect: a machine action is Pending, InProgress and then at its end, by the clock and the pace of
// [ActionRules], or by hand with [StepAdvanceAction] and [StepFinishAction]. A device that is away keeps it waiting
// ([Server.SetOnline]), an action that is under way is answered with itself or refused, an isolation of an isolated device
// can get stuck, a new action can be missing for a while. [Server.Accepted] lists every write that took effect, whatever
// became of its answer: no write may be in it twice, and none may be missing.
//
// # What goes wrong
//
// [Faults] is a plan: 429 with either known body, 5xx, latency, dropped connections, tokens that expire in
// mid-list, clock skew, broken nextLinks, bodies cut in good order or in bad, expired and empty downloads, writes that
// take effect while their answers are lost. Each fault
// strikes with a probability or at calls given by number, a pure function of seed, route and number of the call.
// [Server.Stats] tells what struck, and counts what a good client never does.
//
// # Limitations
//
//   - Delegated sign-in, refresh tokens and users do not exist: an application signs in for itself alone.
//   - It does not play Azure's instance metadata service; a managed identity is served as App Service does.
//   - Limits by processor time, which hunting has, are not kept; those by calls are, exactly.
//   - Where Microsoft's behaviour is not documented the code says so, and takes the stricter reading: an audience that
//     is not known to be accepted is refused, a client assertion is good once, a parameter may not be sent twice.
//   - Actions change what the APIs say of devices, not the events of hunting. Investigation packages come from the blob
//     host; Microsoft's come from one of Defender's own.
//   - State lives in memory, and the certificate authority and the keys are new at each start, on purpose.
package emulator
