package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

const (
	// leastBlame is how often a door has to fail by itself before another is taken:
	// once may be chance.
	leastBlame = 2
	// shortestDetour and longestDetour bound the time until a door that was given up
	// is tried again. In between it is as long as the door has failed so far.
	shortestDetour = time.Hour
	longestDetour  = 24 * time.Hour
)

// through returns a source with the door that it is read through this time: the
// first, or the next one for as long as the first fails. Now and then the first is
// asked whether it answers again.
func (s *session) through(src Source) (Source, error) {
	h := s.healthOf(src)
	d := h.Detour
	switch {
	case d == (gatehouse.Detour{}):
		return src, nil
	case d.API != src.API || len(src.Others) == 0:
		h.Detour = gatehouse.Detour{} // the choice is another one by now
		return src, s.keep(h)
	case d.Retry.IsZero():
		return src, nil
	case s.options.Now().Before(d.Retry):
		return src.by(src.Others[0]), nil
	}
	err := s.answers(src)
	if s.soft.Err() != nil {
		return src, context.Cause(s.soft)
	}
	if err == nil {
		s.log.Info("a door answers again", "name", s.account.Name, "stream", src.Stream, "door", src.API)
		h.Detour = gatehouse.Detour{}
		return src, s.keep(h)
	}
	h.Detour.Retry = s.afterDetour(d)
	if v := s.explain(err); v.Elsewhere > 0 {
		h.Detour.Reason = v.Reason
	}
	return src.by(src.Others[0]), s.keep(h)
}

// by returns the source as it is read through another door.
func (src Source) by(d Door) Source {
	src.API, src.Stays = d.API, d.Stays
	return src
}

// errEnough ends a reading that was only to tell whether a door answers.
var errEnough = errors.New("that is enough")

// answers reads the first rows through a door and keeps none of them.
func (s *session) answers(src Source) error {
	err := s.guarded(src.Stream, func() error {
		return src.Read(s.hard, Request{
			API: src.API, Mode: gatehouse.SyncFull, PageRows: 1, Now: s.options.Now,
			Emit: func(gatehouse.Page) error { return errEnough },
		})
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// blame notes that a door has failed, when that was its own fault and there is
// another one, and tells whether it is given up. As long as the other one fails as
// well, the first is tried with each attempt.
func (s *session) blame(src, via Source, h gatehouse.StreamHealth, v Verdict) (gatehouse.StreamHealth, bool) {
	if v.Elsewhere <= 0 || len(src.Others) == 0 {
		return h, false
	}
	if via.API != src.API {
		h.Detour.Retry = h.NextAttempt
		return h, false
	}
	now := s.options.Now().UTC()
	if h.Detour.API != src.API {
		h.Detour = gatehouse.Detour{API: src.API, Since: now}
	}
	h.Detour.Failures++
	h.Detour.Reason = v.Reason
	if h.Detour.Failures < leastBlame || now.Sub(h.Detour.Since) < v.Elsewhere {
		return h, false
	}
	h.Detour.Retry = s.afterDetour(h.Detour)
	s.log.Warn("a door fails by itself and another one is taken", "name", s.account.Name, "stream", src.Stream, "from", src.API, "to", src.Others[0].API, "reason", v.Reason)
	return h, true
}

// afterDetour is when a door that was given up is tried again.
func (s *session) afterDetour(d gatehouse.Detour) time.Time {
	now := s.options.Now().UTC()
	return now.Add(s.schedule.jittered(min(max(now.Sub(d.Since), shortestDetour), longestDetour)))
}

// detoured says of a stream that is read through another door than the first, why.
func (r *reading) detoured(h gatehouse.StreamHealth) (Verdict, bool) {
	d := h.Detour
	if d.Retry.IsZero() || d.API == r.source.API {
		return Verdict{}, false
	}
	return Verdict{
		Owner:  ownerMicrosoft,
		Reason: fmt.Sprintf("reads through %s since %s fails, from %s on: %s", r.source.API, d.API, d.Since.UTC().Format(time.RFC3339), d.Reason),
		Mend: fmt.Sprintf("nothing is lost; %s is tried again at %s; when it is gone for good, set the integration's API to %s",
			d.API, d.Retry.UTC().Format(time.RFC3339), r.source.API),
	}, true
}
