package mcp

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
)

// kind is the type of a parameter, as JSON Schema calls it.
type kind string

const (
	text    kind = "string"
	texts   kind = "array" // of strings; a single string will do
	flag    kind = "boolean"
	integer kind = "integer"
	number  kind = "number"
)

// param is one parameter of a tool.
type param struct {
	name     string
	kind     kind
	about    string
	required bool
	values   []string // of a text, in any case; nil: any
	usual    any      // what an absent one means, as it is shown
	low      int      // of an integer
	high     int      // of an integer; 0: no bound. Of texts: how many
}

// needed makes a parameter required.
func needed(p param) param {
	p.required = true
	return p
}

// schemaOf is the JSON Schema of parameters.
func schemaOf(params []param) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, p := range params {
		properties[p.name] = p.schema()
		if p.required {
			required = append(required, p.name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

func (p param) schema() map[string]any {
	s := map[string]any{"type": string(p.kind), "description": p.about}
	inner := s
	switch p.kind {
	case texts:
		inner = map[string]any{"type": "string"}
		s["items"] = inner
		if p.required {
			s["minItems"] = 1
		}
		if p.high > 0 {
			s["maxItems"] = p.high
		}
	case integer:
		s["minimum"] = p.low
		if p.high > 0 {
			s["maximum"] = p.high
		}
	case text:
		if p.required {
			s["minLength"] = 1
		}
	case flag, number:
	}
	if len(p.values) > 0 {
		inner["enum"] = p.values
	}
	if p.usual != nil {
		s["default"] = p.usual
	}
	return s
}

// arguments are the values of a call, checked: strings, []string, bool, int and
// float64.
type arguments map[string]any

func (a arguments) text(name string) string {
	v, _ := a[name].(string)
	return v
}

func (a arguments) texts(name string) []string {
	v, _ := a[name].([]string)
	return v
}

func (a arguments) flag(name string) bool {
	v, _ := a[name].(bool)
	return v
}

// integer returns an integer, or what an absent one means.
func (a arguments) integer(name string, usual int) int {
	if v, ok := a[name].(int); ok {
		return v
	}
	return usual
}

// argumentsOf checks the arguments of a call. Models write a number as a text and
// one text for a list of one: that is understood.
func argumentsOf(params []param, raw json.RawMessage) (arguments, error) {
	given := map[string]any{}
	if len(raw) > 0 && string(raw) != "null" {
		if err := json.Unmarshal(raw, &given); err != nil {
			return nil, badArgument("arguments", "they are no JSON object")
		}
	}
	checked := arguments{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		n := slices.IndexFunc(params, func(p param) bool { return p.name == name })
		if n < 0 {
			return nil, unknownArgument(params, name)
		}
		if given[name] == nil || given[name] == "" {
			continue
		}
		value, err := params[n].check(given[name])
		if err != nil {
			return nil, err
		}
		checked[name] = value
	}
	for _, p := range params {
		if _, ok := checked[p.name]; p.required && !ok {
			return nil, badArgument(p.name, "it is missing: "+p.about)
		}
	}
	return checked, nil
}

// check brings a value to its type.
func (p param) check(value any) (any, error) {
	switch p.kind {
	case text:
		if n, ok := value.(float64); ok && n == math.Trunc(n) {
			value = strconv.FormatFloat(n, 'f', -1, 64) // the number of an incident
		}
		if v, ok := value.(string); ok {
			return p.oneOf(v)
		}
	case texts:
		return p.checkList(value)
	case flag:
		switch v := value.(type) {
		case bool:
			return v, nil
		case string:
			if b, err := strconv.ParseBool(v); err == nil {
				return b, nil
			}
		}
	case integer:
		return p.checkInteger(value)
	case number:
		switch v := value.(type) {
		case float64:
			return v, nil
		case string:
			if n, err := strconv.ParseFloat(v, 64); err == nil {
				return n, nil
			}
		}
	}
	return nil, badArgument(p.name, "it is no "+string(p.kind)+": "+p.about)
}

func (p param) checkInteger(value any) (any, error) {
	n, ok := value.(float64)
	if t, isText := value.(string); isText {
		parsed, err := strconv.Atoi(t)
		n, ok = float64(parsed), err == nil
	}
	switch {
	case !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53:
		return nil, badArgument(p.name, "it is no whole number")
	case n < float64(p.low) || p.high > 0 && n > float64(p.high):
		return nil, badArgument(p.name, fmt.Sprintf("it is not from %d to %d", p.low, p.high))
	}
	return int(n), nil
}

func (p param) checkList(value any) (any, error) {
	if _, single := value.([]any); !single {
		value = []any{value}
	}
	var all []string
	for _, item := range value.([]any) { //nolint:forcetypeassert // it was just made so
		one := p
		one.kind = text
		v, err := one.check(item)
		if err != nil {
			return nil, err
		}
		all = append(all, v.(string)) //nolint:forcetypeassert // a text is one
	}
	if p.required && len(all) == 0 || p.high > 0 && len(all) > p.high {
		return nil, badArgument(p.name, fmt.Sprintf("it has %d items: give 1 to %d", len(all), p.high))
	}
	return all, nil
}

// oneOf finds a text among the values that are allowed, whatever its case.
func (p param) oneOf(v string) (any, error) {
	if len(p.values) == 0 {
		return v, nil
	}
	for _, allowed := range p.values {
		if strings.EqualFold(allowed, v) {
			return allowed, nil
		}
	}
	return nil, badArgument(p.name, fmt.Sprintf("%q is none of %s", v, strings.Join(p.values, ", ")))
}

// badArgument is the problem of one argument.
func badArgument(name, message string) error {
	return &api.Problem{
		Title: "The call has an argument that is not allowed", Status: 422, Code: api.CodeInvalid, Detail: name + ": " + message,
		Mend: "call the tool again with arguments as its schema has them", Fields: []api.FieldError{{Field: name, Message: message}},
	}
}

// unknownArgument names the parameters that there are.
func unknownArgument(params []param, name string) error {
	var names []string
	for _, p := range params {
		names = append(names, p.name)
	}
	if len(names) == 0 {
		return badArgument(name, "this tool takes no arguments")
	}
	return badArgument(name, "there is no such parameter: use "+strings.Join(names, ", "))
}
