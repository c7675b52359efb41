package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A database that goes away in mid run and returns costs nothing: the page is
// committed when it is back, and no event is lost or made twice.
func TestDatabaseReturns(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t, pgtest.Options{})
	address, err := pg.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := openStore(t, store.Options{DatabaseURL: address})
	id, u := add(t, s, "contoso"), newUpstream(100)
	u.onPage = func(page int) {
		if page != 4 {
			return
		}
		if err := pg.Kill(); err != nil {
			t.Error(err)
		}
		time.AfterFunc(500*time.Millisecond, func() {
			if err := pg.Run(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	e := engine.New(s, u, engine.Options{})
	eventually(t, func() bool {
		all, err := s.Health(t.Context(), id)
		if err == nil && len(all) == 1 && all[0].State == gatehouse.StreamHealthy {
			return true
		}
		_ = e.Sync(t.Context(), id, nil, nil) // an error while the database is away
		return false
	})
	holds(t, s, id, u)
	if got := events(t, s, id); got[gatehouse.EventCreated] != 100 || len(got) != 1 {
		t.Errorf("got %v", got)
	}
}
