package action

import (
	"errors"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// FailureKind says what a failed submission means.
type FailureKind string

// The kinds of failure.
const (
	// Later: nothing was done, and it may be submitted again after Failure.Wait.
	Later FailureKind = "later"
	// Active: an action is in the way that has not ended. [Door.Pending] tells
	// whether it is the same; else it may be submitted again later.
	Active FailureKind = "active"
	// Permission: nothing was done, for want of a permission or of a good token.
	Permission FailureKind = "permission"
	// Refused: nothing was done, and the same would be refused again.
	Refused FailureKind = "refused"
	// Unknown: it may have arrived. Look for it with [Door.Find] before it is
	// submitted again.
	Unknown FailureKind = "unknown"
)

// Failure is what an error of a door means.
type Failure struct {
	Kind   FailureKind
	Reason string        // one line
	Wait   time.Duration // before it is submitted again; zero when not known
	// Needs are the permissions of which one would do, Has those of the token, when
	// Microsoft said so.
	Needs, Has []string
	// Status and Code are Microsoft's, RequestID what its support asks for. Zero and
	// empty when no answer came.
	Status          int
	Code, RequestID string
}

// Classify says what an error of Submit, Many or Cancel means. The zero Failure
// stands for nil.
func Classify(err error) Failure {
	if err == nil {
		return Failure{}
	}
	f := Failure{Kind: kindOf(err), Reason: err.Error()}
	if e, ok := errors.AsType[*defender.Error](err); ok {
		f.Wait, f.Needs, f.Has = e.RetryAfter, e.RequiredRoles, e.HeldRoles
		f.Status, f.Code, f.RequestID = e.StatusCode, e.Code, e.RequestID
	}
	return f
}

// kindOf reads an error. Both SDKs have the same errors.
func kindOf(err error) FailureKind {
	for _, known := range []struct {
		is   error
		kind FailureKind
	}{
		{defender.ErrInput, Refused},
		{defender.ErrThrottled, Later},
		{defender.ErrActiveRequest, Active},
		{defender.ErrUnlicensed, Permission},
		{defender.ErrForbidden, Permission},
		{defender.ErrUnauthorized, Permission},
		{defender.ErrNotFound, Refused},
		{defender.ErrRedirected, Refused},
	} {
		if errors.Is(err, known.is) {
			return known.kind
		}
	}
	login, refused := errors.AsType[*azidentity.AuthenticationFailedError](err)
	e, answered := errors.AsType[*defender.Error](err)
	switch {
	case refused && login.RawResponse != nil && final(login.RawResponse.StatusCode):
		return Permission // Entra does not take the credential
	case defender.NotSent(err):
		return Later
	case answered && final(e.StatusCode):
		return Refused
	}
	return Unknown // no answer, an answer that broke off, 5xx, or the caller's context is at its end
}

// final tells the answers that would be the same the next time.
func final(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}
