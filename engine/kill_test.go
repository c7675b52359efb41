package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

// childEnv carries the orders of a process that is going to be killed.
const childEnv = "GATEHOUSE_ENGINE_TEST_CHILD"

// child is a process that works until it is killed.
type child struct {
	Path        string `json:"path"`
	URL         string `json:"url"`
	Integration string `json:"integration"` // to sync once; empty to serve all
	Rows        int    `json:"rows"`
	Value       string `json:"value"`
	Witness     string `json:"witness"` // folder of the files that see who works on what
}

func childOf() (c child, is bool) {
	text := os.Getenv(childEnv)
	if text == "" {
		return c, false
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err) // written below
	}
	return c, true
}

// run syncs and tells each page on standard output.
func (c child) run() int {
	if c.Integration == "" {
		return c.serve()
	}
	s, err := store.Open(context.Background(), store.Options{Path: c.Path, DatabaseURL: c.URL})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	u := newUpstream(c.Rows)
	for k := range u.rows {
		u.rows[k] = c.Value
	}
	e := engine.New(s, u, engine.Options{Lease: time.Second})
	for {
		err := e.Sync(context.Background(), c.Integration, nil, func(p engine.Progress) { fmt.Println(p.Run.Pages) })
		if err == nil {
			return 0
		}
		<-time.After(100 * time.Millisecond) // the lease of the one killed before has to run out
	}
}

// Killed at any instant, a run loses nothing and repeats nothing.
func TestKilled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o store.Options) {
		s := openStore(t, o)
		id := add(t, s, "contoso")
		const rows, kills = 200, 4
		for n := range kills {
			work(t, child{Path: o.Path, URL: o.DatabaseURL, Integration: id, Rows: rows, Value: fmt.Sprint("v", n)}, 1+rand.IntN(30))
		}
		u := newUpstream(rows)
		for k := range u.rows {
			u.rows[k] = "last"
		}
		eventually(t, func() bool {
			return engine.New(s, u, engine.Options{}).Sync(t.Context(), id, nil, nil) == nil
		})
		if h := health(t, s, id); h.State != gatehouse.StreamHealthy {
			t.Errorf("got %+v", h)
		}
		// The run that was interrupted went on with the new values from where it
		// stood; one more sees them all.
		syncNow(t, engine.New(s, u, engine.Options{}), id)
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventCreated] != rows || got[gatehouse.EventRemoved] != 0 {
			t.Errorf("got %v", got)
		}
	})
}

// work starts a process and kills it after it has told of some pages.
func work(t *testing.T, c child, pages int) {
	t.Helper()
	orders, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), childEnv+"="+string(orders)), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; n < pages && lines.Scan(); n++ {
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// eventually tries until it works.
func eventually(t *testing.T, f func() bool) {
	t.Helper()
	within(t, 60*time.Second, f)
}

// within tries until it works or the time is up.
func within(t *testing.T, most time.Duration, f func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(most)
	for !f() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it never came")
		}
	}
}
