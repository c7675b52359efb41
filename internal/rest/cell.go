package rest

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Column returns the place of the column of that name among the cells of a row,
// -1 when there is none. Case matters, as it does in a query.
func (h *Hunt) Column(name string) int {
	if i, ok := h.index[name]; ok {
		return i
	}
	return -1
}

// Null tells whether a cell has no value, or the column does not exist.
func (r Row) Null(column int) bool {
	return column < 0 || column >= len(r.Cells) || r.Cells[column].Kind() == jsontext.KindNull
}

// Time returns a cell as a moment; false when it is null or no moment.
func (r Row) Time(column int) (time.Time, bool) {
	t, err := ParseTime(r.Text(column))
	return t, err == nil && !t.IsZero()
}

// Int returns a cell as a whole number, which may be printed as a text; false
// when it is null or none. Every digit counts, also where a number has more than
// a float64 holds.
func (r Row) Int(column int) (int64, bool) {
	return wholeNumber(r.Text(column))
}

// Float returns a cell as a number, which may be printed as a text; false when it
// is null or none.
func (r Row) Float(column int) (float64, bool) {
	return number(r.Text(column))
}

// Bool returns a cell as true or false. Both doors print a KQL bool as the number
// 0 or 1, other types as true or false, dynamic values as texts. The second
// result is false when the cell is null or none of these.
func (r Row) Bool(column int) (value, ok bool) {
	value, err := strconv.ParseBool(strings.ToLower(r.Text(column)))
	return value, err == nil
}

// Texts returns a cell that holds a list of texts: as a list, or as the JSON of
// one inside a text, which is how the Device tables print dynamic values. False
// when it is null or no such list.
func (r Row) Texts(column int) ([]string, bool) {
	var list []string
	text := r.Text(column)
	if !strings.HasPrefix(strings.TrimSpace(text), "[") || json.Unmarshal([]byte(text), &list, tolerantly) != nil {
		return nil, false
	}
	return list, true
}
