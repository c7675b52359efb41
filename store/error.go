package store

import (
	"context"
	"errors"
	"fmt"
)

// What can be wrong, told apart with errors.Is. Every error of this package
// that has such a cause unwraps to it.
var (
	// ErrNotFound says that there is no such integration, record, run or secret.
	ErrNotFound = errors.New("not found")
	// ErrExists says that the name or the id is taken.
	ErrExists = errors.New("exists already")
	// ErrInvalid says that what was given cannot be kept; the text says why.
	ErrInvalid = errors.New("not valid")
	// ErrRunOver says that the run has ended or that another worker has taken
	// it over. Nothing was written: stop, and leave the stream to the other.
	ErrRunOver = errors.New("run is over")
	// ErrIncomplete says that a sweep was asked for before its last page.
	ErrIncomplete = errors.New("run is not complete")
	// ErrImplausible says that the guard of a sweep refused it.
	ErrImplausible = errors.New("sweep is implausible")
	// ErrNewerSchema says that a newer Gatehouse has written this database.
	ErrNewerSchema = errors.New("database is of a newer version")
	// ErrKey says that a secret cannot be sealed or opened with the key at hand.
	ErrKey = errors.New("encryption key")
	// ErrConflict says that the same idempotency key was used for another request.
	ErrConflict = errors.New("idempotency key was used for another request")
	// ErrBusy says that another worker or request is at it: try again shortly.
	ErrBusy = errors.New("another is at it")
	// ErrLeaseLost says that a lease has run out and another has taken the work
	// over. Nothing was written: stop.
	ErrLeaseLost = errors.New("lease is lost")
	// ErrUnreadable says that a row holds what this version cannot read: it is
	// damaged, or a newer version has written it.
	ErrUnreadable = errors.New("it cannot be read, being damaged or of a newer version")
	// ErrFull says that the disk, or the room the database may take, is full.
	ErrFull = errors.New("storage is full")
	// ErrLocked says that another process held the database for too long.
	ErrLocked = errors.New("database is locked")
	// ErrUnavailable says that the database cannot be reached or read.
	ErrUnavailable = errors.New("database is unavailable")
	// ErrDamaged says that the file is not a sound database.
	ErrDamaged = errors.New("database is damaged")
)

// Error is a failure of the database below: what was being done, what is
// wrong in our words and how to mend it, and what the database said. When it is
// returned nothing of the operation was written, but for a lost connection
// during a commit, when nobody can tell: do the operation again, which is safe.
type Error struct {
	Op    string // what was being done, for example "commit page"
	Cause error  // one of the causes above; nil when the failure has no name
	Err   error  // what the database said
}

var _ error = (*Error)(nil)

// Error returns one line.
func (e *Error) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("store: %s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("store: %s: %v: %s (%v)", e.Op, e.Cause, mend(e.Cause), e.Err)
}

// Unwrap returns the cause and what the database said.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Cause, e.Err}
}

// Temporary reports whether the same operation may succeed later without
// anything else being changed here.
func (e *Error) Temporary() bool {
	return errors.Is(e.Cause, ErrFull) || errors.Is(e.Cause, ErrLocked) || errors.Is(e.Cause, ErrUnavailable)
}

// mend says what to do about a cause.
func mend(cause error) string {
	switch {
	case errors.Is(cause, ErrFull):
		return "nothing was written; make room and it goes on"
	case errors.Is(cause, ErrLocked):
		return "nothing was written; another process holds the database"
	case errors.Is(cause, ErrUnavailable):
		return "check that the database runs and may be written"
	case errors.Is(cause, ErrDamaged):
		return "restore the file from a backup, or move it away and mirror anew"
	default:
		return "see the cause"
	}
}

// failure names what the database said. Errors of our own and of the context
// pass as they are.
func (s *Store) failure(op string, err error) error {
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own), isOwn(err):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("store: %s: %w", op, err)
	}
	return &Error{Op: op, Cause: s.dialect.cause(err), Err: err}
}

// isOwn tells whether an error was made in this package on purpose.
func isOwn(err error) bool {
	for _, own := range []error{ErrNotFound, ErrExists, ErrInvalid, ErrRunOver, ErrIncomplete, ErrImplausible, ErrNewerSchema, ErrKey, ErrConflict, ErrBusy, ErrLeaseLost, ErrUnreadable} {
		if errors.Is(err, own) {
			return true
		}
	}
	return false
}
