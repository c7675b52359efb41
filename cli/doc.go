// Package cli is the gatehouse command: one file per command, and [Main], the
// whole program as a function, so that tests and scripts drive the real thing.
//
// How a run goes:
//
//	arguments ─ cobra ─► settings: flags, environment, file (config.go)
//	                      │
//	                      ▼
//	             connection: credential, base URL, SDK clients (connection.go)
//	                      │
//	                      ▼
//	 command (alerts.go, devices.go, …) ─► output: table, json, ndjson, csv
//	                      │
//	                      ▼
//	             error ─► exit status (exit.go)
//
// # Rules that hold for every command
//
// Rows go to standard output and everything else (errors, warnings, progress,
// logs) to standard error. Bad input is refused before anything is sent. A
// list that is cut short, by --limit, by Ctrl-C or by an error, leaves whole
// lines only. A secret is never printed, at any log level: errors and logs
// pass through a writer that replaces each secret the program has read, and
// anything shaped like a token, by "[redacted]".
package cli
