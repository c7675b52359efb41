package api

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Record is one object of Defender as the mirror holds it, or as Defender
// answered where it was asked live.
type Record struct {
	Integration string           `json:"integration" doc:"Id of the integration."`
	Stream      gatehouse.Stream `json:"stream" doc:"What kind of record it is."`
	ID          string           `json:"id" doc:"What identifies it within its integration and stream."`
	API         gatehouse.API    `json:"api,omitempty" doc:"The API it was read through, which decides the shape of raw."`
	Version     int64            `json:"version,omitempty" doc:"1 at first, one more with each change."`
	FirstSeen   time.Time        `json:"firstSeen,omitzero" doc:"When it came into the mirror."`
	Changed     time.Time        `json:"changed,omitzero" doc:"When it last changed in the mirror."`
	Removed     time.Time        `json:"removed,omitzero" doc:"When it was found gone; absent while it exists."`
	Derived     *Derived         `json:"derived,omitempty" doc:"What follows from other records, such as whether a device is isolated."`
	OCSF        json.RawMessage  `json:"ocsf,omitempty" doc:"The record as an OCSF 1.8.0 event."`
	Raw         json.RawMessage  `json:"raw,omitempty" doc:"The object as Microsoft sent it, when raw=true."`
}

// Derived is what Microsoft has no field for and follows from other records.
type Derived struct {
	Isolated      bool      `json:"isolated" doc:"Whether the device is isolated, after its machine actions."`
	Scope         string    `json:"isolationScope,omitempty" doc:"Full or Selective."`
	Restricted    bool      `json:"restricted" doc:"Whether only code that Microsoft has signed may run."`
	IsolatedSince time.Time `json:"isolatedSince,omitzero" doc:"Since when; absent while it is not isolated."`
	Pending       []string  `json:"pending,omitempty" doc:"Types of the actions under way that would change it."`
	MergedInto    string    `json:"mergedInto,omitempty" doc:"Id of the record that is left where this one was merged into another, and that perhaps into a third."`
}

// Records is a page of a list.
type Records struct {
	Items    []Record  `json:"items" doc:"What was found; an empty list when there is nothing."`
	Next     string    `json:"next,omitempty" doc:"The cursor of the next page; absent on the last one."`
	Count    *int64    `json:"count,omitempty" doc:"How many there are in all, when count=true was asked for. Counting stops at 10,000."`
	Mirrors  []Mirror  `json:"mirrors" doc:"How old the answer is, for each integration that it comes from."`
	Problems []Problem `json:"problems,omitempty" doc:"What is wrong with single integrations; what the others hold is here all the same."`
}

// Mirror says how old the copy of one stream of one integration is.
type Mirror struct {
	Integration string                `json:"integration" doc:"Id of the integration."`
	Stream      gatehouse.Stream      `json:"stream" doc:"The stream, as devices."`
	AsOf        time.Time             `json:"asOf,omitzero" doc:"The last reading that went well; absent when there was none."`
	State       gatehouse.StreamState `json:"state,omitempty" doc:"How the stream fares."`
	Live        bool                  `json:"live,omitempty" doc:"Defender was asked just now."`
}
