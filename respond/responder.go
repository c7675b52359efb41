package respond

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Account is one integration, signed in.
type Account struct {
	Clients action.Clients
	// Held are the permissions that its tokens carry.
	Held []gatehouse.Permission
}

// Accounts signs in to integrations.
type Accounts interface {
	Account(ctx context.Context, i gatehouse.Integration) (Account, error)
}

// Caller is who asks for something.
type Caller struct {
	ID        string
	Kind      gatehouse.ActorKind
	RequestID string
}

// Options are the settings of a [Responder].
type Options struct {
	// Worker names this process in leases. It must be unique. Default: "respond".
	Worker string
	// Approve tells which actions need the approval of a second caller even when the
	// first did not ask for it. Default: none.
	Approve func(a action.Action) bool
	// ApprovalTime is how long an action waits for approval. Default: 24 hours.
	ApprovalTime time.Duration
	// Settle is how long Microsoft may take to show a submission of which the answer
	// was lost. Only then, and after Call, is it sent again. Default:
	// [action.FindLag].
	Settle time.Duration
	// Call is how long one question or submission may take, with its wait for room in
	// Microsoft's limits. Default: 1 minute.
	Call time.Duration
	// Turn is how long a worker stays at one action before others, and decisions about
	// it, have their turn. Default: 2 seconds.
	Turn time.Duration
	// ReadBack is how long a change that Microsoft has taken may not be seen before it
	// counts as failed: someone else has changed it again. Default: 15 minutes.
	ReadBack time.Duration
	// Pace is how long after a look the first next one is taken; later ones are taken
	// ever more rarely, up to a minute. Default: 5 seconds.
	Pace time.Duration
	// Patience is how long an action may go on without an end. Microsoft itself keeps
	// one for a device that is off for days. Default: 15 days.
	Patience time.Duration
	// Lease is how long a killed process holds its actions up. Default: 30 seconds.
	Lease time.Duration
	// Workers is how many actions are worked on at once. Default: 8.
	Workers int
	// Log is told what goes wrong. Default: nobody is.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Responder takes actions in and carries them out.
type Responder struct {
	store    *store.Store
	accounts Accounts
	o        Options
	wake     chan struct{}
}

// New returns a Responder. Nothing is worked on before [Responder.Run].
func New(s *store.Store, accounts Accounts, o Options) *Responder {
	o.Worker = cmp.Or(o.Worker, "respond")
	o.ApprovalTime = cmp.Or(o.ApprovalTime, 24*time.Hour)
	o.Settle = cmp.Or(o.Settle, action.FindLag)
	o.Call = cmp.Or(o.Call, time.Minute)
	o.Turn = cmp.Or(o.Turn, 2*time.Second)
	o.ReadBack = cmp.Or(o.ReadBack, 15*time.Minute)
	o.Pace = cmp.Or(o.Pace, 5*time.Second)
	o.Patience = cmp.Or(o.Patience, 15*24*time.Hour)
	o.Lease = cmp.Or(o.Lease, 30*time.Second)
	o.Workers = max(o.Workers, 0)
	o.Workers = cmp.Or(o.Workers, 8)
	if o.Approve == nil {
		o.Approve = func(action.Action) bool { return false }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Responder{store: s, accounts: accounts, o: o, wake: make(chan struct{}, 1)}
}

// now is the time in UTC, to the microsecond, as the store keeps it.
func (r *Responder) now() time.Time { return r.o.Now().UTC().Truncate(time.Microsecond) }

// ring tells the workers of this process that something is due.
func (r *Responder) ring() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
