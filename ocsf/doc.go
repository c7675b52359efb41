// Package ocsf speaks the Open Cybersecurity Schema Framework: Go types for
// the event classes that a Defender record can become, an encoder without
// reflection, and a validator for anyone's events.
//
// Types, encoders and constants (the files that end in .gen.go) are generated
// from the pinned schema under schema/. The validator compiles its tables from
// the same file when it is first used.
//
//	event := &ocsf.DetectionFinding{
//		ActivityID:  ocsf.FindingActivityCreate,
//		SeverityID:  ocsf.SeverityHigh,
//		Time:        ocsf.TimestampOf(when),
//		Metadata:    &ocsf.Metadata{Version: ocsf.Version, Product: &ocsf.Product{Name: "Defender"}},
//		FindingInfo: &ocsf.FindingInfo{UID: "da6", Title: "Mimikatz"},
//	}
//	line := event.AppendJSON(nil)
//	for _, v := range ocsf.Validate(event) {
//		fmt.Println(v)
//	}
//
// # What is set and what is not
//
// OCSF knows no empty values: an attribute is there with a value or not at
// all. So an empty string, an empty array, an object with nothing in it and
// the zero [Timestamp] are never written. Numbers and booleans, whose zero
// says something, are plain fields where the schema requires them (and then
// always written) and [Opt] values where it does not; [Int], [Bool], [Float]
// and [Some] make them.
//
// The text beside an enum (severity beside severity_id) is written from the id
// unless the field is set; set it for Other, with the word of the source.
// class_uid, category_uid, type_uid and their names follow from the Go type.
//
// # Source
//
// The names, numbers and captions are facts of OCSF (https://schema.ocsf.io),
// published under the Apache License 2.0.
package ocsf

//go:generate go run ./internal/generate -version 1.8.0 -dir .
