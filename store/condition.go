package store

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// conditions gathers what a query asks for, with its arguments.
type conditions struct {
	parts []string
	args  []any
}

// add takes in a condition; each ? in it stands for the next argument.
func (c *conditions) add(text string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		text = strings.Replace(text, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, text)
}

// in takes in a condition on a list of texts. An empty list lets nothing pass.
func (c *conditions) in(d dialect, column string, values []string) error {
	list, err := d.list(append([]string{}, values...))
	if err != nil {
		return err
	}
	c.args = append(c.args, list)
	c.parts = append(c.parts, column+" IN "+d.texts("$"+strconv.Itoa(len(c.args))))
	return nil
}

// inlineValues is up to how many values of a list stand in the statement itself.
const inlineValues = 16

// among takes in a condition on a few texts, or many.
func (c *conditions) among(d dialect, column string, values []string) error {
	if len(values) > inlineValues {
		return c.in(d, column, values)
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	text := column + " = ?"
	if len(values) != 1 {
		text = column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")"
	}
	c.add(text, args...)
	return nil
}

// limit is the end of a statement that returns at most n rows.
func (c *conditions) limit(n int) string {
	c.args = append(c.args, n)
	return " LIMIT $" + strconv.Itoa(len(c.args))
}

// where joins them.
func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// Bounds of what one call lists.
const (
	listDefault = 100
	listMax     = 1000
)

// bounded is how many rows a list of that limit has at most.
func bounded(limit int) int {
	if limit <= 0 {
		return listDefault
	}
	return min(limit, listMax)
}

// keepable makes a text into one that every database takes.
func keepable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsRune(s, 0) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// notNil is how bytes are kept where a column takes no NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
