package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/internal/pause"
)

// How an action is followed.
const (
	// quickLook and slowLook are the shortest and the longest time between two looks.
	quickLook = 200 * time.Millisecond
	slowLook  = 2 * time.Second
	// othersTime is how long another process on the same mirror has to take an action
	// up, before this one does. Such a process looks every two seconds.
	othersTime = 2500 * time.Millisecond
)

func newActionsWaitCommand(p *program) *cobra.Command {
	return follows(&cobra.Command{
		Use: "wait ID...", Short: "Follow actions until they have ended",
		Long: `Follow actions until Microsoft says what became of them. Each change of state is
told on standard error, and the actions are printed at the end. Ctrl-C ends the
waiting, not the action.

On the machine of the mirror the work is left to a "gatehouse serve" on the same
data. When there is none, this command works until the actions have ended: it
carries out what is due, as serve does.`,
		Example: "  gatehouse actions wait act_4K7QJ2\n  gatehouse actions wait act_4K7QJ2 --output json --quiet",
		Args:    wants("ID..."),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return p.useService(cmd.Context(), func(s *service) error {
				var all []api.Action
				for _, id := range ids {
					a, err := s.Actions.Get(cmd.Context(), id)
					if err != nil {
						return err
					}
					all = append(all, a)
				}
				return s.waitFor(cmd.Context(), all...)
			})
		},
	})
}

// waitFor follows actions to their ends and prints them.
func (s *service) waitFor(ctx context.Context, all ...api.Action) error {
	for i, a := range all {
		ended, err := s.follow(ctx, a)
		if err != nil {
			return err
		}
		all[i] = ended
	}
	if len(all) == 1 {
		if err := s.printAction(ctx, all[0]); err != nil {
			return err
		}
		return endOf(all[0])
	}
	if err := printList(ctx, s.p, s.actionView(ctx), rowsOf(all), 0); err != nil {
		return err
	}
	return endsOf(all)
}

// follow tells of every change of state until an action has ended.
func (s *service) follow(ctx context.Context, a api.Action) (api.Action, error) {
	told := map[int]api.ActionStatus{}
	moved, pace := time.Now(), quickLook
	for {
		if s.tell(a, told) {
			moved, pace = time.Now(), quickLook
		}
		if a.State.Ended() {
			return a, nil
		}
		if a.State != api.ActionWaiting && time.Since(moved) >= othersTime {
			s.workHere(ctx)
		}
		if err := pause.For(ctx, pace); err != nil {
			return a, err
		}
		pace = min(pace*3/2, slowLook)
		next, err := s.Actions.Get(ctx, a.ID)
		if err != nil {
			return a, err
		}
		a = next
	}
}

// tell writes the states that were not told yet, and reports whether there were
// any.
func (s *service) tell(a api.Action, told map[int]api.ActionStatus) bool {
	news := false
	say := func(number int, who string, state api.ActionStatus, more string) {
		if told[number] == state {
			return
		}
		told[number], news = state, true
		s.p.sayf("%s  %s", s.p.now().UTC().Format("15:04:05Z"), printable(joinNotEmpty("  ", who, string(state), more)))
	}
	if a.State == api.ActionWaiting {
		say(0, a.ID, a.State, "for approval by another key: gatehouse actions approve "+a.ID)
		return news
	}
	for _, t := range a.Targets {
		say(t.Number, orElse(t.Name, t.ID), t.State, t.Reason)
	}
	return news
}

// workHere makes this process work on response actions, unless a server does.
func (s *service) workHere(ctx context.Context) {
	if s.local == nil || s.here {
		return
	}
	s.here = true
	s.p.log.Info("no other process works on this action: this one does")
	s.local.StartResponding(ctx)
}
