package rest

import (
	"slices"
	"strings"
)

// Pick gives *v the spelling of the one of valid that it means, whatever its case.
// Nothing stays nothing. Anything else is an error that lists the values.
func Pick[E ~string](what string, v *E, valid []E) error {
	if *v == "" {
		return nil
	}
	i := slices.IndexFunc(valid, func(e E) bool { return strings.EqualFold(string(e), string(*v)) })
	if i < 0 {
		return Inputf("%s %q is not valid: use %s", what, string(*v), listed(valid))
	}
	*v = valid[i]
	return nil
}

// Require is [Pick] for a value that must be given.
func Require[E ~string](what string, v *E, valid []E) error {
	if *v == "" {
		return Inputf("%s is missing: use %s", what, listed(valid))
	}
	return Pick(what, v, valid)
}

func listed[E ~string](values []E) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}

// NoneBlank refuses a list with an empty text in it.
func NoneBlank(what string, values []string) error {
	if slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }) {
		return Inputf("one of the %s is empty", what)
	}
	return nil
}
