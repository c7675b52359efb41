package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// victim tells a process of its own what to mirror, and where it is killed.
type victim struct {
	Addr        string    `json:"addr"`
	CA          []byte    `json:"ca"`
	Data        string    `json:"data"`
	DatabaseURL string    `json:"databaseURL"`
	Key         string    `json:"key"`
	Integration string    `json:"integration"`
	PageRows    int       `json:"pageRows"`
	Now         time.Time `json:"now"` // it goes on from there
}

// victimLease is short, so that who comes after a process that was killed does not
// wait for long.
const victimLease = 300 * time.Millisecond

// syncInTurn reads streams, or all of them, as soon as the lease of the process
// before has run out, and once more when a disk under load took longer to renew its
// own than that lasts.
func syncInTurn(a *app.App, id string, streams ...gatehouse.Stream) (status []gatehouse.StreamHealth, err error) {
	for {
		if status, err = a.SyncOnce(context.Background(), id, streams, nil); !errors.Is(err, app.ErrBusy) && !errors.Is(err, app.ErrLeaseLost) {
			return status, err
		}
		<-time.After(20 * time.Millisecond)
	}
}

// mirror reads every stream once. It says so when it has begun and when it is done.
func (v victim) mirror(t *testing.T) {
	client, err := entra.EmulatorClient(v.Addr, v.CA)
	must(t, err)
	begun := time.Now()
	a, err := app.New(context.Background(), app.Options{
		Data: v.Data, DatabaseURL: v.DatabaseURL, Key: v.Key, HTTPClient: client, Lease: victimLease, PageRows: v.PageRows,
		Now: func() time.Time { return v.Now.Add(time.Since(begun)) },
	})
	must(t, err)
	fmt.Println("begun")
	_, err = syncInTurn(a, v.Integration)
	must(t, errors.Join(err, a.Close()))
	fmt.Println("done")
}

// kill starts a process that mirrors and kills it after some time. It tells whether
// the process was still at work, and how long it took when it was not.
func (w *witness) kill(t *testing.T, after time.Duration) (killed bool, took time.Duration) {
	t.Helper()
	cmd := process(t, "TestProofKillMirror", victim{
		Addr: w.e.Addr(), CA: w.e.CA(), Data: w.options.Data, DatabaseURL: w.options.DatabaseURL, Key: w.options.Key,
		Integration: w.id, PageRows: w.options.PageRows, Now: w.clock.Now(),
	})
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var deadly *time.Timer
	begun, said := time.Now(), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		switch lines.Text() {
		case "begun":
			begun = time.Now()
			deadly = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		case "done":
			took = time.Since(begun)
		}
	}
	err = cmd.Wait()
	if deadly == nil {
		t.Fatalf("the process did not begin: %v\n%s", err, said)
	}
	deadly.Stop()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() && err != nil {
		t.Fatalf("the process failed: %v\n%s", err, said)
	}
	return status.Signaled() && took == 0, took
}

// look looks at the mirror after a process was killed: whatever it has written is
// right, and told.
func (w *witness) look(t *testing.T, was contents) {
	t.Helper()
	w.open(t, func(a *app.App) {
		status, err := a.Status(t.Context(), w.id)
		must(t, err)
		for i := range status {
			status[i].State = "killed" // nobody says that it was read to its end
		}
		w.check(t, a.Store(), was, status)
	})
}

// lasting is what happens in a life so long that more has to come than goes.
func lasting() []emulator.StepKind {
	return []emulator.StepKind{
		emulator.StepAddAlert, emulator.StepAddAlert, emulator.StepUpdateAlert, emulator.StepResolveAlert, emulator.StepRemoveAlert,
		emulator.StepUpdateIncident, emulator.StepMergeIncident, emulator.StepAddDevice, emulator.StepAddDevice, emulator.StepAddDevice,
		emulator.StepReportDevice, emulator.StepRemoveDevice, emulator.StepMergeDevice, emulator.StepInstall, emulator.StepInstall,
		emulator.StepUpgrade, emulator.StepUninstall, emulator.StepReassess, emulator.StepStartAction, emulator.StepFinishAction,
	}
}

// TestProofKillMirror kills processes that mirror a living tenant, at random
// instants. After each the mirror is looked at; at the end it is what the tenant
// is, and every change of it has one event.
func TestProofKillMirror(t *testing.T) {
	if v, ok := ordered[victim](t); ok {
		v.mirror(t)
		return
	}
	t.Parallel()
	kills := map[string]int{"sqlite": 3, "postgres": 2}
	if proofsInFull() {
		kills = map[string]int{"sqlite": 500, "postgres": 500}
	}
	onEach(t, func(t *testing.T, o app.Options) {
		database, count := "postgres", &tally{}
		if o.DatabaseURL == "" {
			database = "sqlite"
		}
		size := emulator.Size{Devices: 20, Alerts: 30, PageSize: 9, Events: -1, Actions: 12, Software: 8, VulnerabilityRows: 60}
		w := newWitness(t, o, 1, size, count)
		w.options.PageRows = 10 // many pages, so that there is much to interrupt
		_, err := w.e.Play(w.tenant, emulator.Life{
			Seed: 1, Steps: 60 + 2*kills[database], Span: time.Duration(kills[database]) * time.Hour, Kinds: lasting(),
		})
		must(t, err)
		whole, ended := time.Second, 0
		for n := 0; n < kills[database]; {
			was := w.truth(t)
			killed, took := w.kill(t, time.Duration(rand.Int64N(int64(whole))))
			if killed {
				n++
			} else {
				ended++
				whole = (whole + took) / 2 // how long it takes on this machine
			}
			w.look(t, was)
			if t.Failed() {
				t.Fatalf("after %d kills", n)
			}
			w.clock.Advance(time.Duration(30+rand.IntN(60)) * time.Minute)
		}
		if w.reconcile(t); t.Failed() {
			return
		}
		t.Logf("killed on %s: %d times with kill -9 at random instants, %d processes came to their end before: %d records compared, %d changes in the tenant, %d events, nothing lost and nothing twice",
			database, kills[database], ended, count.records.Load(), count.changes.Load(), count.events.Load())
	})
}
