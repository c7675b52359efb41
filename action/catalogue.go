package action

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Catalogue returns every action, what is done to devices first. The caller owns
// the result.
func Catalogue() []Action {
	return []Action{
		isolate(),
		release(),
		contain(),
		scan(),
		restrict(),
		unrestrict(),
		stopAndQuarantine(),
		collectPackage(),
		investigate(),
		offboard(),
		cancel(),
		tag(),
		untag(),
		setValue(),
		updateAlert(),
		commentAlert(),
		updateIncident(),
		commentIncident(),
	}
}

// ByName returns an action of [Catalogue], whatever the case of its name. For one
// that does not exist it returns the names that look like it, or all.
func ByName(name string) (a Action, ok bool, suggestions []string) {
	clean := strings.ToLower(strings.TrimSpace(name))
	var near, all []string
	for _, a := range Catalogue() {
		if a.Name == clean {
			return a, true, nil
		}
		all = append(all, a.Name)
		if alike(clean, a) {
			near = append(near, a.Name)
		}
	}
	if len(near) > 0 {
		return Action{}, false, near
	}
	return Action{}, false, all
}

// alike reports whether a word may mean an action: by a part of its name or
// title, or by a slip of two letters at most.
func alike(word string, a Action) bool {
	if len(word) < 3 {
		return false
	}
	words := append(strings.FieldsFunc(a.Name, func(r rune) bool { return r == '-' }), strings.Fields(strings.ToLower(a.Title))...)
	return strings.Contains(a.Name, word) || strings.Contains(word, a.Name) ||
		slices.Contains(words, word) || levenshtein.ComputeDistance(word, a.Name) <= min(2, len(word)/3)
}

// mdeDocs and xdrDocs are where Microsoft's pages are.
const (
	mdeDocs = "https://learn.microsoft.com/defender-endpoint/api/"
	xdrDocs = "https://learn.microsoft.com/defender-xdr/"
)

// texts turns the values of an enumeration into texts.
func texts[E ~string](values []E) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
