package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Problem explains an error of Microsoft, or of an integration's settings, to
// those who use the API. It is nil for every other error.
func (a *App) Problem(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	if refused, ok := entra.AsTokenError(err); ok {
		v := explainToken(refused)
		return &api.Problem{Code: api.CodeUpstream, Detail: refused.Error(), Mend: v.Mend, Upstream: &api.Upstream{
			API: "entra", Status: refused.Status, Code: fmt.Sprintf("AADSTS%d", refused.Code), Message: refused.Description, RequestID: refused.TraceID,
		}}
	}
	switch {
	case errors.Is(err, ErrCheckFailed):
		return &api.Problem{Code: api.CodeCheckFailed, Detail: err.Error()}
	case errors.Is(err, defender.ErrInput):
		return &api.Problem{Code: api.CodeInvalid, Detail: err.Error()}
	case errors.Is(err, ErrBusy):
		return &api.Problem{Code: api.CodeConflict, Detail: err.Error()}
	case errors.Is(err, store.ErrKey):
		return &api.Problem{Code: api.CodeUnavailable, Detail: "the key that seals secrets is not at hand", Mend: "start the server with the key, see --key-file"}
	}
	if given, ok := errors.AsType[*inputError](err); ok {
		return &api.Problem{Code: api.CodeInvalid, Detail: given.Error()}
	}
	if _, ok := errors.AsType[*settingError](err); ok {
		return &api.Problem{Code: api.CodeConflict, Detail: err.Error(), Mend: a.accounts.explain(err).Mend}
	}
	if answer, ok := errors.AsType[*defender.Error](err); ok {
		return a.upstreamProblem(answer, err)
	}
	return nil
}

// upstreamProblem explains an answer of Microsoft's API.
func (a *App) upstreamProblem(answer *defender.Error, err error) *api.Problem {
	p := &api.Problem{Code: api.CodeUpstream, Detail: answer.Error(), Mend: a.accounts.explain(err).Mend}
	if answer.StatusCode != 0 {
		p.Upstream = &api.Upstream{Status: answer.StatusCode, Code: answer.Code, Message: answer.Message, RequestID: answer.RequestID}
	}
	p.RetryAfter = int(math.Ceil(answer.RetryAfter.Seconds()))
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case errors.Is(answer, defender.ErrThrottled):
		p.Code, p.Mend = api.CodeUpstreamThrottled, ""
	case errors.Is(answer, defender.ErrNotFound):
		p.Code, p.Mend = api.CodeNotFound, ""
	case errors.Is(answer, defender.ErrForbidden):
		p.Code = api.CodePermission
		if len(answer.RequiredRoles) > 0 {
			p.Mend = "grant " + strings.Join(answer.RequiredRoles, " or ") + " in Entra ID, with admin consent"
		}
	case errors.Is(answer, defender.ErrResultTooLarge), errors.Is(answer, defender.ErrQueryTooHeavy):
		p.Code, p.Mend = api.CodeInvalid, "ask for less at once: a shorter time, fewer columns, a narrower filter"
	}
	return p
}
