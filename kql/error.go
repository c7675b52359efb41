package kql

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrorKind tells the stages apart at which a query is refused.
type ErrorKind string

// The kinds of errors.
const (
	// KindSyntax: the text is not a query.
	KindSyntax ErrorKind = "Syntax"
	// KindSemantic: a name is unknown, types do not fit, or the like.
	KindSemantic ErrorKind = "Semantic"
	// KindUnsupported: Kusto knows it, this package does not.
	KindUnsupported ErrorKind = "Unsupported"
)

// Error says why a query is refused, and where in its text.
type Error struct {
	// Kind is the stage at which the query was refused.
	Kind ErrorKind
	// Message is Kusto's wording where it is known, on one line, without the
	// position.
	Message string
	// Offset is the byte in the query's text at which the trouble starts.
	Offset int
	// Line and Column are Offset for humans; both start at 1, and Column
	// counts characters.
	Line, Column int
}

var _ error = (*Error)(nil)

// Error returns the message and the position, for example
// "semantic error: 'where' operator: Failed to resolve column or scalar
// expression named 'Foo' (line 2, position 9)".
func (e *Error) Error() string {
	return fmt.Sprintf("%s error: %s (line %d, position %d)", strings.ToLower(string(e.Kind)), e.Message, e.Line, e.Column)
}

// locate fills Line and Column from Offset.
func (e *Error) locate(text string) {
	e.Offset = min(max(e.Offset, 0), len(text))
	before := text[:e.Offset]
	e.Line = 1 + strings.Count(before, "\n")
	e.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// located returns err with its position filled in when it is an *Error.
func located(err error, text string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.locate(text)
	}
	return err
}

// syntaxError is what the lexer and the parser say.
func syntaxError(offset int, format string, args ...any) error {
	return &Error{Kind: KindSyntax, Offset: offset, Message: fmt.Sprintf(format, args...)}
}

// semanticError is what the compiler says of a query that Kusto refuses too.
func semanticError(offset int, format string, args ...any) error {
	return &Error{Kind: KindSemantic, Offset: offset, Message: fmt.Sprintf(format, args...)}
}

// unsupportedError is for what Kusto has and we do not.
func unsupportedError(offset int, format string, args ...any) error {
	return &Error{Kind: KindUnsupported, Offset: offset, Message: fmt.Sprintf(format, args...)}
}
