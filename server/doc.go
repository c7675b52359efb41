// Package server is Gatehouse's REST API: one EDR API over every integration,
// with OpenAPI 3.1, API keys and OpenID Connect, and an audit of every change.
//
// Every route stands in one table (see [Server.Routes]) and passes one gate,
// which knows who asks, whether they may, how often, and writes down what came of
// it. What a route does stands in the file of its noun: devices.go, keys.go. Lists
// come from the mirror in package store; what needs Microsoft goes through the
// interfaces of backend.go, which package app fills in.
package server
