package normalize

import "github.com/gatehouse-sec/gatehouse"

// mapping is what the documentation says of one stream: where each member of its
// records goes. It is data beside the code; a test holds it against the Go types
// of the SDKs, so that no documented member is forgotten.
type mapping struct {
	stream string // name of the stream, and of its page under docs/reference/mapping
	table  string // of hunting, when the records are its rows
	title  string
	class  string // name and number of the OCSF class
	reason string // why that class; empty where there is no doubt
	shapes []shape
}

// shape is the mapping of one API's records.
type shape struct {
	api    gatehouse.API
	page   string // Microsoft's page on the record
	fields []field
}

// field says where one member of a record goes.
type field struct {
	source string // path in the record, with [] for the items of an array: "evidence[].sha1"
	target string // path in the event; empty: it goes to unmapped
	note   string // what happens on the way; needed when it goes to unmapped: why
}
