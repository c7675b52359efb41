package mcp

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
)

// column is one member of a record that matters.
type column struct {
	name string
	// from are the members that hold it, of any API; their case does not count, and
	// the first that says something is taken. A dot goes into an object, or into each
	// object of a list. Empty: the column's own name.
	from []string
	// of takes it from the record as a whole instead.
	of func(api.Record) any
	// inner shows a list of objects by columns of its own.
	inner []column
}

// from is a column of members.
func from(name string, members ...string) column { return column{name: name, from: members} }

// Bounds of what is shown of a member where it is not asked for whole.
const (
	longestText = 300
	longestList = 20
)

// value is what a record says for a column; nil for nothing.
func (c column) value(r api.Record, document map[string]any) any {
	if c.of != nil {
		return c.of(r)
	}
	members := c.from
	if members == nil {
		members = []string{c.name}
	}
	for _, path := range members {
		v := lookup(document, strings.Split(path, "."))
		if c.inner != nil {
			v = c.innerOf(v)
		}
		if v = brief(v); !empty(v) {
			return v
		}
	}
	return nil
}

// innerOf shows each object of a list.
func (c column) innerOf(v any) any {
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	var all []any
	for _, item := range list {
		object, ok := item.(map[string]any)
		if !ok {
			continue
		}
		if shown := pick(c.inner, api.Record{}, object); len(shown) > 0 {
			all = append(all, shown)
		}
	}
	return all
}

// pick is what a record says for some columns, without those that are empty.
func pick(columns []column, r api.Record, document map[string]any) map[string]any {
	shown := map[string]any{}
	for _, c := range columns {
		if v := c.value(r, document); !empty(v) {
			shown[c.name] = v
		}
	}
	return shown
}

// documentOf is a record as Microsoft sent it.
func documentOf(r api.Record) map[string]any {
	var document map[string]any
	_ = json.Unmarshal(r.Raw, &document) // what is no object has no members
	return document
}

// lookup goes down a path. On its way a list stands for each of its objects.
func lookup(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	member, rest := path[0], path[1:]
	switch v := v.(type) {
	case map[string]any:
		if inner, ok := v[member]; ok {
			return lookup(inner, rest)
		}
		for name, inner := range v {
			if strings.EqualFold(name, member) {
				return lookup(inner, rest)
			}
		}
	case []any:
		var all []any
		seen := map[string]bool{}
		for _, item := range v {
			found := lookup(item, path)
			if text, ok := found.(string); ok && !empty(found) && !seen[text] {
				seen[text] = true
				all = append(all, text)
			}
		}
		if len(all) == 1 {
			return all[0]
		}
		return all
	}
	return nil
}

// brief cuts what is long, and says that it did.
func brief(v any) any {
	switch v := v.(type) {
	case string:
		if letters := []rune(v); len(letters) > longestText {
			return string(letters[:longestText]) + "… (cut; detail=true shows all)"
		}
	case []any:
		short := make([]any, 0, min(len(v), longestList))
		for _, item := range v[:min(len(v), longestList)] {
			short = append(short, brief(item))
		}
		if len(v) > longestList {
			short = append(short, "… (cut; detail=true shows all)")
		}
		return short
	}
	return v
}
