// Package gatehouse holds the words of Gatehouse, the open connector for
// Microsoft Defender, as types: [API], [Capability], [Resource] and
// [Permission]. Every other package speaks in these words; this one imports
// only the standard library.
//
// Where to go from here:
//
//   - package defender is the SDK of the Defender for Endpoint API,
//   - package graph is the SDK of the part of Microsoft Graph we use,
//   - package entra knows clouds, hosts, credentials and permissions,
//   - package check proves that an integration is wired right,
//   - package emulator stands in for Microsoft when there is no tenant.
package gatehouse
