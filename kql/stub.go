package kql

import "modernc.org/sqlite"

// Query is a parsed query.
type Query struct{ text string }

// Parse parses.
func Parse(text string) (*Query, error) { return &Query{text: text}, nil }

// Compile compiles.
func (q *Query) Compile(schema Schema) (*Plan, error) {
	return nil, unsupportedError(0, "not built yet")
}
func registerFunctions(d *sqlite.Driver) error     { return nil }
func parseDateTime(text string) (int64, bool)      { return 0, false }
func parseJSON(text string) (string, bool)         { return text, true }
func isDigit(c byte) bool                          { return '0' <= c && c <= '9' }
func isNameByte(c byte) bool                       { return c == '_' || isDigit(c) || 'a' <= c|32 && c|32 <= 'z' }
func lowerASCII(s string) string                   { return s }
