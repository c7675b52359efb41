package cli

import (
	"errors"
	"fmt"
)

// usageError is bad input: nothing has been sent, and the exit status is 2.
type usageError struct{ err error }

// Error returns the text of the mistake and its mend.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *usageError) Unwrap() error { return e.err }

// usagef makes a usage error, with %w as in fmt.Errorf.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// reportedError has already been told to the user: only its exit status counts.
type reportedError struct {
	err    error
	status int
}

// Error returns the text of the cause.
func (e *reportedError) Error() string { return e.err.Error() }

// Unwrap gives the cause.
func (e *reportedError) Unwrap() error { return e.err }

// wasReported says whether the user has seen this error already.
func wasReported(err error) bool {
	var reported *reportedError
	return errors.As(err, &reported)
}
