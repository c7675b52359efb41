package api

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Event is one change of one record.
type Event struct {
	Number      int64            `json:"number" doc:"Greater than that of every event before."`
	ID          string           `json:"id" doc:"The same however often it is delivered."`
	Integration string           `json:"integration" doc:"Id of the integration."`
	Stream      gatehouse.Stream `json:"stream" doc:"The stream, as devices."`
	Key         string           `json:"key" doc:"Id of the record within its stream."`
	Version     int64            `json:"version" doc:"The version of the record since this change."`
	Kind        string           `json:"kind" doc:"created, updated or removed."`
	Time        time.Time        `json:"time" doc:"When it was found."`
	OCSF        json.RawMessage  `json:"ocsf,omitempty" doc:"The record as it is now, as an OCSF event, when format=ocsf."`
	Raw         json.RawMessage  `json:"raw,omitempty" doc:"The record as it is now, as Microsoft sent it, when format=raw."`
}

// Events is a page of the feed.
type Events struct {
	Items []Event `json:"items" doc:"What was found; an empty list when there is nothing."`
	Next  int64   `json:"next" doc:"Ask for what is after this number."`
	Last  int64   `json:"last" doc:"The newest number there is."`
}
