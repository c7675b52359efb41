// Package storetest is the suite that the store must pass on every database:
// pages, sweeps, events, secrets, and random sequences of all of them against a
// model in memory. [Verify] looks into a database for what must hold at any
// instant, also after a crash.
package storetest
