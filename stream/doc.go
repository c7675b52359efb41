// Package stream is the catalogue of what Gatehouse mirrors: one file per
// stream, each one value of [Stream] that says what the stream is called, which
// permission opens it through which API, what identifies a record, which fields
// are noise, how often it is read, and how.
//
// Reading is a function of the request alone. It hands out pages, and a page's
// checkpoint is committed with its records or not at all. A reading that was
// interrupted begins anew at the checkpoint of the run before, since the lists
// move; only that of export files, which do not, goes on where it stood. A page is
// complete when everything was read to its end and nothing can have been missed.
package stream
