package mcp

import (
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
)

// table is the result of a list: rows of the members that matter, or whole items
// when those were asked for.
type table struct {
	Note     string        `json:"note,omitempty"`
	Columns  []string      `json:"columns,omitempty"`
	Rows     [][]any       `json:"rows,omitempty"`
	Items    []any         `json:"items,omitempty"`
	Count    *int64        `json:"count,omitempty"`
	Next     any           `json:"next,omitempty"`
	More     string        `json:"more,omitempty"`
	Mirrors  []mirrorView  `json:"mirrors,omitempty"`
	Problems []problemView `json:"problems,omitempty"`
}

// mirrorView says how old an answer is.
type mirrorView struct {
	Integration string `json:"integration"`
	Stream      string `json:"stream"`
	AsOf        string `json:"as_of,omitempty"`
	Age         string `json:"age"`
	State       string `json:"state,omitempty"`
}

// mirrorsOf are the ages of what an answer stands on.
func (s *session) mirrorsOf(all []api.Mirror, names integrationNames) []mirrorView {
	var shown []mirrorView
	for _, m := range all {
		v := mirrorView{Integration: names.of(m.Integration), Stream: string(m.Stream), State: string(m.State), Age: "never read"}
		if m.Live {
			v.Age = "asked just now"
		} else if !m.AsOf.IsZero() {
			v.AsOf, v.Age = m.AsOf.UTC().Format(time.RFC3339), age(s.now().Sub(m.AsOf))
		}
		shown = append(shown, v)
	}
	return shown
}

// age is a time that has gone by, in the unit that fits.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// fill puts rows into a table, without the columns that are empty in all of them.
func (t *table) fill(columns []string, rows [][]any) {
	for n, name := range columns {
		if slices.ContainsFunc(rows, func(row []any) bool { return !empty(row[n]) }) {
			t.Columns = append(t.Columns, name)
		}
	}
	for _, row := range rows {
		var kept []any
		for n, name := range columns {
			if slices.Contains(t.Columns, name) {
				kept = append(kept, row[n])
			}
		}
		t.Rows = append(t.Rows, kept)
	}
}

// empty reports whether a value says nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case time.Time:
		return v.IsZero()
	}
	return false
}

// counted says how many there are: "3 devices.", "No devices.".
func counted(n int, one, many string) string {
	switch n {
	case 0:
		return "No " + many + "."
	case 1:
		return "1 " + one + "."
	}
	return fmt.Sprintf("%d %s.", n, many)
}

// goOn says how to get the next page.
func goOn(tool, parameter string) string {
	return "There are more: call " + tool + " again with the same arguments and " + parameter + " = next."
}
