// Package normalize turns the records of the mirror into OCSF events. Each
// stream has one exported function, which knows the shape of that record in
// every API it can come from:
//
//	event, err := normalize.Alert(normalize.Input{Raw: raw, API: gatehouse.APIGraph, Kind: gatehouse.EventCreated})
//	line, violations := ocsf.Validator{}.Append(nil, event)
//
// The functions are pure: no clock, no network, the same input gives the same
// event for ever.
//
// # Nothing is lost
//
// A record is taken apart once. Every member that a mapping reads, and can
// express in OCSF, is marked; what is left over goes to unmapped under its own
// name and at its own place. So a member that Microsoft adds tomorrow, or a text
// where a number was expected, is in the event all the same. Only null, "", []
// and {} are left out: they say nothing. So is the annotation by which Graph says
// the type of a member ("ProcessId@odata.type") when that member has its place.
// Times are kept to the millisecond, which is what OCSF has.
//
// # Which time
//
// The time of an event is that of the input; without one, that of the record (an
// alert's last update, say); without one, the time at which it came into the
// mirror. So alerts stand in a timeline where they happened, and a removal, of
// which no record tells, where it was noticed.
//
// # Words that we do not know
//
// A word of Microsoft that OCSF has no number for becomes Other (99), with the
// word as its caption. It is never dropped and never an error.
package normalize
