package respond

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// What can be wrong with a request, told apart with errors.Is.
var (
	// ErrRequest says that the request cannot be carried out as it stands; the text
	// says why. It is a [RequestError].
	ErrRequest = errors.New("request is not valid")
	// ErrNoTarget says that a target does not exist, or is not the caller's to see.
	ErrNoTarget = errors.New("no such target")
	// ErrPermission says that the integration lacks a permission in Entra ID.
	ErrPermission = errors.New("permission is missing")
	// ErrSameCaller says that who asked for an action cannot approve it.
	ErrSameCaller = errors.New("an action is approved by another key than the one that asked for it")
	// ErrState says that the action is past the point where that can be done.
	ErrState = errors.New("not possible in this state")
)

// RequestError is what is wrong with one member of a request.
type RequestError struct {
	Field string // integration, action, targets, parameters, comment or idempotencyKey
	What  string // one sentence, and how to mend it
}

// Error returns one line.
func (e *RequestError) Error() string { return e.Field + ": " + e.What }

// Is makes it an ErrRequest.
func (e *RequestError) Is(target error) bool { return target == ErrRequest }

func requestf(field, format string, args ...any) error {
	return &RequestError{Field: field, What: fmt.Sprintf(format, args...)}
}

// Candidate is one thing that a name may mean.
type Candidate struct {
	Integration gatehouse.Integration
	ID, Name    string
	LastSeen    time.Time // zero when it is not known
	Detail      string    // what else tells it from the others

	addresses []string // that are its own

	merged string // id of what it was merged into; empty when it was not
	doubt  string // why it may not be what is meant, and what to do; empty when it is
}

// AmbiguousError says that a name means more than one thing. Nothing was done.
type AmbiguousError struct {
	Text       string
	Candidates []Candidate
}

// Error names the candidates.
func (e *AmbiguousError) Error() string {
	list := make([]string, len(e.Candidates))
	for i, c := range e.Candidates {
		list[i] = fmt.Sprintf("%s (%s, in %s)", c.ID, c.Name, c.Integration.Name)
	}
	return fmt.Sprintf("%q may mean %s: give an id", e.Text, strings.Join(list, " or "))
}

// PermissionError says which permission an integration lacks for an action.
type PermissionError struct {
	Integration gatehouse.Integration
	Action      string
	Grant       string // what to grant, one line
}

// Error returns one line.
func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s may not %s: %s", e.Integration.Name, e.Action, e.Grant)
}

// Is makes it an ErrPermission.
func (e *PermissionError) Is(target error) bool { return target == ErrPermission }
