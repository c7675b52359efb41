package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Who has to act.
const (
	you       = "you"
	microsoft = "microsoft"
	nobody    = "nobody"
)

// settingError is about an integration's settings: nothing was sent. It is told
// from what Entra ID refuses since it is mended here.
type settingError struct{ err error }

// Error returns one line.
func (e *settingError) Error() string { return e.err.Error() }

// Unwrap returns what is wrong with the settings.
func (e *settingError) Unwrap() error { return e.err }

// For how long a door may fail by itself before another one is taken. An outage may
// pass; what is gone, or refused in spite of the permission, does not come back by
// waiting.
const (
	ailing = 30 * time.Minute
	gone   = time.Second
)

// meaning is what one kind of error means. An empty owner leaves it to the next.
type meaning struct {
	is      error
	verdict engine.Verdict
}

// meanings lists the errors of the SDKs, the special before the general, since an
// error may be several of them. Those that say that a list has moved under the reader
// begin the run anew, for a checkpoint in the midst of that list would only lead there
// again.
func meanings() []meaning {
	v := func(state gatehouse.StreamState, owner, mend string) engine.Verdict {
		return engine.Verdict{State: state, Owner: owner, Mend: mend}
	}
	anew := func(mend string) engine.Verdict {
		return engine.Verdict{State: gatehouse.StreamUpstream, Owner: nobody, Mend: mend, Anew: true}
	}
	return []meaning{
		{defender.ErrThrottled, v(gatehouse.StreamThrottled, nobody, "it goes on by itself when the limit allows")},
		{defender.ErrUnlicensed, v(gatehouse.StreamOff, you, "give the tenant the licence, or leave the stream out of the integration")},
		{defender.ErrForbidden, v(gatehouse.StreamForbidden, you, "grant the application permission again, with admin consent")},
		{defender.ErrUnauthorized, v(gatehouse.StreamUnauthorized, you, "run gatehouse check: Microsoft refuses the token")},
		{defender.ErrCursorExpired, anew("the list is read from its beginning")},
		{defender.ErrNextLink, anew("the list is read from its beginning")},
		{defender.ErrChanged, anew("the list is read from its beginning")},
		{defender.ErrSnapshotReplaced, anew("the new export is read")},
		{defender.ErrLinkExpired, anew("fresh links are asked for")},
		{defender.ErrUnreachable, v(gatehouse.StreamUpstream, you, "look at network, proxy and DNS of this machine; it goes on by itself")},
	}
}

// Explain says what an error means for whoever looks after the integration: in which
// state it leaves the stream, who has to act and how. Every error gets an answer. What
// is not known is taken for Microsoft's and tried again: a wrong guess costs a call now
// and then and no data. Where there is no reason of ours it is the error's own text, on
// one line, for the table of the status.
func (c *accounts) Explain(err error) engine.Verdict {
	v := c.explain(err)
	v.Elsewhere = elsewhere(err)
	if v.Reason == "" {
		v.Reason = strings.Join(strings.Fields(err.Error()), " ")
	}
	return v
}

// elsewhere says for how long a door may fail with an error before another one is
// taken; 0 when the fault is not that of the door: a limit, a credential, a licence
// or the way there. Behind another door such a fault would be the same, or would pass
// before the stream is read in full there, which is what a change of the door costs.
// An error that Microsoft has not answered with a status is never the door's: it is the
// network's, or ours.
func elsewhere(err error) time.Duration {
	if _, ok := entra.AsTokenError(err); ok {
		return 0
	}
	for _, passing := range []error{defender.ErrThrottled, defender.ErrUnlicensed, defender.ErrCursorExpired, defender.ErrSnapshotReplaced, defender.ErrLinkExpired} {
		if errors.Is(err, passing) {
			return 0
		}
	}
	answer, ok := errors.AsType[*defender.Error](err)
	switch {
	case !ok:
		return 0
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusGone, answer.StatusCode == http.StatusForbidden:
		return gone
	case answer.StatusCode >= http.StatusInternalServerError:
		return ailing
	}
	return 0
}

// explain finds the meaning of an error, from the inside out: a refusal of Entra ID and
// a wrong setting come wrapped in the call that wanted a token, and say more than it.
// A time that ran out comes after what the SDKs know, which may wrap one, and before
// the network, since it is an error of the network by its type and has another owner.
func (c *accounts) explain(err error) engine.Verdict {
	if refused, ok := entra.AsTokenError(err); ok {
		return explainToken(refused)
	}
	if _, ok := errors.AsType[*settingError](err); ok {
		mend := "correct what the reason names, or give the credential again with gatehouse integrations credential NAME"
		if errors.Is(err, store.ErrKey) {
			mend = "bring back the key that the secret was sealed with, or give the secret again with gatehouse integrations credential NAME"
		}
		return engine.Verdict{State: gatehouse.StreamUnauthorized, Owner: you, Mend: mend}
	}
	for _, m := range meanings() {
		if errors.Is(err, m.is) {
			return withAnswer(m.verdict, err)
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return engine.Verdict{State: gatehouse.StreamUpstream, Owner: microsoft, Reason: "the answer took too long", Mend: "it goes on by itself"}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return engine.Verdict{State: gatehouse.StreamUpstream, Owner: you, Mend: "look at network, proxy and DNS of this machine; it goes on by itself"}
	}
	return withAnswer(engine.Verdict{State: gatehouse.StreamUpstream, Owner: microsoft, Mend: "it is tried again by itself; when it stays, give Microsoft the request id"}, err)
}

// withAnswer adds what Microsoft's answer says: until when it wants no call, and which
// permission it misses. The latter is Microsoft's own list for that call, which is
// right when ours has fallen behind.
func withAnswer(v engine.Verdict, err error) engine.Verdict {
	answer, ok := errors.AsType[*defender.Error](err)
	if !ok {
		return v
	}
	v.Wait = answer.RetryAfter
	if v.State == gatehouse.StreamForbidden && len(answer.RequiredRoles) > 0 {
		roles := strings.Join(answer.RequiredRoles, " or ")
		v.Reason = "the permission " + roles + " is not held any more"
		v.Mend = "grant the application permission " + roles + ", with admin consent"
	}
	return v
}

// explainToken says what a refusal of Entra ID means. All but those that pass by
// themselves are for a person, since no retry mends a credential; where the code is not
// among those that we have words for, the check is named, which asks step by step.
func explainToken(refused *entra.TokenError) engine.Verdict {
	v := engine.Verdict{State: gatehouse.StreamUnauthorized, Owner: you, Mend: "run gatehouse check with the same settings: it names the mend"}
	known, ok := refused.Known()
	if ok {
		v.Reason = fmt.Sprintf("Entra ID refuses the credential: %s (AADSTS%d)", known.Meaning, known.Code)
	}
	if mend := tokenMends()[refused.Code]; mend != "" {
		v.Mend = mend
	}
	if refused.Transient() {
		v.State, v.Owner, v.Mend = gatehouse.StreamUpstream, microsoft, "it goes on by itself"
	}
	return v
}

// tokenMends says what to do about the refusals that come up in the life of an
// integration. It was checked when it was added, so that these are what has changed
// since at the customer's: a secret has ended, a tenant has left, a policy is new. The
// many mistakes of a first set-up are the check's.
func tokenMends() map[int]string {
	return map[int]string{
		7000222: "make a new client secret in Entra ID and give it with gatehouse integrations credential NAME",
		7000215: "give the value of a client secret, not its id, with gatehouse integrations credential NAME",
		700027:  "register the certificate on the application, or give the registered one with gatehouse integrations credential NAME",
		90002:   "look whether the tenant still exists; when it is gone, remove the integration",
		700016:  "grant admin consent again, or remove the integration when the customer has left",
		70001:   "enable the application in the tenant again",
		53003:   "let the Conditional Access policy pass this application's service principal",
		700024:  "set the clock of this machine",
	}
}
