package stream

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/go-json-experiment/json"
)

// machineActions is what was done to devices. Graph does not have it.
func machineActions() Stream {
	return Stream{
		Name: MachineActions, Title: "Machine actions", Mode: Incremental, Interval: often, Overlap: late, Reconcile: daily,
		Docs:  "https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection",
		Doors: []Door{{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Machine.Read.All", "Machine.ReadWrite.All"), Read: readMachineActions}},
	}
}

// openFor is how long an action that has not ended is read again and again. A
// device may be off for weeks before an action reaches it; what ends later still
// is found by the next full reading.
const openFor = 30 * 24 * time.Hour

// openActions is what the stream keeps between two readings. The list can be
// filtered by the time of creation alone, so that an incremental reading has to
// begin at the oldest action that may still change.
type openActions struct {
	Oldest time.Time `json:"oldest,omitzero"`
}

func readMachineActions(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, machineActions(), gatehouse.APIMDE, r)
	var before, now openActions
	tooOld := r.now().Add(-openFor)
	_ = json.Unmarshal(r.From.State, &before) // what cannot be read is as good as nothing
	p := pager[defender.MachineAction]{
		list: r.Clients.Defender.MachineActions.List, largest: 10_000,
		item: func(a *defender.MachineAction) item {
			now.note(a, tooOld)
			return item{key: a.ID, document: a.Raw, changed: a.CreationDateTimeUTC.Time}
		},
	}
	if since, ok := w.since(); ok {
		if !before.Oldest.IsZero() && before.Oldest.Before(since) {
			since = before.Oldest
		}
		p.query.Filter = defender.Ge("creationDateTimeUtc", since)
	}
	if err := p.read(ctx, w); err != nil {
		return err
	}
	var err error
	if w.state, err = json.Marshal(now); err != nil {
		return err
	}
	return w.finish()
}

// note remembers an action that has not ended, unless it is too old for that: it
// must not hide the younger ones.
func (o *openActions) note(a *defender.MachineAction, tooOld time.Time) {
	if ended(a.Status) {
		return
	}
	if at := a.CreationDateTimeUTC.Time; at.After(tooOld) && (o.Oldest.IsZero() || at.Before(o.Oldest)) {
		o.Oldest = at
	}
}

// ended tells whether a status is one that does not change any more. A status
// that is not known may.
func ended(status string) bool {
	switch enum(status) {
	case "succeeded", "failed", "timeout", "cancelled":
		return true
	}
	return false
}
