package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
)

// fieldsMost bounds how many paths may be chosen.
const fieldsMost = 50

// fieldTree is the members of an object that were chosen. One without members
// stands for all below it.
type fieldTree map[string]fieldTree

// fields is what to show of a record.
type fields struct {
	ocsf, raw     bool
	derived       bool
	ocsfOf, rawOf fieldTree // nil: whole
}

// parseFields reads dotted paths, as ocsf.device.hostname or raw.riskScore.
func parseFields(paths []string, ocsf, raw bool) (fields, error) {
	if len(paths) == 0 {
		return fields{ocsf: ocsf, raw: raw, derived: true}, nil
	}
	if len(paths) > fieldsMost {
		return fields{}, invalid("query.fields", fmt.Sprintf("there are %d paths, of which %d are allowed", len(paths), fieldsMost), "")
	}
	f, tree := fields{}, fieldTree{}
	for _, path := range paths {
		steps := strings.Split(strings.TrimSpace(path), ".")
		switch {
		case slices.Contains(steps, ""):
			return fields{}, invalid("query.fields", fmt.Sprintf("%q is no path", shortened(path)), "write it as ocsf.device.hostname or raw.riskScore")
		case steps[0] == "ocsf":
			f.ocsf = true
		case steps[0] == "raw":
			f.raw = true
		case steps[0] == "derived":
			f.derived = true
		default:
			return fields{}, invalid("query.fields", fmt.Sprintf("%q begins neither with ocsf nor with raw nor with derived", shortened(path)), "write it as ocsf.device.hostname or raw.riskScore; what identifies a record is always there")
		}
		tree.add(steps)
	}
	f.ocsfOf, f.rawOf = tree["ocsf"], tree["raw"]
	return f, nil
}

// add takes in a path. The whole of something includes its parts.
func (t fieldTree) add(steps []string) {
	for i, step := range steps {
		below, there := t[step]
		switch {
		case there && len(below) == 0:
			return
		case i == len(steps)-1:
			t[step] = fieldTree{}
			return
		case !there:
			below = fieldTree{}
			t[step] = below
		}
		t = below
	}
}

// prune keeps the chosen members of a value. A list stands for its elements.
func (t fieldTree) prune(value json.RawMessage) json.RawMessage {
	if len(t) == 0 || len(value) == 0 {
		return value
	}
	switch value[0] {
	case '{':
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil {
			return value
		}
		kept := map[string]json.RawMessage{}
		for name, below := range t {
			if member, ok := object[name]; ok {
				kept[name] = below.prune(member)
			}
		}
		value, _ = json.Marshal(kept) //nolint:errchkjson // it was JSON before
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			return value
		}
		for i := range list {
			list[i] = t.prune(list[i])
		}
		value, _ = json.Marshal(list) //nolint:errchkjson // it was JSON before
	}
	return value
}

// of keeps of a record what was asked for.
func (f fields) of(r api.Record) api.Record {
	r.OCSF, r.Raw = f.ocsfOf.prune(r.OCSF), f.rawOf.prune(r.Raw)
	return r
}
