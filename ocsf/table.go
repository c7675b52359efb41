package ocsf

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

// tables compiles the pinned schema when it is first needed.
var tables = sync.OnceValue(func() *table {
	t, err := compile(pinned)
	if err != nil {
		panic("ocsf: the embedded schema is broken: " + err.Error()) // the tests read the same bytes
	}
	return t
})

// table is the schema in the form that the validator walks along.
type table struct {
	version  string
	classes  map[int64]*node
	objects  map[string]*node
	profiles map[string]profile
}

// profile is a set of profiles, one bit each.
type profile uint32

// node is a class or an object.
type node struct {
	name        string
	class       *schema.Class // nil for an object
	profiles    profile       // those of the class and of the objects it reaches; 0 for an object
	free        bool          // may hold anything
	attributes  map[string]*attribute
	list        []*attribute // by index
	required    attributeSet // required without a profile
	recommended attributeSet
	byProfile   []*attribute // required with a profile
	atLeastOne  group
	justOne     group
	enums       []*attribute // those with a sibling
	slots       int          // how many values the checks of the whole node need
	after       func(w *walker, n *node, f frame)
}

// group is a constraint on several attributes of a node.
type group struct {
	names []string
	set   attributeSet // the plain names
	paths [][]string   // the dotted names, split
}

// attributeSet is a set of attributes of one node, by index.
type attributeSet [2]uint64

func (b *attributeSet) add(i int)                      { b[i>>6] |= 1 << (i & 63) }
func (b attributeSet) has(i int) bool                  { return b[i>>6]&(1<<(i&63)) != 0 }
func (b attributeSet) and(o attributeSet) attributeSet { return attributeSet{b[0] & o[0], b[1] & o[1]} }
func (b attributeSet) without(o attributeSet) attributeSet {
	return attributeSet{b[0] &^ o[0], b[1] &^ o[1]}
}
func (b attributeSet) empty() bool { return b == attributeSet{} }
func (b attributeSet) each(visit func(i int)) { // in order
	for i := range 128 {
		if b.has(i) {
			visit(i)
		}
	}
}

// attribute is one attribute of a node.
type attribute struct {
	schema.Attribute

	index   int
	kind    kind
	profile profile
	object  *node       // where kind is kindObject
	check   *check      // nil where any value of the kind will do
	enum    schema.Enum // nil where it is none
	sibling *attribute  // carries the caption
	slot    int         // where its value is remembered; -1 when it need not be
	word    bool        // enum of words
	typ     schema.Type
}

// kind is the JSON kind that an attribute has.
type kind uint8

const (
	kindText kind = iota
	kindInteger
	kindFloat
	kindBoolean
	kindObject
	kindAny
)

// String says the kind as a message needs it.
func (k kind) String() string {
	return [...]string{"a string", "an integer", "a number", "a boolean", "an object", "anything"}[k]
}

// maxAttributes is what an attributeSet can hold.
const maxAttributes = 128

// compile builds the tables from a pinned file.
func compile(data []byte) (*table, error) {
	s, err := schema.Parse(data)
	if err != nil {
		return nil, err
	}
	c := compiler{s, &table{version: s.Version, classes: map[int64]*node{}, objects: map[string]*node{}, profiles: map[string]profile{}}}
	for name := range s.Objects {
		c.objects[name] = &node{name: name, free: name == "object"}
	}
	for name, o := range s.Objects {
		if err := c.fill(c.objects[name], o.Attributes, o.Constraints); err != nil {
			return nil, fmt.Errorf("object %s: %w", name, err)
		}
	}
	for name, class := range s.Classes {
		n := &node{name: name, class: &class}
		if err := c.fill(n, class.Attributes, class.Constraints); err != nil {
			return nil, fmt.Errorf("class %s: %w", name, err)
		}
		c.classes[class.UID] = n
	}
	for _, n := range c.classes {
		for _, p := range n.class.Profiles {
			n.profiles |= c.profileOf(p)
		}
		n.profiles |= reachable(n, map[*node]bool{})
	}
	return c.table, nil
}

// reachable collects the profiles of the attributes of a node and below.
func reachable(n *node, seen map[*node]bool) profile {
	if n == nil || seen[n] {
		return 0
	}
	seen[n] = true
	var p profile
	for _, a := range n.list {
		p |= a.profile | reachable(a.object, seen)
	}
	return p
}

// compiler fills a table from a schema.
type compiler struct {
	schema *schema.Schema
	*table
}

// profileOf gives each profile a bit; the empty name has none.
func (c compiler) profileOf(name string) profile {
	if name == "" {
		return 0
	}
	p, ok := c.profiles[name]
	if !ok {
		p = 1 << len(c.profiles)
		c.profiles[name] = p
	}
	return p
}

// fill builds a node.
func (c compiler) fill(n *node, attributes []schema.Attribute, constraints schema.Constraints) error {
	attributes = withDatetimes(attributes)
	if len(attributes) > maxAttributes {
		return fmt.Errorf("%d attributes, at most %d fit", len(attributes), maxAttributes)
	}
	n.attributes = make(map[string]*attribute, len(attributes))
	for i, a := range attributes {
		x := c.attribute(a)
		x.index = i
		n.list = append(n.list, x)
		n.attributes[a.Name] = x
		switch {
		case a.Requirement == schema.Required && a.Profile != "":
			n.byProfile = append(n.byProfile, x)
		case a.Requirement == schema.Required:
			n.required.add(i)
		case a.Requirement == schema.Recommended && a.Profile == "":
			n.recommended.add(i)
		}
	}
	n.linkSiblings()
	n.atLeastOne = n.group(constraints.AtLeastOne)
	n.justOne = n.group(constraints.JustOne)
	n.after = n.remember()
	return nil
}

// withDatetimes adds what the profile datetime adds: beside every timestamp_t
// a datetime_t whose name ends in _dt. The resolved schema leaves them out.
func withDatetimes(attributes []schema.Attribute) []schema.Attribute {
	all := slices.Clone(attributes)
	for _, a := range attributes {
		if a.Type == "timestamp_t" {
			all = append(all, schema.Attribute{Name: a.Name + "_dt", Type: "datetime_t", Array: a.Array, Requirement: schema.Optional, Profile: "datetime"})
		}
	}
	return all
}

// attribute builds one attribute, without what depends on its node.
func (c compiler) attribute(a schema.Attribute) *attribute {
	x := &attribute{Attribute: a, profile: c.profileOf(a.Profile), slot: -1, typ: c.schema.Types[a.Type]}
	basic := a.Type
	for c.schema.Types[basic].Base != "" {
		basic = c.schema.Types[basic].Base
	}
	switch basic {
	case "object":
		x.kind, x.object = kindObject, c.objects[a.Object]
	case "json_t":
		x.kind = kindAny
	case "boolean_t":
		x.kind = kindBoolean
	case "integer_t", "long_t":
		x.kind = kindInteger
	case "float_t":
		x.kind = kindFloat
	default:
		x.kind = kindText
	}
	x.check = checkOf(a.Type)
	if a.Enum != "" {
		x.enum = c.schema.Enums[a.Enum]
		x.word = x.kind == kindText
	}
	return x
}

// linkSiblings ties enums to the attributes that carry their captions, and
// remembers the values of both.
func (n *node) linkSiblings() {
	for _, a := range n.list {
		if a.enum == nil || a.Sibling == "" || n.attributes[a.Sibling] == nil {
			continue
		}
		a.sibling = n.attributes[a.Sibling]
		n.enums = append(n.enums, a)
		n.slot(a)
		n.slot(a.sibling)
	}
}

// slot makes the walker remember the value of an attribute.
func (n *node) slot(a *attribute) {
	if a != nil && a.slot < 0 {
		a.slot = n.slots
		n.slots++
	}
}

// group compiles a constraint.
func (n *node) group(names []string) group {
	g := group{names: names}
	for _, name := range names {
		if a, ok := n.attributes[name]; ok {
			g.set.add(a.index)
		} else {
			g.paths = append(g.paths, splitPath(name))
		}
	}
	return g
}

// remember chooses the rule that is written in code for this node and gives
// slots to the values that it reads.
func (n *node) remember() func(*walker, *node, frame) {
	rule, names := (func(*walker, *node, frame))(nil), []string(nil)
	switch {
	case n.class != nil:
		rule, names = (*walker).checkClass, []string{"activity_id", "category_uid", "category_name", "class_uid", "class_name", "type_uid", "type_name"}
	case n.name == "metadata":
		rule, names = (*walker).checkMetadata, []string{"version", "profiles"}
	case n.name == "fingerprint":
		rule, names = (*walker).checkFingerprint, []string{"algorithm_id", "value"}
	case n.name == "observable":
		rule, names = (*walker).checkObservable, []string{"name"}
	}
	for _, name := range names {
		n.slot(n.attributes[name])
	}
	return rule
}
