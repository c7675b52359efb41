package store

import (
	"context"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// appendActionEvents numbers and keeps each change of a state, of the targets
// first and of the action last. The counter stays locked until the commit, so
// numbers rise in the order of the commits, as those of the event log do.
func (t *transaction) appendActionEvents(ctx context.Context, before, a gatehouse.ResponseAction) error {
	targets, states := changedStates(before, a)
	n := len(targets)
	if n == 0 {
		return nil
	}
	var last int64
	err := t.QueryRowContext(ctx, "UPDATE counters SET value = value + $1 WHERE name = 'action_events' RETURNING value", n).Scan(&last)
	if err != nil {
		return err
	}
	numbers, at := make([]int64, n), make([]int64, n)
	ids, integrations, names := make([]string, n), make([]string, n), make([]string, n)
	for i := range numbers {
		numbers[i], at[i] = last-int64(n)+1+int64(i), micros(t.now)
		ids[i], integrations[i], names[i] = a.ID, a.Integration, a.Name
	}
	b := bulk{table: "action_events", columns: []string{"number", "action_id", "integration_id", "name", "target", "state", "at"}}
	return t.dialect.insert(ctx, t.Tx, b, []any{numbers, ids, integrations, names, targets, states, at})
}

// changedStates lists whose state has changed, and to what.
func changedStates(before, a gatehouse.ResponseAction) (targets []int64, states []string) {
	was := map[int]gatehouse.ActionState{0: before.State}
	for _, g := range before.Targets {
		was[g.N] = g.State
	}
	for _, g := range a.Targets {
		if was[g.N] != g.State {
			targets, states = append(targets, int64(g.N)), append(states, string(g.State))
		}
	}
	if was[0] != a.State {
		targets, states = append(targets, 0), append(states, string(a.State))
	}
	return targets, states
}

// ActionEventFilter says which events of actions to read.
type ActionEventFilter struct {
	Integrations []string // ids; an empty list gives nothing
	Action       string   // id of one action; empty for all
	Limit        int      // default 100, at most 1,000
}

// ActionEvents reads the changes of state with a number greater than after, in
// their order. A reader that goes on from the last number it was given never
// misses one, whoever commits meanwhile.
func (s *Store) ActionEvents(ctx context.Context, after int64, f ActionEventFilter) ([]gatehouse.ActionEvent, error) {
	c := &conditions{}
	c.add("number > ?", after)
	if err := c.in(s.dialect, "integration_id", f.Integrations); err != nil {
		return nil, err
	}
	if f.Action != "" {
		c.add("action_id = ?", f.Action)
	}
	return every(ctx, s, "read events of actions", func(scan func(...any) error) (e gatehouse.ActionEvent, err error) {
		var at int64
		err = scan(&e.Number, &e.Action, &e.Integration, &e.Name, &e.Target, &e.State, &at)
		e.Time = moment(at)
		return e, err
	}, fmt.Sprintf("SELECT number, action_id, integration_id, name, target, state, at FROM action_events%s ORDER BY number LIMIT %d", c.where(), bounded(f.Limit)), c.args...)
}
