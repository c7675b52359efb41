package ocsf

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// Event is an event of one class. The classes of this package implement it.
type Event interface {
	// Class returns what OCSF calls the class.
	Class() Class
	// TypeUID returns type_uid: class_uid * 100 + activity_id.
	TypeUID() int64
	// Common points at the attributes that every class has.
	Common() Common
	// AppendJSON appends the event as one line of JSON, without a newline.
	AppendJSON(dst []byte) []byte
}

// Class is what OCSF says of an event class.
type Class struct {
	UID         int64  // class_uid, e.g. 2004
	Name        string // name in the schema, e.g. "detection_finding"
	Caption     string // class_name, e.g. "Detection Finding"
	CategoryUID int64  // category_uid, e.g. 2
	Category    string // category_name, e.g. "Findings"
}

// Decode reads one event into the Go type of its class_uid. Attributes that
// the schema does not know are left out; [ValidateJSON] names them. It works
// by reflection and is meant for readers of events, not for the hot path.
func Decode(raw []byte) (Event, error) {
	var head struct {
		ClassUID int64 `json:"class_uid"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("read an OCSF event: %w", err)
	}
	event, ok := New(head.ClassUID)
	if !ok {
		return nil, fmt.Errorf("read an OCSF event: no Go type for class_uid %d; this package has %d classes of OCSF %s", head.ClassUID, len(Classes()), Version)
	}
	if err := json.Unmarshal(raw, event); err != nil {
		return nil, fmt.Errorf("read an OCSF event of class_uid %d: %w", head.ClassUID, err)
	}
	return event, nil
}
