package kql

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"strings"
)

// A dynamic value is compact, valid JSON, and NULL for null. Numbers keep the
// digits they came with.

// maxJSONDepth is how deep JSON may nest; SQLite's own limit is 1000.
const maxJSONDepth = 200

// parseJSON reads a text as parse_json does: what is no JSON is a string. The
// second result is false for null.
func parseJSON(s string) (string, bool) {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" || trimmed == "null" {
		return "", false
	}
	if text, ok := validJSON(trimmed); ok {
		return text, true
	}
	return quoteJSON(s), true
}

// validJSON compacts a text that is JSON.
func validJSON(s string) (string, bool) {
	if !json.Valid([]byte(s)) || jsonDepth(s) > maxJSONDepth {
		return "", false
	}
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return "", false
	}
	return b.String(), true
}

// jsonDepth is how deep valid JSON nests.
func jsonDepth(s string) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}

// quoteJSON makes a JSON string.
func quoteJSON(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// dynamicText is tostring(dynamic): a string without its quotes, JSON otherwise.
func dynamicText(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	var out string
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		return ""
	}
	return out
}

// elements reads an array, or returns nil.
func elements(s string) []json.RawMessage {
	var out []json.RawMessage
	if !strings.HasPrefix(s, "[") || json.Unmarshal([]byte(s), &out) != nil {
		return nil
	}
	return out
}

// property reads a property of an object; the last one of a name counts.
func property(s, key string) (string, bool) {
	var out map[string]json.RawMessage
	if !strings.HasPrefix(s, "{") || json.Unmarshal([]byte(s), &out) != nil {
		return "", false
	}
	raw, ok := out[key]
	return string(raw), ok
}

// keys lists the keys of an object in their order.
func keys(s string) []string {
	decoder := json.NewDecoder(strings.NewReader(s))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	out := []string{}
	for decoder.More() {
		t, err := decoder.Token()
		key, ok := t.(string)
		var skipped json.RawMessage
		if err != nil || !ok || decoder.Decode(&skipped) != nil {
			return nil
		}
		out = append(out, key)
	}
	return out
}

// notNull is JSON, or NULL for its null.
func notNull(s string, ok bool) driver.Value {
	if !ok || s == "null" {
		return nil
	}
	return s
}

// jsonNatives lists the functions on dynamic values.
func jsonNatives() []native {
	return []native{
		{name: "kql_parse_json", args: 1, run: func(a []driver.Value) driver.Value { return notNull(parseJSON(textArg(a[0]))) }},
		{name: "kql_get", args: 2, run: func(a []driver.Value) driver.Value { return get(textArg(a[0]), a[1]) }},
		{name: "kql_dynamic_text", args: 1, text: true, run: func(a []driver.Value) driver.Value { return dynamicText(textArg(a[0])) }},
		{name: "kql_dynamic_long", args: 1, run: func(a []driver.Value) driver.Value { return dynamicLong(textArg(a[0])) }},
		{name: "kql_real_json", args: 1, run: func(a []driver.Value) driver.Value {
			text := realText(realArg(a[0]))
			return notNull(text, !strings.HasSuffix(text, "Infinity"))
		}},
		{name: "kql_guid_json", args: 1, run: func(a []driver.Value) driver.Value { return quoteJSON(textArg(a[0])) }},
		{name: "kql_array_length", args: 1, run: func(a []driver.Value) driver.Value {
			list := elements(textArg(a[0]))
			return orNull(int64(len(list)), list != nil)
		}},
		{name: "kql_array_index_of", args: 2, run: func(a []driver.Value) driver.Value {
			list := elements(textArg(a[0]))
			for i, x := range list {
				if string(x) == textArg(a[1]) {
					return int64(i)
				}
			}
			return orNull(-1, list != nil)
		}},
		{name: "kql_bag_has_key", args: 2, run: func(a []driver.Value) driver.Value {
			_, ok := property(textArg(a[0]), textArg(a[1]))
			return boolTicks(ok)
		}},
		{name: "kql_bag_keys", args: 1, run: func(a []driver.Value) driver.Value {
			list := keys(textArg(a[0]))
			if list == nil {
				return nil
			}
			return quotedArray(list)
		}},
		{name: "kql_split", args: 3, run: func(a []driver.Value) driver.Value {
			i, _ := intArg(a[2])
			return split(textArg(a[0]), textArg(a[1]), i)
		}},
		{name: "kql_strcat_array", args: 2, text: true, run: func(a []driver.Value) driver.Value {
			var parts []string
			for _, x := range elements(textArg(a[0])) {
				parts = append(parts, dynamicText(string(x)))
			}
			return strings.Join(parts, textArg(a[1]))
		}},
		{name: "kql_pack_array", args: -1, nulls: true, run: func(a []driver.Value) driver.Value { return "[" + strings.Join(jsonArgs(a), ",") + "]" }},
		{name: "kql_bag_pack", args: -1, nulls: true, run: packBag},
		{name: "kql_gettype", args: 1, nulls: true, run: func(a []driver.Value) driver.Value { return dynamicType(textArg(a[0])) }},
	}
}

// get reads a property by a string or an element by a number, from the end if it
// is negative.
func get(s string, key driver.Value) driver.Value {
	i, ok := key.(int64)
	if !ok {
		return notNull(property(s, textArg(key)))
	}
	list := elements(s)
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return nil
	}
	return notNull(string(list[i]), true)
}

// dynamicLong is tolong(dynamic).
func dynamicLong(s string) driver.Value {
	if s == "true" || s == "false" {
		return boolTicks(s == "true")
	}
	text := dynamicText(s)
	if n, ok := parseLong(text); ok {
		return n
	}
	if f, ok := parseReal(text).(float64); ok && text == s {
		return orNull(truncate(f))
	}
	return nil
}

// split cuts a string; with an index of 0 or more only that part is in the array.
func split(s, delimiter string, i int64) string {
	parts := []string{s}
	if delimiter != "" {
		parts = strings.Split(s, delimiter)
	}
	switch {
	case i >= int64(len(parts)):
		parts = nil
	case i >= 0:
		parts = parts[i : i+1]
	}
	return quotedArray(parts)
}

// quotedArray is an array of strings in JSON.
func quotedArray(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quoteJSON(s)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// jsonArgs are arguments that are JSON, with null for NULL.
func jsonArgs(args []driver.Value) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if out[i] = "null"; a != nil {
			out[i] = textArg(a)
		}
	}
	return out
}

// packBag makes an object of keys and values; the first of equal keys counts.
func packBag(args []driver.Value) driver.Value {
	var parts []string
	seen := map[string]bool{}
	list := jsonArgs(args)
	for i := 0; i+1 < len(list); i += 2 {
		key := list[i]
		if !strings.HasPrefix(key, `"`) {
			key = quoteJSON(key)
		}
		if !seen[key] {
			seen[key] = true
			parts = append(parts, key+":"+list[i+1])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// dynamicType is gettype of a dynamic value.
func dynamicType(s string) string {
	switch {
	case s == "":
		return "null"
	case s[0] == '"':
		return "string"
	case s[0] == '[':
		return "array"
	case s[0] == '{':
		return "dictionary"
	case s[0] == 't' || s[0] == 'f':
		return "bool"
	case strings.ContainsAny(s, ".eE"):
		return "double"
	}
	return "long"
}
