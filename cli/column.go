package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// head is what a writer must know of a column.
type head struct {
	name  string // stable name: the heading of csv, in Microsoft's spelling
	title string // heading in a table; "" keeps the column out of tables
	exact bool   // the title is a name whose case matters
	drop  int    // columns leave a narrow table in this order, 1 first; 0 never leaves
	flex  bool   // may be cut to fit
	right bool   // numbers stand to the right
	show  func(cell string) string
	tone  func(cell string) tone
}

// shown is a cell as people see it.
func (h head) shown(cell string) string {
	if h.show != nil {
		cell = h.show(cell)
	}
	return printable(cell)
}

// column is one field of rows of type T.
type column[T any] struct {
	head
	value func(T) string
}

// field makes a column. An empty title keeps it out of tables.
func field[T any](name, title string, value func(T) string) column[T] {
	return column[T]{head{name: name, title: title}, value}
}

// dropped lets the column leave a narrow table: 1 leaves first.
func (c column[T]) dropped(order int) column[T] {
	c.drop = order
	return c
}

// flexible lets the column be cut.
func (c column[T]) flexible() column[T] {
	c.flex = true
	return c
}

// toned colors the column by what its words mean.
func (c column[T]) toned() column[T] {
	c.tone = toneOf
	return c
}

// number puts the column to the right.
func (c column[T]) number() column[T] {
	c.right = true
	return c
}

// whole shows the cell to people as it is.
func (c column[T]) whole() column[T] {
	c.show = nil
	return c
}

// moment makes a column of a time: RFC 3339 in csv, to the minute for people.
func moment[T any](name, title string, at func(T) defender.Time) column[T] {
	c := field(name, title, func(item T) string { return timeText(at(item)) })
	c.show = shortTime
	return c
}

// when makes a column of a time of ours.
func when[T any](name, title string, at func(T) time.Time) column[T] {
	c := field(name, title, func(item T) string {
		if at(item).IsZero() {
			return ""
		}
		return at(item).UTC().Format(time.RFC3339Nano)
	})
	c.show = shortTime
	return c
}

// count makes a column of a whole number.
func count[T any](name, title string, n func(T) int64) column[T] {
	return field(name, title, func(item T) string { return strconv.FormatInt(n(item), 10) }).number()
}

// decimal makes a column of a number, in as few digits as it needs.
// People see two decimals.
func decimal[T any](name, title string, n func(T) float64) column[T] {
	c := field(name, title, func(item T) string { return strconv.FormatFloat(n(item), 'f', -1, 64) }).number()
	c.show = twoDecimals
	return c
}

func twoDecimals(cell string) string {
	whole, fraction, _ := strings.Cut(cell, ".")
	if len(fraction) <= 2 {
		return cell
	}
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return whole
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}

// flagged makes a column of a yes or no.
func flagged[T any](name, title string, on func(T) bool) column[T] {
	c := field(name, title, func(item T) string { return strconv.FormatBool(on(item)) })
	c.show = func(cell string) string { return mark(cell == "true", "yes") }
	return c
}

func timeText(t defender.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// shortTime cuts an RFC 3339 time to the minute, in UTC, and says so.
func shortTime(cell string) string {
	at, err := time.Parse(time.RFC3339Nano, cell)
	if err != nil {
		return cell
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}

// listed joins texts in one cell.
func listed(items []string) string { return strings.Join(items, ", ") }

// idText writes an id that is 0 when there is none.
func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
