package action

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// Kind is the kind of value of a parameter. Every value is written as text.
type Kind string

// The kinds.
const (
	Text Kind = "text" // any, but not blank
	Enum Kind = "enum" // one of Values, in any case
	SHA1 Kind = "sha1" // 40 hexadecimal digits
	List Kind = "list" // texts, separated by commas
)

// Parameter is one thing that an action wants to know.
type Parameter struct {
	Name     string
	Title    string // for people
	Kind     Kind
	Values   []string // of an Enum
	Default  string   // what an absent value means
	Required bool
	Doc      string // one sentence
}

// check returns a value as it is sent, or says what is wrong.
func (p Parameter) check(value string) (string, error) {
	value = strings.TrimSpace(value)
	switch p.Kind {
	case Enum:
		i := slices.IndexFunc(p.Values, func(v string) bool { return strings.EqualFold(v, value) })
		if i < 0 {
			return "", inputf("%s %q is not valid: use %s", p.Name, value, strings.Join(p.Values, ", "))
		}
		return p.Values[i], nil
	case SHA1:
		value = strings.ToLower(value)
		if len(value) != 40 || strings.Trim(value, "0123456789abcdef") != "" {
			return "", inputf("%s %q is no SHA-1: give 40 hexadecimal digits", p.Name, value)
		}
	case List:
		items := splitList(value)
		if slices.Contains(items, "") {
			return "", inputf("%s has an empty item: separate items by one comma", p.Name)
		}
		return strings.Join(items, ","), nil
	case Text:
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", inputf("%s has control characters in it", p.Name)
		}
	}
	return value, nil
}

// splitList reads a list.
func splitList(value string) []string {
	items := strings.Split(value, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

// Validate reports what is wrong with the parameters, naming what is allowed.
func (a Action) Validate(parameters map[string]string) error {
	_, err := a.Normalize(parameters)
	return err
}

// Normalize returns the parameters as they are sent, in Microsoft's spelling and
// with the defaults, or says what is wrong. A blank value counts as absent.
func (a Action) Normalize(parameters map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		value := parameters[name]
		i := slices.IndexFunc(a.Parameters, func(p Parameter) bool { return p.Name == name })
		if i < 0 {
			return nil, a.unknown(name)
		}
		if strings.TrimSpace(value) == "" {
			continue
		}
		clean, err := a.Parameters[i].check(value)
		if err != nil {
			return nil, err
		}
		out[name] = clean
	}
	if a.AtLeastOne && len(out) == 0 {
		return nil, inputf("%s has nothing to do: give at least one of %s", a.Name, strings.Join(a.names(), ", "))
	}
	for _, p := range a.Parameters {
		if out[p.Name] != "" {
			continue
		}
		if p.Required {
			return nil, missing(p)
		}
		if p.Default != "" {
			out[p.Name] = p.Default
		}
	}
	return out, nil
}

func missing(p Parameter) error {
	if len(p.Values) > 0 {
		return inputf("%s is missing: use %s", p.Name, strings.Join(p.Values, ", "))
	}
	return inputf("%s is missing: %s", p.Name, p.Doc)
}

func (a Action) unknown(name string) error {
	if len(a.Parameters) == 0 {
		return inputf("%s takes no parameters, and %q is one", a.Name, name)
	}
	return inputf("%s has no parameter %q: use %s", a.Name, name, strings.Join(a.names(), ", "))
}

// names lists the parameters.
func (a Action) names() []string {
	names := make([]string, len(a.Parameters))
	for i, p := range a.Parameters {
		names[i] = p.Name
	}
	return names
}

// inputError is a refusal of ours: nothing was sent.
type inputError struct{ text string }

func (e *inputError) Error() string { return e.text }

// Is makes it one with the refusals of the SDKs.
func (e *inputError) Is(target error) bool { return target == defender.ErrInput }

func inputf(format string, args ...any) error {
	return &inputError{fmt.Sprintf(format, args...)}
}
