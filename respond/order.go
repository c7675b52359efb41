package respond

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/store"
)

// What an order may be at most.
const (
	MaxTargets = 500  // of one action
	MaxComment = 1000 // characters
	maxKey     = 200  // characters of an idempotency key
)

// Order is a request for a response action.
type Order struct {
	// Visible are the ids of the integrations that the caller may see. What lies in
	// others does not exist for the caller.
	Visible []string
	// Integration is the id or name of the one to act in. Empty: the one that has the
	// targets, when it is one alone.
	Integration string
	Action      string   // as the catalogue names it
	Targets     []string // ids, or names that mean exactly one
	Parameters  map[string]string
	Comment     string // why
	// IdempotencyKey makes the order safe to repeat: the same key gives the same
	// action, however often it is asked for.
	IdempotencyKey string
	DryRun         bool // say what would be done, and do nothing
	Approval       bool // wait for a second caller
}

// plan is an order that was understood.
type plan struct {
	order       Order
	kind        action.Action
	integration gatehouse.Integration
	parameters  map[string]string
	among       []gatehouse.Integration // where the targets may lie
	targets     []Candidate
}

// Submit takes an order in. It returns the action, and whether it is new: an
// order that was taken in before, with the same idempotency key, returns the
// action of then. Every attempt is in the audit log, refused ones too.
//
// It fails with [ErrRequest], an [AmbiguousError], [ErrNoTarget],
// [ErrPermission], with [store.ErrConflict] when the idempotency key came with
// another order, and with what signing in failed with.
func (r *Responder) Submit(ctx context.Context, by Caller, o Order) (gatehouse.ResponseAction, bool, error) {
	a, created, err := r.submit(ctx, by, o)
	if err != nil {
		return a, false, errors.Join(err, r.auditRefusal(ctx, by, o, err))
	}
	if created {
		r.ring()
	}
	return a, created, nil
}

func (r *Responder) submit(ctx context.Context, by Caller, o Order) (gatehouse.ResponseAction, bool, error) {
	var none gatehouse.ResponseAction
	p, err := r.read(ctx, o)
	if err != nil {
		return none, false, err
	}
	if kept, found, err := r.repeated(ctx, p); found || err != nil {
		return kept, false, err // whatever its targets are called now, and before anything is asked of Microsoft
	}
	if err := r.aim(ctx, &p); err != nil {
		return none, false, err
	}
	a, err := p.draft(by)
	if err != nil {
		return none, false, err
	}
	account, err := r.sign(ctx, p.integration)
	if err != nil {
		return none, false, err
	}
	door, reason, ok := p.kind.Pick(account.Held, p.integration.API)
	if !ok {
		return none, false, &PermissionError{Integration: p.integration, Action: p.kind.Name, Grant: reason}
	}
	a.API = door.API
	due, err := r.begin(ctx, &a, p, reason)
	if err != nil {
		return none, false, err
	}
	if p.order.DryRun {
		looking, stop := context.WithTimeout(ctx, r.o.Call) // for all of them: somebody waits
		r.look(looking, &a, p.kind, door, account)
		stop()
	}
	return r.store.CreateAction(ctx, a, due, audit(by, "actions.submit", a, "", outcomeDone))
}

// begin sets the first state of an action and says when it is due.
func (r *Responder) begin(ctx context.Context, a *gatehouse.ResponseAction, p plan, reason string) (due time.Time, err error) {
	wanted, why, err := r.approval(ctx, p)
	if err != nil {
		return time.Time{}, err
	}
	switch now := r.now(); {
	case p.order.DryRun:
		a.State, a.Ended = gatehouse.ActionPlanned, now
		a.Reason = fmt.Sprintf("would %s through %s: %s", p.kind.Name, a.API, reason)
	case wanted:
		a.State, a.Reason = gatehouse.ActionWaiting, why
		a.Approval = gatehouse.Approval{Needed: true, Until: now.Add(r.o.ApprovalTime)}
		due = a.Approval.Until
	default:
		a.State, due = gatehouse.ActionQueued, now
	}
	for i := range a.Targets {
		a.Targets[i].State = a.State
	}
	return due, nil
}

// mostLooked is how many targets a dry run looks at.
const mostLooked = 20

// look tells a dry run what is there already, or under way.
func (r *Responder) look(ctx context.Context, a *gatehouse.ResponseAction, kind action.Action, door action.Door, account Account) {
	j := &job{Responder: r, a: a, kind: kind, door: bounded(door, r.o.Call), acc: account}
	for i := range a.Targets[:min(len(a.Targets), mostLooked)] {
		t := &a.Targets[i]
		if s := j.already(ctx, t); s != nil {
			t.Reason, t.UpstreamID = "it is so already", s.UpstreamID
			continue
		}
		if j.door.Pending == nil {
			continue
		}
		if s, err := j.door.Pending(ctx, account.Clients, j.request(t)); err == nil && s != nil {
			t.Reason, t.UpstreamID = "the same is under way already and would be followed", s.UpstreamID
		}
	}
}

// read checks an order against the catalogue.
func (r *Responder) read(ctx context.Context, o Order) (plan, error) {
	p := plan{order: o}
	var ok bool
	var near []string
	if p.kind, ok, near = action.ByName(o.Action); !ok {
		return p, requestf("action", "there is no action %q: use %s", o.Action, strings.Join(near, ", "))
	}
	if err := o.check(); err != nil {
		return p, err
	}
	var err error
	if p.parameters, err = p.kind.Normalize(o.Parameters); err != nil {
		return p, requestf("parameters", "%v", err)
	}
	p.among, err = r.among(ctx, o)
	return p, err
}

// repeated finds the action that was made of the same order before. Keys are told
// apart by integration, so that another order with the key in another integration
// is no matter here.
func (r *Responder) repeated(ctx context.Context, p plan) (gatehouse.ResponseAction, bool, error) {
	var none gatehouse.ResponseAction
	asked, err := p.fingerprint()
	if err != nil {
		return none, false, err
	}
	for _, i := range p.among {
		kept, err := r.store.ActionByIdempotencyKey(ctx, i.ID, p.key())
		switch {
		case err == nil && kept.Fingerprint == asked:
			return kept, true, nil
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return none, false, err
		}
	}
	return none, false, nil
}

// aim finds the targets of an order in the mirror.
func (r *Responder) aim(ctx context.Context, p *plan) error {
	for _, text := range p.order.Targets {
		t, err := r.resolve(ctx, p.kind.Target, text, p.among)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(p.targets, func(other Candidate) bool { return other.ID == t.ID && other.Integration.ID == t.Integration.ID }) {
			p.targets = append(p.targets, t)
		}
	}
	p.integration = p.targets[0].Integration
	for _, t := range p.targets {
		if t.Integration.ID != p.integration.ID {
			return requestf("targets", "%s lies in %s and %s in %s: submit one action for each integration",
				p.targets[0].ID, p.integration.Name, t.ID, t.Integration.Name)
		}
	}
	if p.integration.State != gatehouse.IntegrationActive {
		return requestf("integration", "%s is %s: resume it first", p.integration.Name, p.integration.State)
	}
	return nil
}

// check looks at what needs neither catalogue nor store.
func (o Order) check() error {
	switch {
	case strings.TrimSpace(o.Comment) == "":
		return requestf("comment", "a comment is required: say why, it goes to Microsoft and to the audit log")
	case len([]rune(o.Comment)) > MaxComment:
		return requestf("comment", "the comment has %d characters: use at most %d", len([]rune(o.Comment)), MaxComment)
	case o.IdempotencyKey == "" || len(o.IdempotencyKey) > maxKey:
		return requestf("idempotencyKey", "an idempotency key of 1 to %d characters is required: a new UUID for each new order, the same one when it is repeated", maxKey)
	case len(o.Targets) == 0:
		return requestf("targets", "name at least one target")
	case len(o.Targets) > MaxTargets:
		return requestf("targets", "%d targets are too many: use at most %d", len(o.Targets), MaxTargets)
	}
	return nil
}

// among returns the integrations that the targets may lie in.
func (r *Responder) among(ctx context.Context, o Order) ([]gatehouse.Integration, error) {
	all, err := r.store.Integrations(ctx)
	if err != nil {
		return nil, err
	}
	var visible []gatehouse.Integration
	for _, i := range all {
		if slices.Contains(o.Visible, i.ID) && (o.Integration == "" || o.Integration == i.ID || o.Integration == i.Name) {
			visible = append(visible, i)
		}
	}
	switch {
	case len(visible) > 0:
		return visible, nil
	case o.Integration != "":
		return nil, fmt.Errorf("%w: there is no integration %q", ErrNoTarget, o.Integration)
	}
	return nil, fmt.Errorf("%w: there is no integration", ErrNoTarget)
}

// draft makes the action of a plan, without a state.
func (p plan) draft(by Caller) (gatehouse.ResponseAction, error) {
	parameters, err := json.Marshal(p.parameters)
	if err != nil {
		return gatehouse.ResponseAction{}, err
	}
	a := gatehouse.ResponseAction{
		ID: "act_" + rand.Text(), Integration: p.integration.ID, Name: p.kind.Name, Parameters: parameters,
		Comment: strings.TrimSpace(p.order.Comment), IdempotencyKey: p.key(), Key: by.ID, DryRun: p.order.DryRun,
	}
	for n, t := range p.targets {
		a.Targets = append(a.Targets, gatehouse.ActionTarget{N: n + 1, ID: t.ID, Name: t.Name})
	}
	a.Fingerprint, err = p.fingerprint()
	return a, err
}

// key is the idempotency key as it is kept. That of a dry run is another one, so
// that the key is still free for the action itself.
func (p plan) key() string {
	if p.order.DryRun {
		return "dry:" + p.order.IdempotencyKey
	}
	return p.order.IdempotencyKey
}

// fingerprint is the hash of all that was asked for, with the targets as they were
// called: what a name means may change between an order and its repeat. Who asked
// is not in it: two callers that agree on a key mean one action.
func (p plan) fingerprint() (gatehouse.Hash, error) {
	o := p.order
	text, err := json.Marshal([]any{p.kind.Name, p.parameters, strings.TrimSpace(o.Comment), o.DryRun, o.Approval, o.Targets})
	return sha256.Sum256(text), err
}

// auditRefusal keeps that an order was refused.
func (r *Responder) auditRefusal(ctx context.Context, by Caller, o Order, why error) error {
	// The log is kept for good: nobody fills it with what was refused for its size.
	e := audit(by, "actions.submit", gatehouse.ResponseAction{Name: cut(o.Action), Comment: cut(o.Comment), DryRun: o.DryRun}, cut(why.Error()), outcomeRefused)
	if among, err := r.among(ctx, o); err == nil && len(among) == 1 {
		e.Integration = among[0].ID
	}
	e.Target = cut(strings.Join(o.Targets[:min(len(o.Targets), 10)], ", "))
	_, err := r.store.AppendAudit(context.WithoutCancel(ctx), *e)
	return err
}

// cut shortens a text to what may be kept of it.
func cut(text string) string {
	if letters := []rune(text); len(letters) > MaxComment {
		return string(letters[:MaxComment]) + "…"
	}
	return text
}
