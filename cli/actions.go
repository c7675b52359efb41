package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

func newActionsCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "actions", Short: "Isolate, scan, restrict, update: take response actions and follow them",
		Long: `Take a response action on devices, alerts or incidents, and follow it to its end.

Every action is kept before it is sent, is sent once, and is followed until
Microsoft says what became of it. Every attempt is in the audit log. A repeat
with the same --idempotency-key returns the same action.

On the machine of the mirror the work is done by a "gatehouse serve" on the same
data, or by the command itself with --wait. With --server the server does it.`,
	}
	cmd.AddGroup(&cobra.Group{ID: groupDesk, Title: "Follow and decide:"}, &cobra.Group{ID: groupTake, Title: "Take an action:"})
	cmd.AddCommand(inGroup(groupDesk,
		newActionsKindsCommand(p), newActionsListCommand(p), newActionsGetCommand(p), newActionsWaitCommand(p),
		newActionsApproveCommand(p), newActionsDenyCommand(p), newActionsCancelCommand(p), newActionsResultCommand(p))...)
	for _, kind := range action.Catalogue() {
		cmd.AddCommand(inGroup(groupTake, newActionCommand(p, kind))...)
	}
	return cmd
}

// The groups of the help of actions.
const (
	groupDesk = "desk"
	groupTake = "take"
)

// acts adds the exit statuses of a command that stands on the API.
func acts(cmd *cobra.Command) *cobra.Command {
	return withExits(cmd, exitSignIn, exitPermission, exitThrottled, exitNotFound)
}

// follows adds those of a command that tells how an action ended.
func follows(cmd *cobra.Command) *cobra.Command {
	return withExits(cmd, exitSignIn, exitPermission, exitThrottled, exitNotFound, exitFailed, exitRefused)
}

func newActionsKindsCommand(p *program) *cobra.Command {
	return acts(&cobra.Command{
		Use: "kinds", Short: "List what can be done, with risk, parameters and permissions",
		Example: "  gatehouse actions kinds\n  gatehouse actions kinds --output json",
		Args:    wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			kinds, err := p.actionKinds(cmd.Context())
			if err != nil {
				return err
			}
			return printList(cmd.Context(), p, kindView(), rowsOf(kinds), 0)
		},
	})
}

// actionKinds is the catalogue: that of the server, or our own, which needs no
// mirror.
func (p *program) actionKinds(ctx context.Context) ([]api.ActionKind, error) {
	if p.remote() {
		c, err := p.serverClient()
		if err != nil {
			return nil, err
		}
		kinds, err := c.Actions.Kinds(ctx)
		return kinds.Items, err
	}
	var kinds []api.ActionKind
	for _, a := range action.Catalogue() {
		k := api.ActionKind{
			Name: a.Name, Title: a.Title, Summary: a.Summary, Docs: a.Docs, Risk: string(a.Risk), Target: string(a.Target),
			Parameters: []api.ActionParameter{}, Permissions: []string{},
		}
		for _, q := range a.Parameters {
			k.Parameters = append(k.Parameters, api.ActionParameter{Name: q.Name, Kind: string(q.Kind), Required: q.Required, Values: q.Values, Default: q.Default, Doc: q.Doc})
		}
		for _, d := range a.Doors {
			for _, permission := range d.AnyOf {
				k.Permissions = append(k.Permissions, permission.Name)
			}
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

func newActionsListCommand(p *program) *cobra.Command {
	var q client.ActionQuery
	cmd := acts(&cobra.Command{
		Use: "list", Short: "List actions, the newest first",
		Example: `  gatehouse actions list --limit 20
  gatehouse actions list --state running --action isolate --since 1d --output ndjson`,
		Args: wants(),
	})
	state := addEnum(cmd, "state", "only actions in this state", actionStates())
	kind := addEnum(cmd, "action", "only actions of this kind", actionNames())
	since := addTime(p, cmd, "since", "only actions submitted at or after this `TIME`")
	cmd.Flags().StringVar(&q.Target, "target", "", "only actions on the target of this `ID`")
	limit := addLimit(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q.Since, q.Integrations = since.at, given(p.config.integration)
		q.States, q.Actions = given(state.value), given(kind.value)
		q.Limit = min(limit.rows, maxPage)
		return p.useService(cmd.Context(), func(s *service) error {
			return printList(cmd.Context(), p, s.actionView(cmd.Context()), s.Actions.List(cmd.Context(), q), limit.rows)
		})
	}
	return cmd
}

// maxPage is the largest page that the API gives.
const maxPage = 1000

// given is a list of the one text, or of none.
func given(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func actionStates() []api.ActionStatus {
	return []api.ActionStatus{
		api.ActionPlanned, api.ActionWaiting, api.ActionQueued, api.ActionSubmitting, api.ActionRunning, api.ActionSucceeded,
		api.ActionFailed, api.ActionCancelled, api.ActionExpired, api.ActionRefused,
	}
}

func actionNames() []string {
	var names []string
	for _, a := range action.Catalogue() {
		names = append(names, a.Name)
	}
	return names
}

func newActionsGetCommand(p *program) *cobra.Command {
	return acts(&cobra.Command{
		Use: "get ID", Short: "Show an action, and what became of it on each target",
		Example: "  gatehouse actions get act_4K7QJ2 --output json",
		Args:    wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.useService(cmd.Context(), func(s *service) error {
				a, err := s.Actions.Get(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return s.printAction(cmd.Context(), a)
			})
		},
	})
}

func newActionsApproveCommand(p *program) *cobra.Command {
	return newDecisionCommand(p, "approve", "Let an action go on that another has submitted", (*client.ActionsService).Approve)
}

func newActionsDenyCommand(p *program) *cobra.Command {
	return newDecisionCommand(p, "deny", "End an action that waits for approval", (*client.ActionsService).Deny)
}

// newDecisionCommand makes approve and deny, which differ in one call.
func newDecisionCommand(p *program, verb, short string, decide func(*client.ActionsService, context.Context, string, string) (api.Action, error)) *cobra.Command {
	var note string
	cmd := acts(&cobra.Command{
		Use: verb + " ID", Short: short,
		Long: short + `. It takes another API key than the one that
submitted the action: GATEHOUSE_API_KEY or --api-key-file.`,
		Example: "  gatehouse actions " + verb + " act_4K7QJ2 --note 'seen with the owner'",
		Args:    wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.useService(cmd.Context(), func(s *service) error {
				a, err := decide(s.Actions, cmd.Context(), args[0], note)
				if err != nil {
					return err
				}
				return s.printAction(cmd.Context(), a)
			})
		},
	})
	cmd.Flags().StringVar(&note, "note", "", "`TEXT` for the audit log")
	return cmd
}

func newActionsCancelCommand(p *program) *cobra.Command {
	var comment string
	cmd := acts(&cobra.Command{
		Use: "cancel ID", Short: "End what was not sent yet, and ask Microsoft to cancel the rest",
		Long: `End what was not sent yet of an action, and ask Microsoft to cancel the rest, as
far as it can. "gatehouse actions cancel-machine-action" cancels a machine action
that was not taken through Gatehouse.`,
		Example: "  gatehouse actions cancel act_4K7QJ2 --comment 'wrong device'",
		Args:    wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if comment == "" {
				return usagef("why? Give --comment: it goes to Microsoft and to the audit log")
			}
			return p.useService(cmd.Context(), func(s *service) error {
				a, err := s.Actions.Cancel(cmd.Context(), args[0], comment)
				if err != nil {
					return err
				}
				return s.printAction(cmd.Context(), a)
			})
		},
	})
	cmd.Flags().StringVar(&comment, "comment", "", "`TEXT` that says why")
	return cmd
}

// isDangerous reports whether people are asked before an action is taken.
func isDangerous(a action.Action) bool { return a.Risk == action.Dangerous }
