// Package store keeps what Gatehouse mirrors: integrations, records, events,
// checkpoints and runs; and what its server works with: API keys, the audit log,
// response actions, hunts and answers. All of it lies in one SQLite file or in
// PostgreSQL.
//
// # One transaction for each page
//
//	BeginRun ─► CommitPage ─► CommitPage ─► … CommitPage(Complete) ─► FinishSweep ─► EndRun
//	               │
//	               └─ one transaction: fence the run, look up the keys, write the records
//	                  that changed, mark the others as seen, append the events, move the
//	                  checkpoint, add up the run. All of it or nothing.
//
// A record is compared by two hashes that the caller gives. The same whole
// hash is nothing new. The same content hash is noise: the document is replaced
// and no event is made. Anything else is a new version and one event, numbered
// and written in the same transaction. A record that changes back to what it
// was is a new version, too, so its event has an id of its own.
//
// # Numbers that no reader skips
//
// An outlet reads events with a number greater than its cursor. That is only
// safe when numbers become visible in their order. A sequence or an identity
// column does not give that in PostgreSQL: the transaction with the lower
// number may commit later, and a reader that has passed it never sees it. Here
// numbers come from one row, counters.events, that is updated as the last step
// but one of a transaction and stays locked until its commit is visible. So
// numbers rise in commit order and leave no gaps, at the price that commits
// with events follow one another. Pages without events take no numbers and
// wait for nobody. SQLite has one writer, so there it costs nothing.
//
// # When something fails
//
//   - Killed at any instant: the page under way was not written. Resume the run
//     at the checkpoint. A repeated page makes no event.
//   - A worker that lost its run to another: [Store.ResumeRun] and
//     [Store.BeginRun] count the attempt up, and every write of the older one
//     fails with [ErrRunOver]. Two workers never write to one stream.
//   - A process that is suspended in the midst of a commit: PostgreSQL drops its
//     transaction after [Options.LockWait], for it holds up everybody else's. On SQLite
//     the others wait, and say so.
//   - A sweep that is cut short: the run keeps the guard's consent;
//     [Store.FinishSweep] goes on where it was.
//   - Disk full, database gone, locked: an [Error] whose cause is [ErrFull],
//     [ErrUnavailable] or [ErrLocked]. Nothing was written; connections are made
//     anew by themselves. When a connection is lost during a commit nobody knows
//     the outcome: commit again, which is safe but counts the rows of the run twice.
//
// # Who works on what
//
// Integrations, actions, hunts and requests are leased, by the clock of the database,
// so that it is one for all processes. A lease keeps two from working at once in good
// times; what keeps the data right is the fence, a number that rises with each lease
// and that every write of its holder names. No lease is given for more than ten
// minutes: one that ends much later was given before the clock was set back.
//
// A document that cannot be read, being damaged or of a newer version, stands in
// nobody's way: an integration, an action, a hunt or a run is listed all the same, and
// is not worked on; see [ErrUnreadable].
//
// # Two databases
//
// The statements are one text for both. What differs is the dialect: how a list
// becomes rows, how many rows are inserted at once, and what errors mean. SQLite
// is opened with one connection that writes and several that read; in WAL mode
// they do not block each other, and synchronous=FULL keeps an event that a
// destination has seen from being lost to a power failure.
package store
