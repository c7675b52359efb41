package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

// model is what the templates print: the schema, with Go names decided.
type model struct {
	schema  *schema.Schema
	classes []string          // names of the emitted classes, sorted
	objects []string          // names of the objects they reach, sorted
	enums   map[string]*enum  // by name in the schema
	names   map[string]string // every exported Go name -> who took it
	base    []schema.Attribute
}

// enum is an enumeration with its Go name.
type enum struct {
	name    string // in the schema
	goType  string
	file    string // group of the file that defines it
	owner   string // "class x" or "object x" that comes first
	text    bool   // words instead of numbers
	members schema.Enum
}

// newModel decides names and refuses collisions.
func newModel(s *schema.Schema) (*model, error) {
	m := &model{schema: s, classes: emitted(), enums: map[string]*enum{}, names: map[string]string{}}
	reached := map[string]bool{}
	for _, name := range m.classes {
		c, ok := s.Classes[name]
		if !ok {
			return nil, fmt.Errorf("schema %s has no class %s: change emitted()", s.Version, name)
		}
		m.reach(c.Attributes, reached)
	}
	m.objects = slices.Sorted(maps.Keys(reached))
	m.base = m.shared()
	m.findEnums()
	return m, m.claimAll()
}

// reach collects the objects that attributes lead to.
func (m *model) reach(attributes []schema.Attribute, reached map[string]bool) {
	for _, a := range attributes {
		if a.Object == "" || a.Object == freeForm || reached[a.Object] {
			continue
		}
		reached[a.Object] = true
		m.reach(m.schema.Objects[a.Object].Attributes, reached)
	}
}

// freeForm is the object that may hold anything.
const freeForm = "object"

// shared returns the attributes that every emitted class has in one shape.
func (m *model) shared() []schema.Attribute {
	base := slices.Clone(m.schema.Classes[m.classes[0]].Attributes)
	for _, name := range m.classes[1:] {
		attributes := m.schema.Classes[name].Attributes
		base = slices.DeleteFunc(base, func(a schema.Attribute) bool { return !slices.Contains(attributes, a) })
	}
	return slices.DeleteFunc(base, func(a schema.Attribute) bool { return isComputed(a.Name) })
}

// isComputed tells whether the encoder writes an attribute by itself.
func isComputed(name string) bool {
	switch name {
	case "category_name", "category_uid", "class_name", "class_uid", "type_name", "type_uid":
		return true
	}
	return false
}

// findEnums puts each enumeration into the file of its first owner.
func (m *model) findEnums() {
	add := func(file, owner string, attributes []schema.Attribute) {
		for _, a := range attributes {
			if a.Enum == "" || m.enums[a.Enum] != nil {
				continue
			}
			members := m.schema.Enums[a.Enum]
			m.enums[a.Enum] = &enum{a.Enum, enumType(a.Enum), file, owner, a.Type == "string_t", members}
		}
	}
	add("base", "every class", m.base)
	for _, name := range m.classes {
		add(name, "class "+name, m.schema.Classes[name].Attributes)
	}
	for _, name := range m.objects {
		add(groupOf(name), "object "+name, m.schema.Objects[name].Attributes)
	}
}

// enumType names the Go type of an enumeration.
func enumType(name string) string {
	if t, ok := enumTypes()[name]; ok {
		return t
	}
	attribute, owner, several := strings.Cut(name, "/")
	if several {
		return goName(owner) + goName(attribute)
	}
	return goName(attribute)
}

// groupOf names the group of an object.
func groupOf(object string) string {
	all := groups()
	for _, g := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(all[g], object) {
			return g
		}
	}
	return "objects_other"
}

// claimAll registers every exported name.
func (m *model) claimAll() error {
	for _, name := range append(slices.Clone(m.classes), m.objects...) {
		if err := m.claim(goName(name), name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.enums)) {
		e := m.enums[name]
		if err := m.claim(e.goType, name); err != nil {
			return err
		}
		for _, c := range e.members {
			if err := m.claim(e.constant(c), name+" "+c.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// claim takes a Go name or says who has it.
func (m *model) claim(goName, who string) error {
	if other, taken := m.names[goName]; taken {
		return fmt.Errorf("%s and %s are both %s in Go: change enumTypes()", other, who, goName)
	}
	m.names[goName] = who
	return nil
}

// constant names the Go constant of a member. Captions that repeat within one
// enumeration get their number.
func (e *enum) constant(c schema.Member) string {
	name := constPrefix(e.goType) + memberName(c.Caption)
	for _, other := range e.members {
		if other.Key != c.Key && memberName(other.Caption) == memberName(c.Caption) {
			return fmt.Sprintf("%s%d", name, c.ID)
		}
	}
	return name
}

// goType is the Go type of an attribute's field.
func (m *model) goType(a schema.Attribute) string {
	t := m.elementType(a)
	switch {
	case a.Array:
		return "[]" + t
	case a.Object != "" && a.Object != freeForm:
		return "*" + t
	case a.Requirement == schema.Required || !m.numeric(a) || t == "Timestamp":
		return t
	}
	return "Opt[" + t + "]"
}

// elementType is the Go type of one value.
func (m *model) elementType(a schema.Attribute) string {
	switch {
	case a.Object == freeForm || a.Type == "json_t":
		return "jsontext.Value"
	case a.Object != "":
		return goName(a.Object)
	case a.Enum != "":
		return m.enums[a.Enum].goType
	case a.Type == "timestamp_t":
		return "Timestamp"
	}
	switch m.basic(a.Type) {
	case "boolean_t":
		return "bool"
	case "integer_t", "long_t":
		return "int64"
	case "float_t":
		return "float64"
	}
	return "string"
}

// basic follows a type down to the one that narrows nothing.
func (m *model) basic(name string) string {
	for m.schema.Types[name].Base != "" {
		name = m.schema.Types[name].Base
	}
	return name
}

// numeric tells whether the zero value of an attribute says something.
func (m *model) numeric(a schema.Attribute) bool {
	if a.Object != "" {
		return false
	}
	switch m.basic(a.Type) {
	case "boolean_t", "integer_t", "long_t", "float_t":
		return true
	}
	return false
}
