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
	Integration string           `json:"integration"`
	Stream      gatehouse.Stream `json:"stream"`
	Key         string           `json:"key"`
	Version     int64            `json:"version"`
	Kind        string           `json:"kind" doc:"created, updated or removed."`
	Time        time.Time        `json:"time"`
	OCSF        json.RawMessage  `json:"ocsf,omitempty" doc:"The record as it is now, as an OCSF event, when format=ocsf."`
	Raw         json.RawMessage  `json:"raw,omitempty" doc:"The record as it is now, as Microsoft sent it, when format=raw."`
}

// Events is a page of the feed.
type Events struct {
	Items []Event `json:"items"`
	Next  int64   `json:"next" doc:"Ask for what is after this number."`
	Last  int64   `json:"last" doc:"The newest number there is."`
}
