package ocsf

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// maker makes events that follow the schema, from the tables themselves.
type maker struct {
	rand  *rand.Rand // nil for the least event: required attributes only
	used  profile
	depth int
}

// event makes an event of a class.
func (m *maker) event(n *node) map[string]any {
	e := m.object(n)
	class := n.class
	activity := e["activity_id"].(int64)
	e["category_uid"], e["class_uid"], e["type_uid"] = class.CategoryUID, class.UID, class.UID*100+activity
	delete(e, "category_name")
	delete(e, "class_name")
	delete(e, "type_name")
	metadata := e["metadata"].(map[string]any)
	metadata["version"] = tables().version
	delete(metadata, "profiles")
	m.declare(n, e, metadata)
	return e
}

// declare names the profiles that an event uses, and adds what they require
// until nothing is added any more.
func (m *maker) declare(n *node, e, metadata map[string]any) {
	for {
		before := m.used
		fill(n, e, m)
		if m.used == before {
			break
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(tables().profiles)) {
		if m.used&tables().profiles[name] != 0 {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		metadata["profiles"] = names
	}
}

// fill adds the attributes that the used profiles require.
func fill(n *node, e map[string]any, m *maker) {
	for _, a := range n.byProfile {
		if _, ok := e[a.Name]; !ok && a.profile&m.used != 0 {
			e[a.Name] = (&maker{}).value(a)
		}
	}
}

// object makes an object.
func (m *maker) object(n *node) map[string]any {
	o := map[string]any{}
	m.depth++
	for _, a := range n.list {
		required := a.Requirement == "required" && a.Profile == ""
		if !required && !m.wants(a) {
			continue
		}
		o[a.Name] = m.value(a)
		m.used |= a.profile
	}
	m.depth--
	m.meet(n, o)
	m.tell(n, o)
	if len(o) == 0 && !n.free { // the encoder leaves out what has nothing in it
		i := slices.IndexFunc(n.list, func(a *attribute) bool { return a.kind != kindObject && a.profile == 0 && !a.Deprecated && !a.Array })
		o[n.list[i].Name] = m.value(n.list[i])
	}
	return o
}

// wants decides on an attribute that is not required.
func (m *maker) wants(a *attribute) bool {
	if m.rand == nil || a.Deprecated || m.depth > 4 || isSiblingName(a) || a.Name == "profiles" {
		return false
	}
	return m.pick(4+3*m.depth) == 0
}

// isSiblingName spots texts that must follow an id; tell writes them.
func isSiblingName(a *attribute) bool { return a.slot >= 0 && a.kind == kindText && a.Name != "name" }

// meet satisfies the constraints of an object.
func (m *maker) meet(n *node, o map[string]any) {
	if names := n.justOne.names; len(names) > 0 {
		for _, name := range names[1:] {
			delete(o, name)
		}
		o[names[0]] = m.value(n.attributes[names[0]])
	}
	names := n.atLeastOne.names
	if len(names) == 0 {
		return
	}
	if len(n.atLeastOne.paths) > 0 { // device.os.version of patch_state
		device := o["device"].(map[string]any)
		if device["os"] == nil {
			device["os"] = (&maker{}).object(tables().objects["os"])
		}
		device["os"].(map[string]any)["version"] = "10.0"
		return
	}
	for _, name := range names { // one that is not required, so that a required one can be taken away
		a := n.attributes[name]
		if a.Requirement != "required" && a.Profile == "" && !a.Deprecated {
			if o[name] == nil {
				o[name] = (&maker{depth: m.depth}).value(a)
			}
			return
		}
		if a.Profile != "" {
			m.used |= a.profile
			o[name] = (&maker{}).value(a)
			return
		}
	}
}

// tell writes the captions of some ids.
func (m *maker) tell(n *node, o map[string]any) {
	for _, a := range n.enums {
		id, ok := o[a.Name].(int64)
		if !ok || m.rand == nil || a.sibling.Array || m.pick(2) == 0 {
			continue
		}
		if o[a.Sibling] = *a.captionOf(id); id == other {
			o[a.Sibling] = "word of the source"
		}
		m.used |= a.sibling.profile
	}
	if id, ok := o["algorithm_id"].(int64); ok && n.name == "fingerprint" {
		o["value"] = fmt.Sprintf("%0*d", max(1, hashDigits(HashAlgorithmID(id))), 0)
	}
	if n.name == "observable" {
		delete(o, "name")
	}
}

// value makes a value.
func (m *maker) value(a *attribute) any {
	if !a.Array {
		return m.element(a)
	}
	all := []any{m.element(a)}
	for m.rand != nil && m.depth < 3 && m.pick(2) == 0 {
		all = append(all, m.element(a))
	}
	return all
}

func (m *maker) element(a *attribute) any {
	switch a.kind {
	case kindObject:
		if a.object.free {
			return map[string]any{"anything": []any{nil, 1}}
		}
		return m.object(a.object)
	case kindAny:
		return []any{"anything", nil, 1.5}
	case kindBoolean:
		return m.pick(2) == 1
	case kindFloat:
		return float64(m.pick(100)) / 8
	case kindInteger:
		return m.integer(a)
	}
	if a.enum != nil {
		return a.enum[m.pick(len(a.enum))].Key
	}
	return m.text(a)
}

func (m *maker) integer(a *attribute) int64 {
	switch {
	case a.enum != nil:
		return a.enum[m.pick(len(a.enum))].ID
	case a.Type == "timestamp_t":
		return 1_700_000_000_000 + int64(m.pick(1_000_000))
	}
	return int64(m.pick(60000))
}

// text makes a text of the type.
func (m *maker) text(a *attribute) string {
	n := m.pick(200)
	switch a.Type {
	case "ip_t":
		return []string{fmt.Sprintf("10.0.0.%d", n), fmt.Sprintf("2001:db8::%x", n)}[n%2]
	case "mac_t":
		return fmt.Sprintf("00:1A-2b:3c:4d:%02x", n)
	case "uuid_t":
		return fmt.Sprintf("%08x-0000-4000-8000-00000000000A", n)
	case "email_t":
		return fmt.Sprintf("user.%d+x@mail-%d.example.org", n, n)
	case "datetime_t":
		return "2026-11-23T04:05:06." + strconv.Itoa(n) + "Z"
	case "subnet_t":
		return fmt.Sprintf("10.0.%d.0/24", n)
	case "bytestring_t":
		return "AAEC"
	}
	if m.rand != nil && a.Type == "string_t" {
		return nasty()[m.pick(len(nasty()))]
	}
	return fmt.Sprintf("text-%d", n)
}

func (m *maker) pick(n int) int {
	if m.rand == nil {
		return 1 % n
	}
	return m.rand.IntN(n)
}

// nasty are texts that an encoder can get wrong.
func nasty() []string {
	return []string{"plain", `"quoted"`, `C:\\Windows\\`, `\`, `\\"`, "line\nbreak", "\x00\x1f", "ünï 😀", "\u2028", "}{][,:", " "}
}

// encode writes an event of a maker.
func encode(t interface{ Fatal(args ...any) }, e any) []byte {
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func classNodes() []*node {
	return slices.SortedFunc(maps.Values(tables().classes), func(a, b *node) int { return int(a.class.UID - b.class.UID) })
}

// TestRandomEvents proves that whatever follows the schema has no violation,
// and that the Go types carry it through.
func TestRandomEvents(t *testing.T) {
	t.Parallel()
	for _, n := range classNodes() {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				raw := encode(t, (&maker{rand: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))}).event(n))
				if v := ValidateJSON(raw); len(v) > 0 {
					t.Fatalf("%s\n%v", raw, v)
				}
				if _, ok := New(n.class.UID); ok {
					throughGo(t, raw)
				}
			})
		})
	}
}

// throughGo decodes and encodes an event and looks for what was lost.
func throughGo(t *rapid.T, raw []byte) {
	event, err := Decode(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	again, violations := Validator{}.Append(nil, event)
	if len(violations) > 0 {
		t.Fatalf("%s\n%v", again, violations)
	}
	var before, after any
	if json.Unmarshal(raw, &before) != nil || json.Unmarshal(again, &after) != nil {
		t.Fatalf("not JSON: %s", again)
	}
	if lost := missing("", before, after); lost != "" {
		t.Fatalf("%s is lost:\n%s\n%s", lost, raw, again)
	}
}

// missing finds the first leaf of a that b does not have. Attributes that end
// in _dt have no Go field: the package writes times as numbers.
func missing(path string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, _ := b.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if len(k) > 3 && k[len(k)-3:] == "_dt" {
				continue
			}
			if lost := missing(path+"."+k, x[k], y[k]); lost != "" {
				return lost
			}
		}
	case []any:
		y, _ := b.([]any)
		if len(x) != len(y) {
			return path
		}
		for i := range x {
			if lost := missing(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); lost != "" {
				return lost
			}
		}
	default:
		if a != b {
			return path
		}
	}
	return ""
}

// TestRequired takes each required attribute of each least event away, at any
// depth, and wants that violation and no other.
func TestRequired(t *testing.T) {
	t.Parallel()
	for _, n := range classNodes() {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			e := (&maker{}).event(n)
			if v := ValidateJSON(encode(t, e)); len(v) > 0 {
				t.Fatalf("the least event: %s\n%v", encode(t, e), v)
			}
			count := 0
			eachRequired("", n, e, func(path string) {
				count++
				v := ValidateJSON(encode(t, e))
				if len(v) != 1 || v[0].Path != path || v[0].Code != CodeRequired {
					t.Errorf("without %s: %v", path, v)
				}
			})
			if count < 7 {
				t.Errorf("only %d required attributes were tried", count)
			}
		})
	}
}

// eachRequired takes one attribute away at a time.
func eachRequired(path string, n *node, o map[string]any, visit func(path string)) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		a, value := n.attributes[name], o[name]
		at := name
		if path != "" {
			at = path + "." + name
		}
		if a.Requirement == "required" {
			delete(o, name)
			visit(at)
			o[name] = value
		}
		switch x := value.(type) {
		case map[string]any:
			if a.object != nil && !a.object.free {
				eachRequired(at, a.object, x, visit)
			}
		case []any:
			if inner, ok := x[0].(map[string]any); ok && a.object != nil && !a.object.free {
				eachRequired(at+"[0]", a.object, inner, visit)
			}
		}
	}
}
