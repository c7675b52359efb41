package contract_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// maker makes values from schemas: right ones, and wrong ones.
type maker struct {
	*rand.Rand
	schemas map[string]*schema
	known   map[string][]any // by name of member or parameter: values that mean something
}

// chance is true in a share of cases.
func (m *maker) chance(share float64) bool { return m.Float64() < share }

// one draws one of several.
func one[T any](m *maker, of []T) T { return of[m.IntN(len(of))] }

// letters are what texts are made of. Some of them are more than a byte, one is no
// letter, and one goes from right to left.
var letters = []rune("abcdefXYZ0189 -_.,:;/\\'\"%&=[](){}<>*?+|äßé\u6f22\u5b57🙂\u202e\u0301\u200b\x00\n\t")

// text is a text of some length, in letters.
func (m *maker) text(least, most int) string {
	var b strings.Builder
	for range least + m.IntN(max(1, min(most, least+24)-least+1)) {
		b.WriteRune(one(m, letters))
	}
	return b.String()
}

// guid is a GUID.
func (m *maker) guid() string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", m.Uint32(), m.IntN(1<<16), m.IntN(1<<12), m.IntN(1<<12), m.Int64N(1<<48))
}

// resolve follows the reference of a schema.
func (m *maker) resolve(s *schema) *schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return m.schemas[name]
	}
	return s
}

// value is a value that the schema allows. The name tells what values mean
// something there.
func (m *maker) value(s *schema, name string, depth int) any {
	s = m.resolve(s)
	known := m.known[name]
	switch {
	case s.Type == "array":
		return m.list(s, name, depth)
	case len(s.Enum) > 0:
		return one(m, s.Enum)
	case len(known) > 0 && s.Type == "string" && m.chance(0.8):
		return one(m, known)
	case len(s.Examples) > 0 && m.chance(0.4):
		return one(m, s.Examples)
	}
	switch s.Type {
	case "string":
		return m.string(s)
	case "integer":
		return m.Int64N(int64(bound(s.Maximum, 1000)-bound(s.Minimum, 0))+1) + int64(bound(s.Minimum, 0))
	case "number":
		return bound(s.Minimum, 0) + m.Float64()*(bound(s.Maximum, 1000)-bound(s.Minimum, 0))
	case "boolean":
		return m.chance(0.5)
	case "object":
		return m.object(s, depth)
	}
	return one(m, []any{nil, true, 1, "x", []any{}, map[string]any{}})
}

// bound is a bound of a schema, or another where there is none.
func bound(b *float64, otherwise float64) float64 {
	if b == nil {
		return otherwise
	}
	return *b
}

// string is a text that the schema allows.
func (m *maker) string(s *schema) any {
	if s.Format == "date-time" {
		return time.Now().Add(time.Duration(m.IntN(2000)-1000) * time.Hour).UTC().Format(one(m, []string{time.RFC3339, time.RFC3339Nano}))
	}
	if s.Pattern != "" { // what is asked of names; the spoilt ones break it
		return fmt.Sprintf("made-%d", m.IntN(1_000_000))
	}
	least, most := 0, 40
	if s.MinLength != nil {
		least = *s.MinLength
	}
	if s.MaxLength != nil {
		most = *s.MaxLength
	}
	return m.text(least, most)
}

// list is a list that the schema allows.
func (m *maker) list(s *schema, name string, depth int) any {
	least, most := 0, 3
	if s.MinItems != nil {
		least = *s.MinItems
	}
	list := []any{}
	for range least + m.IntN(most+1) {
		list = append(list, m.value(s.Items, name, depth+1))
	}
	return list
}

// object is an object that the schema allows.
func (m *maker) object(s *schema, depth int) any {
	object := map[string]any{}
	for _, name := range sorted(s.Properties) {
		if slices.Contains(s.Required, name) || depth < 4 && m.chance(0.4) {
			object[name] = m.value(s.Properties[name], name, depth+1)
		}
	}
	if _, ok := s.AdditionalProperties.(map[string]any); ok {
		for range m.IntN(3) {
			object[one(m, []string{"type", "tag", "value", "status", m.text(0, 8)})] = one(m, []string{"Full", "Quick", "Normal", "InProgress", m.text(0, 9)})
		}
	}
	return object
}

// sorted are the keys of a map, so that the same seed goes the same way.
func sorted[V any](of map[string]V) []string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// junk is a JSON value that hardly any schema has in mind.
func (m *maker) junk() any {
	return one(m, []any{
		nil, true, false, 0, -1, 1.5, json.RawMessage("1e400"), json.RawMessage("-9223372036854775809"), json.RawMessage("12345678901234567890123456789"),
		"", " ", "\x00", "a\x00b", json.RawMessage(`"\ud800"`), json.RawMessage(`"\udc00\ud800"`), strings.Repeat("x", 70_000), "../../etc/passwd", "%00", "'; --", "${jndi}",
		[]any{}, []any{nil}, []any{[]any{[]any{}}}, map[string]any{}, map[string]any{"": nil}, json.RawMessage(`{"a":1,"a":2}`),
		"0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z",
		json.RawMessage(strings.Repeat("[", 400) + strings.Repeat("]", 400)), strings.Repeat("\u6f22", 1000), slices.Repeat([]any{"x"}, 600),
	})
}

// spoil changes one place of a value.
func (m *maker) spoil(v any) any {
	if m.chance(0.15) {
		return m.junk()
	}
	switch v := v.(type) {
	case map[string]any:
		names := sorted(v)
		switch {
		case len(names) == 0 || m.chance(0.15):
			v[one(m, []string{"extra", "", "$schema", "__proto__", "ID", m.text(1, 9)})] = m.junk()
		case m.chance(0.25):
			delete(v, one(m, names))
		default:
			name := one(m, names)
			v[name] = m.spoil(v[name])
		}
		return v
	case []any:
		if len(v) == 0 || m.chance(0.3) {
			return append(v, m.junk())
		}
		n := m.IntN(len(v))
		v[n] = m.spoil(v[n])
		return v
	}
	return m.junk()
}

// badBody is a body that is no JSON, or not just one.
func (m *maker) badBody() string {
	return one(m, []string{
		"", " ", "{", "}", "nul", "NaN", "[", `{"a":}`, "{}{}", "{} x", "\x00", "\xff\xfe{}", "\ufeff{}", `{"a":"` + "\xff" + `"}`, "<a/>", "a=b",
		strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000), `"` + strings.Repeat("x", 1<<20) + `"`, `{"a":1e999999999}`, `{"name":"a","name":"b"}`,
	})
}

// badText is a text for a query, path or header that is likely not wanted there.
func (m *maker) badText() string {
	return one(m, []string{
		"", " ", "\x00", "a\x00b", "\xff", "null", "true", "-1", "0", "1001", "99999999999999999999", "1e3", "0x10", "NaN", "1.5", "[]", "{}", ",", ",,", "a,b",
		"..", "../..", ".", "%", "%2e%2e", "'", "\"", "\u6f22\u5b57🙂", "\u202e", strings.Repeat("x", 5000), "2026-13-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		"[eq]", "risk[eq]", "risk[xx]High", "[eq]High", "risk[in]a,\\,b", "lastSeen[ge]x", "lastSeen[ge]99999-01-01T00:00:00Z", "nothing[eq]1", "-", "--risk", "eyJhIjoxfQ", "ocsf..", "ocsf.\x00",
		"risk[eq]\x00", "name[contains]%", "name[prefix]\xff", "exposure[exists]maybe", m.text(1, 60),
	})
}
