// Package api is what goes over the wire between Gatehouse's REST API and those
// who call it: requests, answers and problems, as plain structs. The server
// makes its OpenAPI document from them, and the Go client decodes into them, so
// that code and contract cannot drift apart.
//
// Names of members are in camel case. What stands under "ocsf" is an OCSF 1.8.0
// event, with OCSF's own names; what stands under "raw" is the object as
// Microsoft sent it. Times are RFC 3339 in UTC.
package api
