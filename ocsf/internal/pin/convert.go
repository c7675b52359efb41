package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

// resolved is the input: the schema with nothing left to look up.
type resolved struct {
	Version string                  `json:"version"`
	Types   map[string]resolvedType `json:"types"`
	Classes map[string]resolvedNode `json:"classes"`
	Objects map[string]resolvedNode `json:"objects"`
}

type resolvedType struct {
	Type   string `json:"type"`
	Regex  string `json:"regex"`
	MaxLen int    `json:"max_len"`
	Range  []int  `json:"range"`
}

// resolvedNode is a class or an object.
type resolvedNode struct {
	UID         int64                        `json:"uid"`
	Caption     string                       `json:"caption"`
	CategoryUID int64                        `json:"category_uid"`
	Profiles    []string                     `json:"profiles"`
	Observable  int                          `json:"observable"`
	Constraints schema.Constraints           `json:"constraints"`
	Attributes  map[string]resolvedAttribute `json:"attributes"`
}

type resolvedAttribute struct {
	Type        string            `json:"type"`
	Object      string            `json:"object"`
	Array       bool              `json:"array"`
	Requirement string            `json:"requirement"`
	Profile     string            `json:"profile"`
	Sibling     string            `json:"sibling"`
	Enum        map[string]string `json:"enum"`
	Observable  int               `json:"observable"`
	Deprecated  bool              `json:"deprecated"`
}

// computed are the enums that follow from the class.
var computed = map[string]bool{"class_uid": true, "category_uid": true, "type_uid": true}

// convert builds the pinned file.
func convert(r resolved) (*schema.File, error) {
	addObservables(r.Objects)
	enums := nameEnums(r)
	f := &schema.File{Version: r.Version, Types: types(r.Types), Enums: enums.byName, Classes: map[string]schema.FileClass{}, Objects: map[string]schema.FileObject{}}
	words := map[string]map[string]string{}
	for name, c := range r.Classes {
		if err := checkComputed(c); err != nil {
			return nil, fmt.Errorf("class %s: %w", name, err)
		}
		words[name] = enums.words(c.Attributes)
	}
	f.Base = shared(words)
	for name, c := range r.Classes {
		category := c.Attributes["category_uid"].Enum[strconv.FormatInt(c.CategoryUID, 10)]
		f.Classes[name] = schema.FileClass{
			UID: c.UID, Caption: c.Caption, Category: category, CategoryUID: c.CategoryUID,
			Profiles: c.Profiles, Constraints: c.Constraints, Attributes: without(words[name], f.Base),
		}
	}
	for name, o := range r.Objects {
		f.Objects[name] = schema.FileObject{Caption: o.Caption, Observable: o.Observable, Constraints: o.Constraints, Attributes: enums.words(o.Attributes)}
	}
	return f, nil
}

// types keeps the facts of the scalar types.
func types(in map[string]resolvedType) map[string]schema.Type {
	out := map[string]schema.Type{}
	for name, t := range in {
		out[name] = schema.Type{Base: t.Type, Pattern: t.Regex, MaxLen: t.MaxLen, Range: t.Range, Observable: typeObservables()[name]}
	}
	return out
}

// checkComputed proves that the enums left out are those that a reader
// computes: uid * 100 + activity and "Class: Activity".
func checkComputed(c resolvedNode) error {
	for key, activity := range c.Attributes["activity_id"].Enum {
		id, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			return err
		}
		uid := strconv.FormatInt(c.UID*100+id, 10)
		if got, want := c.Attributes["type_uid"].Enum[uid], c.Caption+": "+activity; got != want {
			return fmt.Errorf("type_uid %s is %q, computed %q", uid, got, want)
		}
	}
	if got := c.Attributes["class_uid"].Enum[strconv.FormatInt(c.UID, 10)]; got != c.Caption {
		return fmt.Errorf("class_uid is %q, computed %q", got, c.Caption)
	}
	return nil
}

// enumNames gives each distinct enumeration one name.
type enumNames struct {
	byName map[string]map[string]string
	byText map[string]string // attribute and members -> name
}

// nameEnums names an enumeration for its attribute, and where attributes of
// one name differ, for the first owner too: "status_id/compliance_finding".
func nameEnums(r resolved) enumNames {
	variants := map[string]map[string]bool{}
	each(r, func(_, name string, a resolvedAttribute) {
		if variants[name] == nil {
			variants[name] = map[string]bool{}
		}
		variants[name][text(name, a.Enum)] = true
	})
	n := enumNames{map[string]map[string]string{}, map[string]string{}}
	each(r, func(owner, name string, a resolvedAttribute) {
		key := text(name, a.Enum)
		if _, ok := n.byText[key]; ok {
			return
		}
		enum := name
		if len(variants[name]) > 1 {
			enum += "/" + owner
		}
		n.byText[key] = enum
		n.byName[enum] = a.Enum
	})
	return n
}

// each visits the attributes that have an enum, classes first, by name.
func each(r resolved, visit func(owner, name string, a resolvedAttribute)) {
	for _, nodes := range []map[string]resolvedNode{r.Classes, r.Objects} {
		for _, owner := range slices.Sorted(maps.Keys(nodes)) {
			attributes := nodes[owner].Attributes
			for _, name := range slices.Sorted(maps.Keys(attributes)) {
				if a := attributes[name]; len(a.Enum) > 0 && !computed[name] {
					visit(owner, name, a)
				}
			}
		}
	}
}

// text is a key for one set of members.
func text(name string, members map[string]string) string {
	b, err := json.Marshal(members) // keys are sorted
	if err != nil {
		panic(err) // a map of strings always encodes
	}
	return name + string(b)
}

// words writes the attributes of one node, each in one line.
func (n enumNames) words(attributes map[string]resolvedAttribute) map[string]string {
	out := map[string]string{}
	for name, a := range attributes {
		sibling := a.Sibling
		if _, ok := attributes[sibling]; !ok {
			sibling = "" // observable.type_uid names a sibling that does not exist
		}
		out[name] = schema.Attribute{
			Type: a.Type, Object: a.Object, Array: a.Array, Requirement: a.Requirement, Profile: a.Profile, Sibling: sibling,
			Enum: n.byText[text(name, a.Enum)], Observable: a.Observable, Deprecated: a.Deprecated, Loose: loose(a.Enum),
		}.Words()
	}
	return out
}

// shared returns the attributes that all classes have with the same words.
func shared(classes map[string]map[string]string) map[string]string {
	var base map[string]string
	for _, attributes := range classes {
		if base == nil {
			base = maps.Clone(attributes)
		}
		maps.DeleteFunc(base, func(name, words string) bool { return attributes[name] != words })
	}
	return base
}

// without returns the attributes that are not in the base.
func without(attributes, base map[string]string) map[string]string {
	out := maps.Clone(attributes)
	maps.DeleteFunc(out, func(name, _ string) bool { _, ok := base[name]; return ok })
	return out
}
