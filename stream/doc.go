// Package stream is the catalogue of what Gatehouse mirrors: one file per
// stream, each one value of [Stream] that says what the stream is called, which
// permission opens it through which API, what identifies a record, which fields
// are noise, how often it is read, and how.
//
// Reading is a function of the request alone: given the checkpoint it left
// behind, a stream goes on where it stood; given none, it begins anew. It hands
// out pages, and the page's checkpoint is committed with its records or not at
// all.
package stream
