package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/plain"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Who has to act.
const (
	ownerYou       = "you"
	ownerMicrosoft = "microsoft"
	ownerGatehouse = "gatehouse"
	ownerNobody    = "nobody"
)

// healthOf is how a stream fares so far.
func (s *session) healthOf(src Source) gatehouse.StreamHealth {
	h, known := s.health[src.Stream]
	if !known {
		h = gatehouse.StreamHealth{State: gatehouse.StreamPending, Upstream: -1}
	}
	h.Integration, h.Stream = s.integration, src.Stream
	return h
}

// failed folds a reading that broke off into the health of its stream, and tells
// whether its door is given up for the next.
func (r *reading) failed(src Source, err error) (gatehouse.StreamHealth, bool) {
	v := r.explain(err)
	h := r.failing(r.counted(r.healthOf(src)), v)
	r.log.Warn("a stream could not be read", "name", r.account.Name, "stream", src.Stream, "state", h.State, "error", err)
	return r.blame(src, r.source, h, v)
}

// failing folds a failure into the health of a stream.
func (s *session) failing(h gatehouse.StreamHealth, v Verdict) gatehouse.StreamHealth {
	now := s.options.Now().UTC()
	h.State, h.Owner, h.Reason, h.Mend = v.State, v.Owner, v.Reason, v.Mend
	h.LastAttempt = now
	if h.FailingSince.IsZero() {
		h.FailingSince = now
	}
	h.NextAttempt = s.schedule.afterFailure(h.FailingSince, v).UTC()
	if v.State == gatehouse.StreamOff {
		return s.withheld(h)
	}
	return h
}

// withheld is the health of a stream that may not be read: it is off, which is
// no failure, unless it could be read before.
func (s *session) withheld(h gatehouse.StreamHealth) gatehouse.StreamHealth {
	now := s.options.Now().UTC()
	if h.LastSuccess.IsZero() {
		h.State, h.FailingSince = gatehouse.StreamOff, time.Time{}
		h.NextAttempt = now.Add(s.schedule.jittered(offPause))
		return h
	}
	h.State, h.NextAttempt = gatehouse.StreamForbidden, now.Add(s.schedule.jittered(longestPause))
	if h.FailingSince.IsZero() {
		h.FailingSince = now
	}
	return h
}

// counted takes over what the attempt has cost and learned.
func (r *reading) counted(h gatehouse.StreamHealth) gatehouse.StreamHealth {
	h.API = r.source.API
	h.Calls, h.Floor = r.progress.Calls, r.progress.Floor
	if r.progress.Upstream >= 0 {
		h.Upstream = r.progress.Upstream
	}
	return h
}

// succeeded folds a run that came to its end into the health of its stream. Why
// says what is not quite right with it, or is nil.
func (r *reading) succeeded(h gatehouse.StreamHealth, why error) gatehouse.StreamHealth {
	now := r.options.Now().UTC()
	h = r.counted(h)
	h.State, h.Owner, h.Reason, h.Mend = gatehouse.StreamHealthy, ownerNobody, "", ""
	h.LastAttempt, h.LastSuccess, h.FailingSince = now, now, time.Time{}
	h.NextAttempt = r.schedule.afterSuccess(r.readAt(), r.source.Interval).UTC()
	h.Lag = r.lag(h.Lag)
	if h.Detour.API == r.source.API || h.Detour.Retry.IsZero() {
		h.Detour = gatehouse.Detour{}
	}
	h = r.recount(h)
	if d, bad := r.doubt(h, why); bad {
		h.State, h.Owner, h.Reason, h.Mend = gatehouse.StreamDegraded, d.Owner, d.Reason, d.Mend
	}
	return h
}

// lag is the age of the newest change that was read, and nothing where a list is read
// whole; what it was when the store does not say.
func (r *reading) lag(was time.Duration) time.Duration {
	c, err := r.store.Checkpoint(r.hard, r.integration, r.source.Stream)
	switch {
	case err != nil:
		r.log.Warn("the lag of a stream cannot be read", "stream", r.source.Stream, "error", err)
		return was
	case c.Watermark.IsZero():
		return 0
	}
	return max(r.options.Now().Sub(c.Watermark), 0)
}

// readAt is when what the run says was read: when it began, if an attempt before this
// one has read it to its end.
func (r *reading) readAt() time.Time {
	if r.pages == 0 && r.run.Pages > 0 && r.run.Started.Before(r.started) {
		return r.run.Started
	}
	return r.started
}

// recount takes over what only the store knows.
func (r *reading) recount(h gatehouse.StreamHealth) gatehouse.StreamHealth {
	all, err := r.store.Health(r.hard, r.integration)
	if err != nil {
		r.log.Warn("the health of the streams cannot be read", "error", err)
		return h
	}
	for _, kept := range all {
		if kept.Stream == h.Stream {
			h.Rhythm = rhythm(h.Rhythm, h.LastChange, kept.LastChange)
			h.Held, h.SetAside, h.LastChange = kept.Held, kept.SetAside, kept.LastChange
		}
	}
	return h
}

// expiryWarning is how long ahead the end of a credential is told.
const expiryWarning = 14 * 24 * time.Hour

// doubt finds what is not quite right with a stream that was read.
func (r *reading) doubt(h gatehouse.StreamHealth, why error) (Verdict, bool) {
	ending, ends := r.ending()
	quiet := quiet(h, r.options.Now())
	detour, detoured := r.detoured(h)
	switch {
	case errors.Is(why, store.ErrImplausible):
		return Verdict{Owner: ownerYou, Reason: plain.Short(why.Error()), Mend: "look into Defender's portal whether so much is really gone; when it is said for a day, and every item could be decoded, it is believed"}, true
	case why != nil:
		return Verdict{Owner: ownerMicrosoft, Reason: plain.Short(why.Error()) + "; nothing was removed", Mend: "it is read again on schedule"}, true
	case h.SetAside > 0:
		return Verdict{Owner: ownerGatehouse, Reason: fmt.Sprintf("set aside, since they could not be decoded: %d", h.SetAside), Mend: "report them; they are kept, and read again in the next full reading"}, true
	case r.run.Mode == gatehouse.SyncFull && thin(h.Held, h.Upstream):
		return Verdict{Owner: ownerMicrosoft, Reason: fmt.Sprintf("%d records are held and Microsoft counts %d", h.Held, h.Upstream), Mend: "it is read in full again on schedule; if it stays so, report it"}, true
	case detoured:
		return detour, true
	case ends:
		return Verdict{Owner: ownerYou, Reason: ending, Mend: "make a new secret or certificate in Entra ID and give it with gatehouse integrations credential NAME"}, true
	case quiet > 0:
		return Verdict{Owner: ownerYou, Reason: fmt.Sprintf("nothing has changed for %s, which is longer than usual", days(quiet)), Mend: "look into Defender's portal whether that is so"}, true
	}
	return Verdict{}, false
}

// ending says when the credential ends, if that is soon or was before: a token that it
// has given works for a while.
func (s *session) ending() (string, bool) {
	left, day := s.expires.Sub(s.options.Now()), s.expires.UTC().Format(time.DateOnly)
	switch {
	case s.expires.IsZero() || left >= expiryWarning:
		return "", false
	case left <= 0:
		return "the credential has ended on " + day, true
	}
	return fmt.Sprintf("the credential ends in %s, on %s", days(left), day), true
}

// thin tells whether much less is held than Microsoft counts: objects come and
// go while they are read, so that one in a hundred, or ten, say nothing.
func thin(held, upstream int64) bool {
	return upstream >= 0 && upstream-held > max(10, upstream/100)
}

// storageVerdict explains an error of our own database.
func storageVerdict(err error) (Verdict, bool) {
	if _, ok := errors.AsType[*store.Error](err); !ok {
		return Verdict{}, false
	}
	mend := "see the cause"
	switch {
	case errors.Is(err, store.ErrFull):
		mend = "make room on the disk; it goes on by itself"
	case errors.Is(err, store.ErrLocked):
		mend = "end whatever else holds the database; it goes on by itself"
	case errors.Is(err, store.ErrUnavailable):
		mend = "bring the database back; it goes on by itself"
	case errors.Is(err, store.ErrDamaged):
		mend = "restore the database from a backup, or move it away and mirror anew"
	}
	return Verdict{State: gatehouse.StreamStorage, Owner: ownerYou, Reason: plain.Short(err.Error()), Mend: mend}, true
}

// days says a time in days, or in hours when it is short.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}
