package action

import (
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
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
		slices.Contains(words, word) || slips(word, a.Name) <= min(2, len(word)/3)
}

// slips counts insertions, deletions and substitutions of bytes between two words.
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// mdeDocs and xdrDocs are where Microsoft's pages are.
const (
	mdeDocs = "https://learn.microsoft.com/defender-endpoint/api/"
	xdrDocs = "https://learn.microsoft.com/defender-xdr/"
)

// mde returns permissions of Defender for Endpoint.
func mde(names ...string) []gatehouse.Permission {
	return permissions(gatehouse.ResourceMDE, names)
}

// xdr returns permissions of Defender XDR.
func xdr(names ...string) []gatehouse.Permission {
	return permissions(gatehouse.ResourceXDR, names)
}

// onGraph returns permissions of Microsoft Graph.
func onGraph(names ...string) []gatehouse.Permission {
	return permissions(gatehouse.ResourceGraph, names)
}

func permissions(r gatehouse.Resource, names []string) []gatehouse.Permission {
	list := make([]gatehouse.Permission, len(names))
	for i, name := range names {
		list[i] = gatehouse.Permission{Resource: r, Name: name}
	}
	return list
}

// texts turns the values of an enumeration into texts.
func texts[E ~string](values []E) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
