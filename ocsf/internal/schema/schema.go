// Package schema reads the compact, pinned form of the OCSF schema that this
// repository holds under ocsf/schema. The generator of package ocsf writes Go
// types from it and the validator compiles its tables from it, so there is one
// source for both.
//
// One attribute is one line of words, for a file that people can review:
//
//	"confidence_id": "integer_t recommended sibling=confidence enum=confidence_id"
//	"hashes":        "object:fingerprint[] recommended"
//
// The first word is the type ("object:" names an object, "[]" an array), the
// second the requirement, and the others are flags: profile=, sibling=, enum=,
// observable=, deprecated, and loose (the captions of this enum are not part
// of the source data, so a validator must not insist on them).
package schema

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The requirements of an attribute.
const (
	Required    = "required"
	Recommended = "recommended"
	Optional    = "optional"
)

// Schema is one version of OCSF, resolved: every class and object carries all
// of its attributes.
type Schema struct {
	Version string            // as in metadata.version, e.g. "1.8.0"
	Types   map[string]Type   // by name, e.g. "ip_t"
	Enums   map[string]Enum   // by the name that attributes use
	Classes map[string]Class  // by name, e.g. "detection_finding"
	Objects map[string]Object // by name, e.g. "device"
}

// Type is one scalar type of the dictionary.
type Type struct {
	Base       string `json:"base,omitempty"`       // the type it narrows, e.g. "string_t"; empty for a basic type
	Pattern    string `json:"pattern,omitempty"`    // regular expression of the source
	MaxLen     int    `json:"max_len,omitempty"`    // longest value in bytes; 0 says nothing
	Range      []int  `json:"range,omitempty"`      // least and greatest value; empty says nothing
	Observable int    `json:"observable,omitempty"` // observable.type_id of values of this type; 0 when none
}

// Enum lists the members of an enumeration, sorted by id, then by key.
type Enum []Member

// Member is one value of an enumeration.
type Member struct {
	Key     string // as the schema spells it: a number, or a word for text enums
	ID      int64  // the number; 0 for a word
	Caption string // what the sibling attribute says
}

// Constraints say which attributes must come together.
type Constraints struct {
	AtLeastOne []string `json:"at_least_one,omitempty"` // one or more of these; a name may be a dotted path
	JustOne    []string `json:"just_one,omitempty"`     // exactly one of these
}

// Class is an event class.
type Class struct {
	UID         int64
	Caption     string
	Category    string // caption of the category, e.g. "Findings"
	CategoryUID int64
	Profiles    []string
	Constraints Constraints
	Attributes  []Attribute // sorted by name
}

// Object is a complex type.
type Object struct {
	Caption     string
	Observable  int // observable.type_id of the whole object; 0 when none
	Constraints Constraints
	Attributes  []Attribute // sorted by name; none for the free-form "object"
}

// Attribute is one attribute of a class or object.
type Attribute struct {
	Name        string
	Type        string // scalar type; "object" for objects
	Object      string // name of the object where Type is "object"
	Array       bool
	Requirement string
	Profile     string // profile that adds it; empty when it is always there
	Sibling     string // name of the text attribute that carries the caption
	Enum        string // name in Schema.Enums
	Observable  int
	Deprecated  bool
	Loose       bool
}

// File is the JSON shape of the pinned file.
type File struct {
	Version string                       `json:"version"`
	Types   map[string]Type              `json:"types"`
	Enums   map[string]map[string]string `json:"enums"`   // id or word -> caption
	Base    map[string]string            `json:"base"`    // attributes that all classes share, in words
	Classes map[string]FileClass         `json:"classes"` // by name
	Objects map[string]FileObject        `json:"objects"` // by name
}

// FileClass is a class in the pinned file.
type FileClass struct {
	UID         int64             `json:"uid"`
	Caption     string            `json:"caption"`
	Category    string            `json:"category"`
	CategoryUID int64             `json:"category_uid"`
	Profiles    []string          `json:"profiles"`
	Constraints Constraints       `json:"constraints,omitzero"`
	Attributes  map[string]string `json:"attributes"` // those that are not in the base, in words
}

// FileObject is an object in the pinned file.
type FileObject struct {
	Caption     string            `json:"caption"`
	Observable  int               `json:"observable,omitempty"`
	Constraints Constraints       `json:"constraints,omitzero"`
	Attributes  map[string]string `json:"attributes"`
}

// Parse reads a pinned file and checks that every name it mentions exists.
func Parse(data []byte) (*Schema, error) {
	var f File
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("read the pinned OCSF schema: %w", err)
	}
	s := &Schema{Version: f.Version, Types: f.Types, Enums: map[string]Enum{}, Classes: map[string]Class{}, Objects: map[string]Object{}}
	for name, members := range f.Enums {
		s.Enums[name] = newEnum(members)
	}
	for name, c := range f.Classes {
		attributes, err := parseAttributes(f.Base, c.Attributes)
		if err != nil {
			return nil, fmt.Errorf("class %s: %w", name, err)
		}
		s.Classes[name] = Class{c.UID, c.Caption, c.Category, c.CategoryUID, c.Profiles, c.Constraints, attributes}
	}
	for name, o := range f.Objects {
		attributes, err := parseAttributes(o.Attributes)
		if err != nil {
			return nil, fmt.Errorf("object %s: %w", name, err)
		}
		s.Objects[name] = Object{o.Caption, o.Observable, o.Constraints, attributes}
	}
	return s, s.check()
}

// newEnum sorts the members of an enumeration.
func newEnum(members map[string]string) Enum {
	e := make(Enum, 0, len(members))
	for key, caption := range members {
		id, err := strconv.ParseInt(key, 10, 64)
		if err != nil {
			id = 0 // a word
		}
		e = append(e, Member{Key: key, ID: id, Caption: caption})
	}
	slices.SortFunc(e, func(a, b Member) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Key, b.Key)) })
	return e
}

// parseAttributes reads the lines of attributes, sorted by name.
func parseAttributes(sets ...map[string]string) ([]Attribute, error) {
	var all []Attribute
	for _, set := range sets {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			a, err := ParseAttribute(name, set[name])
			if err != nil {
				return nil, err
			}
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// ParseAttribute reads one attribute from its words.
func ParseAttribute(name, words string) (Attribute, error) {
	f := strings.Fields(words)
	if len(f) < 2 {
		return Attribute{}, fmt.Errorf("attribute %s: %q has no type and requirement", name, words)
	}
	a := Attribute{Name: name, Requirement: f[1]}
	a.Type, a.Array = strings.CutSuffix(f[0], "[]")
	if object, ok := strings.CutPrefix(a.Type, "object:"); ok {
		a.Type, a.Object = "object", object
	}
	for _, flag := range f[2:] {
		if err := a.set(flag); err != nil {
			return Attribute{}, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return a, nil
}

// set reads one flag.
func (a *Attribute) set(flag string) error {
	key, value, _ := strings.Cut(flag, "=")
	switch key {
	case "profile":
		a.Profile = value
	case "sibling":
		a.Sibling = value
	case "enum":
		a.Enum = value
	case "observable":
		n, err := strconv.Atoi(value)
		a.Observable = n
		return err
	case "deprecated":
		a.Deprecated = true
	case "loose":
		a.Loose = true
	default:
		return fmt.Errorf("unknown flag %q", flag)
	}
	return nil
}

// Words writes an attribute as ParseAttribute reads it.
func (a Attribute) Words() string {
	t := a.Type
	if a.Object != "" {
		t += ":" + a.Object
	}
	if a.Array {
		t += "[]"
	}
	words := []string{t, a.Requirement}
	for _, f := range []struct{ key, value string }{{"profile", a.Profile}, {"sibling", a.Sibling}, {"enum", a.Enum}} {
		if f.value != "" {
			words = append(words, f.key+"="+f.value)
		}
	}
	if a.Observable != 0 {
		words = append(words, "observable="+strconv.Itoa(a.Observable))
	}
	if a.Deprecated {
		words = append(words, "deprecated")
	}
	if a.Loose {
		words = append(words, "loose")
	}
	return strings.Join(words, " ")
}

// check reports the first name that is mentioned but not defined.
func (s *Schema) check() error {
	for _, name := range slices.Sorted(maps.Keys(s.Classes)) {
		if err := s.checkAttributes(s.Classes[name].Attributes); err != nil {
			return fmt.Errorf("class %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Objects)) {
		if err := s.checkAttributes(s.Objects[name].Attributes); err != nil {
			return fmt.Errorf("object %s: %w", name, err)
		}
	}
	return nil
}

// checkAttributes checks the names in one list of attributes.
func (s *Schema) checkAttributes(attributes []Attribute) error {
	for _, a := range attributes {
		_, isType := s.Types[a.Type]
		_, isObject := s.Objects[a.Object]
		_, isEnum := s.Enums[a.Enum]
		switch {
		case a.Type == "object" && !isObject:
			return fmt.Errorf("attribute %s: no object %q", a.Name, a.Object)
		case a.Type != "object" && !isType:
			return fmt.Errorf("attribute %s: no type %q", a.Name, a.Type)
		case a.Enum != "" && !isEnum:
			return fmt.Errorf("attribute %s: no enum %q", a.Name, a.Enum)
		case a.Requirement != Required && a.Requirement != Recommended && a.Requirement != Optional:
			return fmt.Errorf("attribute %s: no requirement %q", a.Name, a.Requirement)
		}
	}
	return nil
}
