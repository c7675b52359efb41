// Package contract holds the REST API to the OpenAPI document that it serves. It
// has tests alone: the document is valid and complete, a client that a third
// party's generator makes of it works, and whatever is asked, the answer is one
// that the document declares.
package contract
