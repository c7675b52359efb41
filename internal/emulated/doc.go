// Package emulated gives a test an emulator with a tenant, and clients of both
// SDKs that reach it over TLS under the names of Microsoft's hosts, so that every
// check of hosts, audiences and tokens is exercised.
package emulated
