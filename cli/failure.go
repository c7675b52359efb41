package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// kindStatus is one row of the table from a kind of error to an exit status.
type kindStatus struct {
	kind   error
	status int
}

// kindStatuses holds the kinds of error that the SDK tells apart.
func kindStatuses() []kindStatus {
	return []kindStatus{
		{defender.ErrUnlicensed, exitPermission},
		{defender.ErrForbidden, exitPermission},
		{defender.ErrUnauthorized, exitSignIn},
		{defender.ErrThrottled, exitThrottled},
		{defender.ErrNotFound, exitNotFound},
		{errNoDevice, exitNotFound},
		{store.ErrNotFound, exitNotFound},
		{store.ErrExists, exitUsage},
		{store.ErrInvalid, exitUsage},
		{store.ErrKey, exitUsage},
	}
}

// exitStatus is the one place where an error becomes an exit status.
func exitStatus(ctx context.Context, err error) int {
	var reported *reportedError
	var usage *usageError
	switch {
	case errors.As(err, &reported):
		return reported.status
	case errors.As(err, &usage):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	}
	if ended, ok := errors.AsType[*actionEndError](err); ok {
		return ended.status
	}
	if problem, ok := problemOf(err); ok {
		return problemStatus(problem)
	}
	if refusal, ok := entra.AsTokenError(err); ok {
		if refusal.Transient() {
			return exitFailure
		}
		return exitSignIn
	}
	for _, row := range kindStatuses() {
		if errors.Is(err, row.kind) {
			return row.status
		}
	}
	if refusedAsBad(err) {
		return exitUsage
	}
	return exitFailure
}

// refusedAsBad says whether Microsoft refused the input itself: a hunting
// query, a filter or a value that could not be judged from here.
func refusedAsBad(err error) bool {
	var answer *defender.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest
}

// describe is the one line that a person reads about an error: what went wrong
// and, where it is known, how to mend it.
func describe(ctx context.Context, err error) string {
	if exitStatus(ctx, err) == exitInterrupted {
		return "interrupted"
	}
	if refusal, ok := entra.AsTokenError(err); ok {
		return describeRefusal(refusal)
	}
	if problem, ok := problemOf(err); ok {
		return strings.Replace(err.Error(), problem.Error(), describeProblem(problem), 1)
	}
	var answer *defender.Error
	if !errors.As(err, &answer) {
		return err.Error()
	}
	return err.Error() + mendOf(answer)
}

func describeRefusal(refusal *entra.TokenError) string {
	if known, ok := refusal.Known(); ok {
		return fmt.Sprintf("sign-in refused: %s (AADSTS%d: %s); gatehouse check says how to mend it", known.Meaning, refusal.Code, refusal.Description)
	}
	return "sign-in refused: " + refusal.Error()
}

// mendOf is the end of the line for the kinds of answer that have a known mend.
func mendOf(answer *defender.Error) string {
	switch {
	case errors.Is(answer, defender.ErrUnlicensed):
		return "; the tenant has no active licence for this: gatehouse check says more"
	case errors.Is(answer, defender.ErrForbidden) && len(answer.RequiredRoles) > 0:
		return "; grant the application permission " + joinOr(answer.RequiredRoles) + grantHint(answer.RequiredRoles)
	case errors.Is(answer, defender.ErrForbidden), errors.Is(answer, defender.ErrUnauthorized):
		return "; gatehouse check finds the cause"
	case errors.Is(answer, defender.ErrThrottled) && answer.RetryAfter > 0:
		return fmt.Sprintf("; try again in %s", answer.RetryAfter.Round(time.Second))
	}
	return ""
}

// grantHint names the command that says where to grant one of the roles: that
// of the capability which takes exactly these.
func grantHint(roles []string) string {
	wanted := slices.Sorted(slices.Values(roles))
	for _, c := range entra.Capabilities() {
		for _, door := range c.Doors {
			var names []string
			for _, permission := range door.AnyOf {
				names = append(names, permission.Name)
			}
			if slices.Sort(names); slices.Equal(names, wanted) {
				return ": gatehouse permissions --for " + string(c.Capability) + " says where"
			}
		}
	}
	return ": gatehouse permissions lists its id"
}

// isDecodeError says whether an item came, but not in its documented shape.
func isDecodeError(err error) bool {
	var odd *defender.DecodeError
	return errors.As(err, &odd)
}

// badInput marks an error that the SDK found before it sent anything.
func badInput(err error) error {
	if err == nil {
		return nil
	}
	return usagef("%s", strings.TrimSpace(err.Error()))
}
