package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/store/storetest"
)

// The shape of what the child mirrors, again and again: each run reads the
// pages of its round, in which a tenth of the records has changed, some are
// gone and some are back.
const (
	killStream  = gatehouse.Stream("devices")
	killPages   = 12
	killSize    = 40
	killKeys    = killPages * killSize
	childMarker = "GATEHOUSE_STORE_CHILD"
)

// childOptions tells whether this process is to be killed.
func childOptions() (o store.Options, child bool) {
	text := os.Getenv(childMarker)
	if text == "" {
		return o, false
	}
	var c childTask
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return o, false
	}
	return store.Options{Path: c.Path, DatabaseURL: c.DatabaseURL}, true
}

// childTask is what the child is told.
type childTask struct {
	Path        string `json:"path"`
	DatabaseURL string `json:"databaseUrl"`
}

// runChild mirrors until it is killed.
func runChild(o store.Options) int {
	ctx := context.Background()
	s, err := store.Open(ctx, o)
	if err == nil {
		fmt.Println("ready")
		for err == nil {
			err = mirrorOnce(ctx, s)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// present tells whether a key exists in a round, and what it says.
func present(round, key int) (says string, ok bool) {
	r := rand.New(rand.NewPCG(uint64(round), uint64(key)))
	return fmt.Sprint(r.IntN(10) / 9), r.IntN(20) > 0
}

// killPage is what upstream answers in a round.
func killPage(round, page int) (records []store.PageRecord) {
	for key := page * killSize; key < (page+1)*killSize; key++ {
		if says, ok := present(round, key); ok {
			records = append(records, store.PageRecord{Key: fmt.Sprintf("k%04d", key), Document: fmt.Appendf(nil, `{"says":%q}`, says)})
		}
	}
	return records
}

// position is the checkpoint of the child.
type position struct {
	Round int `json:"round"`
	Page  int `json:"page"`
}

// mirrorOnce goes on with the open run, or begins the next, and ends it.
func mirrorOnce(ctx context.Context, s *store.Store) error {
	i, err := s.Integration(ctx, "kill")
	if err != nil {
		return err
	}
	run, err := s.ResumeRun(ctx, i.ID, killStream)
	begun := errors.Is(err, store.ErrNotFound)
	if begun {
		run, err = s.BeginRun(ctx, i.ID, killStream, gatehouse.SyncFull)
	}
	if err != nil {
		return err
	}
	at, err := readPosition(ctx, s, i.ID)
	if err != nil {
		return err
	}
	// A run that was begun, and killed before its first page, starts anew too.
	if run.Pages == 0 {
		at = position{Round: at.Round + 1}
	}
	for ; at.Page < killPages; at.Page++ {
		text, err := json.Marshal(position{at.Round, at.Page + 1})
		if err != nil {
			return err
		}
		p := store.Page{Run: run, Records: killPage(at.Round, at.Page), Checkpoint: &gatehouse.Checkpoint{State: text}, Complete: at.Page == killPages-1}
		if _, err := s.CommitPage(ctx, p); err != nil {
			return err
		}
	}
	if _, err := s.FinishSweep(ctx, run, nil); err != nil {
		return err
	}
	_, err = s.EndRun(ctx, run, store.RunEnd{})
	return err
}

func readPosition(ctx context.Context, s *store.Store, integration string) (at position, err error) {
	c, err := s.Checkpoint(ctx, integration, killStream)
	if err != nil || c.State == nil {
		return at, err
	}
	return at, json.Unmarshal(c.State, &at)
}

// TestProofKill kills a process that mirrors at random instants and looks each
// time whether the store is sound and is what the rounds say, to the event.
func TestProofKill(t *testing.T) {
	t.Parallel()
	kills := 20
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		kills = 500 // on each database
	}
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Options) {
		o := fresh(t)
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		i, err := s.AddIntegration(t.Context(), gatehouse.Integration{Name: "kill"})
		if err != nil {
			t.Fatal(err)
		}
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		for n := range kills {
			killOne(t, o, time.Duration(random.IntN(150_000))*time.Microsecond)
			if err := errors.Join(storetest.Verify(t.Context(), s), storetest.VerifyNumbers(t.Context(), s)); err != nil {
				t.Fatalf("after kill %d (seed %d): %v", n+1, seed, err)
			}
		}
		if err := mirrorOnce(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		compare(t, s, i.ID)
		last, err := s.LastEvent(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d kills, %d events, 0 lost, 0 repeated", kills, last)
	})
}

// killOne starts a child and kills it a while after it is ready.
func killOne(t *testing.T, o store.Options, after time.Duration) {
	t.Helper()
	task, err := json.Marshal(childTask{o.Path, o.DatabaseURL})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), childMarker+"="+string(task))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Errorf("the child said %q, %v", line, err)
	}
	<-time.After(after)
	if err := c.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = c.Wait() // it was killed
}

// compare replays all rounds in a model and compares records and events. The
// last run has just ended, so the store is what its round says.
func compare(t *testing.T, s *store.Store, integration string) {
	t.Helper()
	at, err := readPosition(t.Context(), s, integration)
	if err != nil {
		t.Fatal(err)
	}
	version, held := map[string]int{}, map[string]string{}
	want := map[string]int{}
	for round := 1; round <= at.Round; round++ {
		for key := range killKeys {
			name := fmt.Sprintf("k%04d", key)
			says, ok := present(round, key)
			was, had := held[name]
			kind := map[[2]bool]string{{false, true}: "created", {true, false}: "removed"}[[2]bool{had, ok}]
			if had && ok && was != says {
				kind = "updated"
			}
			if kind != "" {
				version[name]++
				want[fmt.Sprint(kind, " ", name, " ", version[name])]++
			}
			if delete(held, name); ok {
				held[name] = says
			}
		}
	}
	for e, err := range s.Events(t.Context(), 0, store.EventFilter{}, 0) {
		if err != nil {
			t.Fatal(err)
		}
		want[fmt.Sprint(e.Kind, " ", e.Key, " ", e.Version)]--
	}
	for event, n := range want {
		if n != 0 {
			t.Errorf("event %s: %+d", event, n)
		}
	}
	n, err := s.Count(t.Context(), integration, killStream)
	if err != nil || int(n) != len(held) {
		t.Errorf("%d records, want %d, %v", n, len(held), err)
	}
}
