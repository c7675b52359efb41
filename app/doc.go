// Package app is Gatehouse put together: the store that keeps the mirror, the
// engine that fills it, the streams that read Microsoft, and what is served for
// those who watch. It is the only package that knows them all.
//
//	New ──► AddIntegration, Pause, Resume, Remove, Status ──► SyncOnce
//	  └───► Start ──► (work on every integration, /metrics, /healthz, /readyz) ──► Stop
//	  └───────────────────────────────────────────────────────────────────────► Close
//
// New opens and prepares, and starts nothing. Many processes may have the same
// PostgreSQL database; they share the work. One SQLite file may be opened by
// several processes as well, so that a status can be asked for while another
// serves.
//
// # When something fails
//
//   - New and Start undo what they have begun, and can be called again.
//   - A credential, a permission or a tenant that is gone is a state of the
//     streams that it concerns, with what to do about it; see [App.Status].
//   - A database that is away makes /readyz answer 503, and the work wait.
//   - Stop with a context that has ended cuts work short. Every page is committed
//     whole or not at all, so nothing is lost, and the next process goes on there.
//
// A signed-in integration keeps its budget of calls for as long as the process
// lives. Another process that takes over begins with a fresh one, which Microsoft
// corrects by a 429 at most once.
package app
