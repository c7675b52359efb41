package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A process that is suspended in the midst of a commit holds up the others for a
// while, and not for as long as it sleeps; when it wakes it has written nothing.
func TestHungCommit(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	o.LockWait = time.Second
	s, run := opened(t, o)
	other, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	tx, err := other.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), "UPDATE counters SET value = value + 1000"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for n := 1; ; n++ {
		_, err := s.CommitPage(ctx, heavy(run, 0))
		if err == nil {
			break
		}
		if !errors.Is(err, store.ErrLocked) || n > 5 {
			t.Fatalf("try %d: %v", n, err)
		}
	}
	if err := tx.Commit(); err == nil {
		t.Error("the one that hung has written")
	}
	sound(t, s, run, 1)
	// What hung finds its way back by itself.
	if _, err := other.LastEvent(t.Context()); err != nil {
		t.Error(err)
	}
}

// Whatever a database has for its default, many who write at once are not refused.
func TestStrictDefaults(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	s, _ := opened(t, o)
	var name string
	if err := s.DB().QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().ExecContext(t.Context(), fmt.Sprintf("ALTER DATABASE %q SET default_transaction_isolation = 'serializable'", name)); err != nil {
		t.Fatal(err)
	}
	strict, err := store.Open(t.Context(), o) // with connections of its own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = strict.Close() })
	var wait sync.WaitGroup
	for n := range 6 {
		i, err := strict.AddIntegration(t.Context(), gatehouse.Integration{Name: fmt.Sprint("tenant", n)})
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			run, err := strict.BeginRun(t.Context(), i.ID, "devices", gatehouse.SyncFull)
			for page := 0; page < 20 && err == nil; page++ {
				_, err = strict.CommitPage(t.Context(), store.Page{Run: run, Records: []store.PageRecord{{Key: fmt.Sprint(page), Document: []byte("1")}}})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}
