package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

// serve works on every integration until it is killed.
func (c child) serve() int {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Path: c.Path, DatabaseURL: c.URL})
	if err == nil {
		var jobs engine.Jobs
		if jobs, err = engine.NewRiver(ctx, s, engine.RiverOptions{DatabaseURL: c.URL, Poll: 100 * time.Millisecond, Workers: 2}); err == nil {
			e := engine.New(s, witnessed{c}, engine.Options{Lease: 2 * time.Second, Scan: time.Second, Workers: 2})
			err = e.Start(ctx, jobs)
		}
	}
	if err != nil {
		fmt.Println("FAILED", err)
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent goes
	return 0
}

// witnessed is an upstream that leaves a file while somebody works on an
// integration, for every process to see.
type witnessed struct{ child }

func (w witnessed) Connect(_ context.Context, i gatehouse.Integration) (engine.Connection, error) {
	read := func(ctx context.Context, r engine.Request) error {
		defer w.enter(i.Name)()
		emit := r.Emit
		r.Emit = func(p gatehouse.Page) error {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
			fmt.Println("page", i.Name)
			return emit(p)
		}
		return newUpstream(w.Rows).read(ctx, r)
	}
	return engine.Connection{Sources: []engine.Source{{Stream: "things", API: gatehouse.APIMDE, Interval: time.Hour, Read: read}}}, nil
}

func (witnessed) Explain(err error) engine.Verdict { return (*upstream)(nil).Explain(err) }

// enter says so when another living process works on the integration.
func (w witnessed) enter(name string) (leave func()) {
	path := filepath.Join(w.Witness, name)
	if text, err := os.ReadFile(path); err == nil {
		var pid int
		_, _ = fmt.Sscan(string(text), &pid)
		if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			fmt.Println("TWICE", name, "by", pid, "and", os.Getpid())
		}
	}
	fmt.Println("enter", name)
	_ = os.WriteFile(path, fmt.Append(nil, os.Getpid()), 0o600)
	return func() { _ = os.Remove(path) }
}

// process is a running child.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer

	mu   sync.Mutex
	said []string
	done chan struct{}
}

func startProcess(t *testing.T, c child) *process {
	t.Helper()
	orders, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(os.Args[0]), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), childEnv+"="+string(orders)), os.Stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	go func() {
		defer close(p.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mu.Lock()
			p.said = append(p.said, lines.Text())
			p.mu.Unlock()
		}
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
	_ = p.cmd.Wait()
	_ = p.stdin.Close()
}

func (p *process) count(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, line := range p.said {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// Three processes share one PostgreSQL and one of them is killed: its
// integrations go on elsewhere, nothing is lost or repeated, and no integration
// is worked on by two at once.
func TestProcesses(t *testing.T) {
	t.Parallel()
	o := store.Options{DatabaseURL: server.Database(t)}
	s := openStore(t, o)
	const integrations, rows = 6, 400
	ids := make([]string, integrations)
	for n := range ids {
		ids[n] = add(t, s, fmt.Sprint("tenant", n))
	}
	c := child{URL: o.DatabaseURL, Rows: rows, Witness: t.TempDir()}
	all := []*process{startProcess(t, c), startProcess(t, c), startProcess(t, c)}
	victim := -1
	eventually(t, func() bool {
		victim = slices.IndexFunc(all, func(p *process) bool { return p.count("page") > 2 })
		return victim >= 0
	})
	all[victim].kill() // in mid run
	begun := time.Now()
	u := newUpstream(rows)
	within(t, 150*time.Second, func() bool {
		for _, id := range ids {
			h, err := s.Health(t.Context(), id)
			if err != nil || len(h) == 0 || h[0].State != gatehouse.StreamHealthy {
				return false
			}
		}
		return true
	})
	t.Logf("all is mirrored %s after the kill; sessions by process: %d, %d, %d", time.Since(begun).Round(time.Second), all[0].count("enter"), all[1].count("enter"), all[2].count("enter"))
	for _, id := range ids {
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventCreated] != rows || len(got) != 1 {
			t.Errorf("got %v", got)
		}
	}
	for n, p := range all {
		if p.count("TWICE")+p.count("FAILED") > 0 {
			t.Errorf("process %d: %v", n, p.said)
		}
	}
	if total := all[0].count("enter") + all[1].count("enter") + all[2].count("enter"); total <= integrations {
		t.Errorf("%d sessions: nobody took over", total)
	}
}

// Two processes share one SQLite file, as sync beside serve does: both work, and
// neither repeats what the other does.
func TestProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	shared(t, store.Options{Path: filepath.Join(t.TempDir(), "x.db")}, 2, func([]*process) {})
}

// A process that is suspended past its lease, and wakes when others have gone on
// with its work, writes nothing and disturbs nobody.
func TestSuspendedProcess(t *testing.T) {
	t.Parallel()
	o := store.Options{DatabaseURL: server.Database(t)}
	shared(t, o, 2, func(all []*process) {
		victim := all[0]
		eventually(t, func() bool { return victim.count("page") > 2 })
		must(t, victim.cmd.Process.Signal(syscall.SIGSTOP))
		asleep := victim.count("page")
		eventually(t, func() bool { return all[1].count("TWICE") > 0 }) // the other has taken over
		must(t, victim.cmd.Process.Signal(syscall.SIGCONT))
		eventually(t, func() bool { return victim.count("page") > asleep })
	})
}

// shared lets processes mirror some integrations on one database, in which something
// happens, and looks at what they have made.
func shared(t *testing.T, o store.Options, processes int, happens func([]*process)) {
	t.Helper()
	s := openStore(t, o)
	const rows = 300
	var ids []string
	for _, name := range []string{"a", "b", "c", "d"} {
		ids = append(ids, add(t, s, name))
	}
	c := child{Path: o.Path, URL: o.DatabaseURL, Rows: rows, Witness: t.TempDir()}
	var all []*process
	for range processes {
		all = append(all, startProcess(t, c))
	}
	happens(all)
	within(t, 3*time.Minute, func() bool {
		h, err := s.Health(t.Context(), "")
		healthy := 0
		for _, one := range h {
			if one.State == gatehouse.StreamHealthy {
				healthy++
			}
		}
		return err == nil && healthy == len(ids)
	})
	u := newUpstream(rows)
	for _, id := range ids {
		holds(t, s, id, u)
		if got := events(t, s, id); got[gatehouse.EventCreated] != rows || len(got) != 1 {
			t.Errorf("got %v", got)
		}
		runs, err := s.Runs(t.Context(), id, "things", 10)
		if err != nil || len(runs) != 1 || runs[0].Rows != rows {
			t.Errorf("got %+v, %v", runs, err)
		}
	}
	for n, p := range all {
		if p.count("FAILED") > 0 {
			t.Errorf("process %d: %v", n, p.said)
		}
	}
	if all[0].count("enter") == 0 || all[1].count("enter") == 0 {
		t.Errorf("one has done it all: %d and %d sessions", all[0].count("enter"), all[1].count("enter"))
	}
}
