package app

import (
	"context"
	"sync"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/respond"
)

// responses are the response actions of this process: who takes them in, and the
// work on those that are due.
type responses struct {
	*respond.Responder

	mu      sync.Mutex
	stop    context.CancelFunc // nil while nothing is worked on
	working sync.WaitGroup
}

// newResponses prepares the response actions. Nothing is worked on yet.
func newResponses(a *App) *responses {
	o := respond.Options{Worker: a.accounts.worker, Log: a.options.Log, Now: a.options.Now}
	if a.options.ApproveDangerous {
		o.Approve = func(kind action.Action) bool { return kind.Risk == action.Dangerous }
	}
	return &responses{Responder: respond.New(a.store, a.accounts, o)}
}

// announce lets every process on the data obey what this one was told about
// approval.
func (a *App) announce(ctx context.Context) error {
	by := respond.Caller{ID: LocalUser(), Kind: gatehouse.ActorLocal}
	return a.responses.ApproveDangerous(ctx, by, a.options.ApproveDangerous)
}

// start works on what is due until halt.
func (r *responses) start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.working.Go(func() { _ = r.Run(ctx) }) // it ends with its context, and with nothing else
}

// StartResponding works on response actions, and on nothing else, until [App.Stop].
// It is for a process that waits for one of them where no other serves the mirror.
func (a *App) StartResponding(ctx context.Context) { a.responses.start(ctx) }

// halt ends the work. What is under way is found again by the next process.
func (r *responses) halt() {
	r.mu.Lock()
	stop := r.stop
	r.mu.Unlock()
	if stop != nil {
		stop()
	}
	r.working.Wait()
}

var _ respond.Accounts = (*accounts)(nil)

// Account signs an integration in for a response action. Its calls are not
// scheduled work: they may use the whole budget.
func (c *accounts) Account(ctx context.Context, i gatehouse.Integration) (respond.Account, error) {
	acc, err := c.account(ctx, i)
	if err != nil {
		return respond.Account{}, err
	}
	return respond.Account{Clients: action.Clients{Defender: acc.clients.Defender, Graph: acc.clients.Graph}, Held: acc.held}, nil
}
