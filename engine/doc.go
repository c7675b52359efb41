// Package engine keeps mirrors up to date: it decides which stream of which
// integration is read when, in which mode and by whom, commits what is read, and
// tells how each stream fares. It knows the store and nothing of Microsoft: a
// [Connector] hands it [Source] values, which read, and explains their errors.
//
// # Who works on what
//
//	job of an integration ──► lease ──► session: connect, then its due streams, one after another
//	   (durable, unique)     (15 s,      │
//	      ▲                  renewed)    └─► run ──► pages one by one ──► sweep ──► end ──► health, next attempt
//	      └───────────────── snooze until the next stream is due ◄────────────────────────────┘
//
// Every active integration has one durable job. Whoever gets the job takes the
// integration's lease and works through its due streams, so that all work of one
// integration is on one worker and one budget of calls is enough. The job itself
// is short, however long the session: it comes back every few seconds, finds the
// lease renewed, and snoozes again. A session that always has something to read ends
// after an hour, for the next one to connect anew.
//
// # When something fails
//
//   - The process is killed: the lease runs out, the job is rescued, and another
//     worker resumes the run at its checkpoint. The page under way was not
//     written.
//   - A worker hangs and comes back after its lease: it has lost the run to the
//     other, and every write fails with [store.ErrRunOver]. It leaves the session.
//   - A read fails: the run stays open for a pause that doubles up to 15 minutes, or
//     that Microsoft asks for. It is resumed where its last checkpoint is one in its
//     midst; without such a one, and when it has not come a page further for an hour,
//     the next one begins anew.
//   - The database fails: the page is tried again for a while, then the stream
//     waits like any other. Nothing that was not committed counts as read.
//   - A read ends without having said that it is complete: nothing is removed, and
//     the stream is degraded.
//   - A source panics: that stream fails, all others go on.
//   - An integration is paused, removed or gets other settings in mid run: its session
//     ends behind the page under way, and the next one works with what is then: what
//     had failed is read at once. A removal that breaks off is brought to its end.
//   - The clock is set back: what was last tried, or read in full, in the future is due,
//     and jobs, leases and the leader of the queue that lie further ahead than any is put
//     do not count.
package engine
