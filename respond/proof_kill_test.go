package respond_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/respond"
	"github.com/gatehouse-sec/gatehouse/store"
)

// childSetting is the environment variable that makes this binary a victim.
const childSetting = "GATEHOUSE_RESPOND_CHILD"

// task is what a victim is told.
type task struct {
	Addr        string                `json:"addr"`
	CA          []byte                `json:"ca"`
	Access      emulator.TenantAccess `json:"access"`
	Path        string                `json:"path"`
	Integration string                `json:"integration"`
	Orders      []respond.Order       `json:"orders"`
}

// runChild asks for its orders, as a caller that repeats them does, and works
// until it is killed.
func runChild(text string) int {
	var t task
	err := json.Unmarshal([]byte(text), &t) //nolint:musttag // it is written as it is read
	if err == nil {
		err = t.run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func (t task) run(ctx context.Context) error {
	s, err := store.Open(ctx, store.Options{Path: t.Path})
	if err != nil {
		return err
	}
	account, err := unlimitedAccount(t.Addr, t.CA, t.Access)
	if err != nil {
		return err
	}
	o := quick()
	o.Worker, o.Lease = fmt.Sprint(os.Getpid()), 300*time.Millisecond
	r := respond.New(s, account, o)
	fmt.Println("ready")
	failed := make(chan error, 2)
	go func() { failed <- r.Run(ctx) }()
	go func() {
		for _, order := range t.Orders {
			if _, _, err := r.Submit(ctx, alice, order); err != nil {
				failed <- err
			}
		}
	}()
	return <-failed
}

// unlimited is an account that may do everything, as often as it likes: the
// emulator's limits are off, and what counts here is not the budget.
type unlimited struct {
	transport *http.Client
	cred      *entra.Credential
}

func unlimitedAccount(addr string, ca []byte, a emulator.TenantAccess) (*unlimited, error) {
	transport, err := entra.EmulatorClient(addr, ca)
	if err != nil {
		return nil, err
	}
	cred, err := entra.NewCredential(entra.CredentialOptions{
		TenantID: a.TenantID, ClientID: a.ClientID, Secret: entra.NewSecret(a.Secret), Client: transport,
	})
	return &unlimited{transport, cred}, err
}

func (u *unlimited) Account(context.Context, gatehouse.Integration) (respond.Account, error) {
	client, err := defender.New(u.cred, &defender.Options{Transport: u.transport, MaxRetries: -1, MaxWait: -1})
	return respond.Account{Clients: action.Clients{Defender: client}, Held: everything()}, err
}

// TestProofKillActions kills a process that submits actions at random instants,
// and goes on in the next: every order is done, and none is sent twice.
func TestProofKillActions(t *testing.T) {
	t.Parallel()
	kills, orders := 8, 3
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		kills = 200
	}
	path := t.TempDir() + "/gatehouse.db"
	rules := emulator.ActionRules{Pace: 30 * time.Millisecond, Hidden: 100 * time.Millisecond}
	s := build(t, emulator.Options{
		NoLimits: true, Actions: rules, Size: emulator.Size{Devices: 8*kills + 60, Alerts: 5, Actions: -1},
	}, store.Options{Path: path})
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 7))
	var all []respond.Order
	for n := range kills {
		for range orders {
			name := []string{"scan", "isolate", "restrict"}[random.IntN(3)]
			all = append(all, s.order(name, s.devices[len(all)%len(s.devices)].ID))
			all[len(all)-1].IdempotencyKey = fmt.Sprintf("order-%d", len(all))
		}
		recent := all[max(0, len(all)-2*orders):] // this round's, and those of the caller that was killed
		s.kill(path, recent, time.Duration(random.IntN(120_000))*time.Microsecond)
		if t.Failed() {
			t.Fatalf("at kill %d of seed %d", n+1, seed)
		}
	}
	account, err := unlimitedAccount(s.emulator.Addr(), s.emulator.CA(), s.tenant)
	if err != nil {
		t.Fatal(err)
	}
	s.Responder = respond.New(s.store, account, quick())
	s.work()
	sent, adopted := 0, 0
	for _, o := range all {
		a := s.ended(s.submit(o).ID)
		begun := len(s.begun(a.ID))
		if a.State != gatehouse.ActionSucceeded || begun > 1 || begun == 0 && !a.Targets[0].Adopted {
			t.Errorf("seed %d: %s began %d times: %+v", seed, o.IdempotencyKey, begun, a)
		}
		sent += begun
		if a.Targets[0].Adopted {
			adopted++
		}
	}
	t.Logf("%d kills, %d orders: %d sent once, %d followed one under way, 0 lost, 0 sent twice", kills, len(all), sent, adopted)
	if v, err := s.store.VerifyAudit(t.Context()); err != nil || !v.Sound() {
		t.Errorf("the audit log: %+v, %v", v, err)
	}
}

// kill starts a victim and kills it a while after it is ready.
func (s *stage) kill(path string, orders []respond.Order, after time.Duration) {
	s.t.Helper()
	text, err := json.Marshal(task{ //nolint:musttag // it is read as it is written
		Addr: s.emulator.Addr(), CA: s.emulator.CA(), Access: s.tenant, Path: path, Integration: s.integration.ID, Orders: orders,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.CommandContext(s.t.Context(), os.Args[0]) // this very test
	c.Env = append(os.Environ(), childSetting+"="+string(text))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		s.t.Errorf("the victim said %q, %v", line, err)
	}
	<-time.After(after)
	if err := c.Process.Kill(); err != nil {
		s.t.Errorf("the victim had ended by itself: %v", err)
	}
	_ = c.Wait() // it was killed
}
