package engine

import (
	"errors"
	"time"

	"github.com/gatehouse-sec/gatehouse/store"
)

// storeTries is how often something is written while the database cannot take it;
// the pauses in between double from 100 ms, to 12 seconds in all.
const (
	storeTries = 8
	storePause = 100 * time.Millisecond
)

// insist writes something that is safe to be written twice, again and again when
// the database is away for a moment. A session that has to end does not wait.
func (s *session) insist(what string, write func() error) error {
	pause := storePause
	for try := 1; ; try++ {
		err := write()
		failed, ok := errors.AsType[*store.Error](err)
		if err == nil || try == storeTries || !ok || !failed.Temporary() {
			return err
		}
		s.log.Warn(what+" could not be committed and is tried again", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-s.soft.Done():
			timer.Stop()
			return err
		}
		pause *= 2
	}
}
