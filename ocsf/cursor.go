package ocsf

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor walks over JSON that is known to be valid. It never looks for syntax
// errors: whoever makes one has proved that there are none.
type cursor struct {
	data    []byte
	pos     int
	scratch []byte // holds the last text that had something escaped
}

// blank skips white space and returns the byte that follows.
func (c *cursor) blank() byte {
	for {
		switch b := c.data[c.pos]; b {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return b
		}
	}
}

// name reads the name of a member and its colon. The cursor then stands on the
// value.
func (c *cursor) name() []byte {
	name := c.text()
	c.blank() // stands on the colon
	c.pos++
	c.blank()
	return name
}

// text reads a string. The result is a part of the data unless something in it
// is escaped; then it is good until the next call.
func (c *cursor) text() []byte {
	start := c.pos
	escaped := c.skipText()
	if !escaped {
		return c.data[start+1 : c.pos-1]
	}
	plain, err := jsontext.AppendUnquote(c.scratch[:0], c.data[start:c.pos])
	if err != nil {
		return c.data[start+1 : c.pos-1] // cannot be: the text is valid
	}
	c.scratch = plain
	return plain
}

// skipText skips a string and tells whether something in it is escaped.
func (c *cursor) skipText() (escaped bool) {
	c.pos++
	for {
		i := bytes.IndexByte(c.data[c.pos:], '"')
		if !escaped {
			escaped = bytes.IndexByte(c.data[c.pos:c.pos+i], '\\') >= 0
		}
		c.pos += i + 1
		if !escaped || !c.quoteIsEscaped() {
			return escaped
		}
	}
}

// quoteIsEscaped tells whether an odd number of backslashes stands before the
// quote that was just passed.
func (c *cursor) quoteIsEscaped() bool {
	n := 0
	for c.data[c.pos-2-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// scalar reads a number, true, false or null.
func (c *cursor) scalar() []byte {
	start := c.pos
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return c.data[start:c.pos]
		}
		c.pos++
	}
	return c.data[start:c.pos]
}

// skip skips one value of any kind.
func (c *cursor) skip() {
	depth := 0
	for {
		switch c.blank() {
		case '"':
			c.skipText()
		case '{', '[':
			depth++
			c.pos++
			continue
		case '}', ']':
			depth--
			c.pos++
		case ',', ':':
			c.pos++
			continue
		default:
			c.scalar()
		}
		if depth == 0 {
			return
		}
	}
}

// next tells whether another member or element follows in an object or array,
// and goes to it. The cursor stands on the opening bracket at first, then
// behind a value; at the end it stands behind the closing bracket.
func (c *cursor) next() bool {
	switch c.blank() {
	case '{', '[', ',':
		c.pos++
		if b := c.blank(); b != '}' && b != ']' {
			return true
		}
	}
	c.pos++
	return false
}
