// Package respond is the one path that every response action takes, whoever asks
// for it and however.
//
//	Submit: catalogue ─► parameters ─► targets, each exactly one ─► permission ─► [dry run ends here]
//	                                                                   │
//	             one transaction: the action, its first event, its entry in the audit log
//	                                                                   │
//	waiting ─ Approve, by another key ─► queued ─► submitting ─► running ─► succeeded, failed, cancelled, expired
//	   └───── Deny ─► refused               │          │            └─ polled to its end
//	                                        │          └─ no answer, or we were killed: looked for by its marker
//	                                        └─ refused for one already under way: that one is followed
//
// An action is its own durable job: the row in the store says what comes next and
// when, a lease says who is at it, and [Responder.Run] works on what is due, in
// as many processes as there are.
//
// # Sent once
//
// Before a target is sent, the store keeps that it is being sent. After it, the
// store keeps Microsoft's id. Whoever finds a target between the two does not
// know whether Microsoft has it, and looks: every submission carries a marker at
// the end of its comment. Only when it has surely left ([Options.Call]), and
// Microsoft has had time enough to show it ([Options.Settle]) and does not, is it
// sent again.
//
// # When something fails
//
//   - The process is killed: the lease runs out, and another goes on there.
//   - Microsoft throttles, or cannot be reached: it is sent later.
//   - Microsoft refuses: the target ends with Microsoft's words; the others go on.
//   - A permission is withdrawn meanwhile: the target fails and says which.
//   - The account cannot sign in: the action waits, and says why, until
//     [Options.Patience] has passed.
//   - The integration is paused: what was sent is followed, and nothing is sent until
//     it is resumed.
//   - Microsoft does not answer: no call takes longer than [Options.Call].
//   - There are hundreds of targets: a worker stays at one action for
//     [Options.Turn], then others, and who wants to cancel it, have theirs.
//   - The store fails: nothing is sent that is not kept first.
//   - An action cannot be read, being damaged or of a newer version: it is set aside,
//     and the others go on.
package respond
