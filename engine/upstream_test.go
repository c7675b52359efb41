package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

// upstream plays Microsoft: rows that are read in pages, and what goes wrong.
type upstream struct {
	mu      sync.Mutex
	rows    map[string]string
	fail    map[int]error // by number of page, once
	cut     bool          // end without having said so
	anew    bool          // cannot be resumed
	refuse  error         // of Connect
	expires time.Time     // the credential
	off     *engine.Verdict
	api     gatehouse.API
	next    gatehouse.SyncMode
	reads   []gatehouse.SyncMode
	resumed int
	pages   int // handed out in all
	perPage int
	onPage  func(page int)
}

func newUpstream(n int) *upstream {
	u := &upstream{rows: map[string]string{}, fail: map[int]error{}, api: gatehouse.APIMDE, perPage: 10}
	for i := range n {
		u.rows[fmt.Sprintf("%04d", i)] = "one"
	}
	return u
}

// stage opens a store with one integration, and an engine that mirrors an upstream
// of n rows into it by the clock of the store.
func stage(t testing.TB, o store.Options, n int) (*store.Store, string, *upstream, *engine.Engine) {
	t.Helper()
	s, u := openStore(t, o), newUpstream(n)
	return s, add(t, s, "contoso"), u, engine.New(s, u, engine.Options{Now: o.Now})
}

var (
	errUpstream = errors.New("upstream is broken")
	errReplaced = errors.New("upstream is another one") // a run cannot go on behind it
)

func (u *upstream) Connect(_ context.Context, i gatehouse.Integration) (engine.Connection, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	src := engine.Source{Stream: "things", API: u.api, Next: u.next, Read: u.read, Off: u.off, Interval: time.Hour}
	return engine.Connection{Sources: []engine.Source{src}, Expires: u.expires}, u.refuse
}

func (*upstream) Explain(err error) engine.Verdict {
	state := gatehouse.StreamUpstream
	if errors.Is(err, os.ErrPermission) {
		state = gatehouse.StreamUnauthorized
	}
	return engine.Verdict{State: state, Owner: "you", Mend: "mend it", Anew: errors.Is(err, errReplaced)}
}

// read hands out pages, goes on at the page that the checkpoint names, and ends.
func (u *upstream) read(ctx context.Context, r engine.Request) error {
	u.mu.Lock()
	keys := make([]string, 0, len(u.rows))
	for k := range u.rows {
		keys = append(keys, k)
	}
	u.reads = append(u.reads, r.Mode)
	start := 0
	if r.Resumed {
		u.resumed++
		start, _ = strconv.Atoi(string(r.From.State))
	}
	u.mu.Unlock()
	slices.Sort(keys)
	for n := start; ; n++ {
		if err := u.trouble(n); err != nil {
			return err
		}
		from, to := min(n*u.perPage, len(keys)), min((n+1)*u.perPage, len(keys))
		p := gatehouse.Page{Checkpoint: &gatehouse.Checkpoint{State: []byte(strconv.Itoa(n + 1))}, Calls: 1, Floor: 1, Upstream: int64(len(keys))}
		for _, k := range keys[from:to] {
			p.Records = append(p.Records, gatehouse.PageRecord{Key: k, API: u.door(), Document: []byte(`"` + u.value(k) + `"`)})
		}
		last := to == len(keys)
		switch {
		case last:
		case u.anew:
			p.Checkpoint = nil
		default:
			p.Checkpoint.Phase = "pages"
		}
		p.Complete = last && !u.cut && r.Mode == gatehouse.SyncFull
		if err := r.Emit(p); err != nil {
			return err
		}
		u.handedOut(n)
		if last || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (u *upstream) door() gatehouse.API {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.api
}

func (u *upstream) value(key string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.rows[key]
}

func (u *upstream) trouble(page int) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	err := u.fail[page]
	delete(u.fail, page)
	return err
}

func (u *upstream) handedOut(page int) {
	u.mu.Lock()
	u.pages++
	on := u.onPage
	u.mu.Unlock()
	if on != nil {
		on(page)
	}
}

// handed is how many pages were handed out.
func (u *upstream) handed() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pages
}
