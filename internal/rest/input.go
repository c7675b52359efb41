package rest

import (
	"errors"
	"fmt"
)

// ErrInput is every refusal of our own: what was given is wrong, and nothing was
// sent.
var ErrInput = errors.New("bad input")

// inputError marks an error as ErrInput without changing its text.
type inputError struct{ err error }

func (e *inputError) Error() string { return e.err.Error() }

// Unwrap returns the error itself.
func (e *inputError) Unwrap() error { return e.err }

// Is makes every inputError an ErrInput.
func (e *inputError) Is(target error) bool { return target == ErrInput }

// Input marks an error as a refusal of our own. Nil stays nil.
func Input(err error) error {
	if err == nil || errors.Is(err, ErrInput) {
		return err
	}
	return &inputError{err}
}

// Inputf is fmt.Errorf for a refusal of our own.
func Inputf(format string, args ...any) error { return &inputError{fmt.Errorf(format, args...)} }
