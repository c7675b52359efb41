package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestProofStorage takes the storage away from a mirror that is at work and gives
// it back: nothing is damaged, no event is lost, the health says what is wrong, and
// it goes on by itself.
func TestProofStorage(t *testing.T) {
	t.Parallel()
	t.Run("database gone", func(t *testing.T) {
		t.Parallel()
		proofDatabaseGone(t)
	})
	t.Run("disk full", func(t *testing.T) {
		t.Parallel()
		proofDiskFull(t)
	})
}

// storageSize is a tenant of some hundred records.
func storageSize() emulator.Size {
	return emulator.Size{Devices: 30, Alerts: 40, PageSize: 9, Events: -1, Actions: 12, Software: 8, VulnerabilityRows: 300}
}

// without reads while something is wrong with the storage, which may end the
// reading, and looks at the mirror when it is back. It returns how the streams
// fared and what the reading ended with.
func (w *witness) without(t *testing.T, begin, mend func(*app.App), streams ...gatehouse.Stream) (status []gatehouse.StreamHealth, err error) {
	t.Helper()
	was := w.truth(t)
	w.open(t, func(a *app.App) {
		begin(a)
		_, err = syncInTurn(a, w.id, streams...)
		mend(a)
		var statusErr error
		status, statusErr = a.Status(t.Context(), w.id)
		must(t, statusErr)
		seen := append([]gatehouse.StreamHealth(nil), status...)
		if err != nil || len(streams) > 0 {
			for i := range seen {
				seen[i].State = "interrupted" // it need not have been read to its end
			}
		}
		w.check(t, a.Store(), was, seen)
	})
	return status, err
}

// proofDatabaseGone stops and kills PostgreSQL at several pages of a reading, and
// lets it be away when a reading begins.
func proofDatabaseGone(t *testing.T) {
	pg := pgtest.New(t, pgtest.Options{})
	address, err := pg.Create(t.Context())
	must(t, err)
	o := app.Options{DatabaseURL: address, Key: "file:" + keyFile(t), PageRows: 10, Lease: 2 * time.Second}
	w := newWitness(t, o, 1, storageSize(), &tally{})
	_, err = w.e.Play(w.tenant, emulator.Life{Seed: 1, Steps: 120, Span: 24 * time.Hour})
	must(t, err)
	outages, ended := 0, 0
	for n, end := range []func() error{pg.Kill, pg.Stop, pg.Kill, pg.Stop} {
		page, back := 0, make(chan error, 1)
		back <- nil // unless it goes away
		w.options.Progress = func(app.Progress) {
			if page++; page != 3+7*n {
				return
			}
			outages++
			<-back
			if err := end(); err != nil {
				back <- err
				return
			}
			go func() {
				<-time.After(300 * time.Millisecond)
				back <- pg.Run(t.Context())
			}()
		}
		_, err := w.without(t, func(*app.App) {}, func(*app.App) { must(t, <-back) })
		if err != nil {
			if ended++; !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("it ended with %v", err)
			}
			t.Logf("outage %d: the reading ended with %v", n+1, err)
		}
		w.clock.Advance(4 * time.Hour)
	}
	w.options.Progress = nil
	away := func(*app.App) { must(t, pg.Kill()) }
	if _, err := w.without(t, away, func(*app.App) { must(t, pg.Run(t.Context())) }); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "unavailable") {
		t.Errorf("while the database is away it says %v", err)
	}
	w.reconcile(t)
	t.Logf("database gone: %d times in mid-reading, %d readings ended by it and the others went on by themselves; %s", outages, ended, w.tally)
}

// watcher is a log that calls when a text is told.
type watcher struct {
	mu   sync.Mutex
	text string
	call func()
}

func (w *watcher) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes.Contains(line, []byte(w.text)) {
		w.call()
	}
	return len(line), nil
}

// proofDiskFull bounds the file of SQLite, which raises the very error of a full
// disk, while streams are read: once room is made soon, once late.
func proofDiskFull(t *testing.T) {
	w := newWitness(t, app.Options{Data: t.TempDir(), PageRows: 10}, 1, storageSize(), &tally{})
	_, err := w.e.Play(w.tenant, emulator.Life{Seed: 1, Steps: 60, Span: 24 * time.Hour})
	must(t, err)
	bound := func(a *app.App, pages string) {
		if _, err := a.Store().DB().ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Error(err)
		}
	}
	var used int
	full := func(a *app.App) {
		must(t, a.Store().DB().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&used))
		bound(a, fmt.Sprint(used+20))
	}
	room := func(a *app.App) { bound(a, "1000000") }

	// Room is not made in time.
	status, err := w.without(t, full, room, stream.Vulnerabilities)
	h := status[indexOf(t, status, stream.Vulnerabilities)]
	said := err != nil && errors.Is(err, store.ErrFull)
	if !said && (h.State != gatehouse.StreamStorage || h.Owner != "you" || !strings.Contains(h.Mend, "make room")) {
		t.Errorf("with a full disk: %v, %+v", err, h)
	}
	t.Logf("disk full: the reading ends with %v, the stream is %q: %s; %s", err, h.State, h.Reason, h.Mend)
	w.clock.Advance(2 * time.Hour)

	// Room is made when the engine says that there is none.
	var opened *app.App
	tries := 0
	w.options.Log = slog.New(slog.NewTextHandler(&watcher{text: "could not be committed", call: func() {
		if tries++; tries == 2 {
			room(opened)
		}
	}}, nil))
	begin := func(a *app.App) {
		opened = a
		full(a)
	}
	status, err = w.without(t, begin, room)
	if err != nil || tries < 2 {
		t.Errorf("room was made after %d tries: %v", tries, err)
	}
	for _, h := range status {
		if h.State != gatehouse.StreamHealthy {
			t.Errorf("%s is %s after room was made: %s", h.Stream, h.State, h.Reason)
		}
	}
	w.options.Log = nil
	w.clock.Advance(2 * time.Hour)
	w.reconcile(t)
	t.Logf("disk full: %s", w.tally)
}
