package defender

import (
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// pick returns the value of valid that v means, whatever its case. Nothing stays
// nothing. Anything else is an error that lists the values.
func pick[E ~string](what string, v E, valid []E) (E, error) {
	if v == "" {
		return "", nil
	}
	i := slices.IndexFunc(valid, func(e E) bool { return strings.EqualFold(string(e), string(v)) })
	if i < 0 {
		names := make([]string, len(valid))
		for i, e := range valid {
			names[i] = string(e)
		}
		return "", rest.Inputf("%s %q is not valid: use %s", what, string(v), strings.Join(names, ", "))
	}
	return valid[i], nil
}

// require is pick for a value that must be given.
func require[E ~string](what string, v E, valid []E) (E, error) {
	e, err := pick(what, v, valid)
	if err == nil && e == "" {
		names := make([]string, len(valid))
		for i, e := range valid {
			names[i] = string(e)
		}
		return "", rest.Inputf("%s is missing: use %s", what, strings.Join(names, ", "))
	}
	return e, err
}
