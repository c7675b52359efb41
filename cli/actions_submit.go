package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// order is what the flags of one kind of action say.
type order struct {
	kind           action.Action
	parameters     map[string]pflag.Value // by the names of the catalogue
	comment, key   string
	wait, dryRun   bool
	approval, sure bool
}

// newActionCommand makes the command of one action from its entry in the
// catalogue.
func newActionCommand(p *program, kind action.Action) *cobra.Command {
	o := &order{kind: kind, parameters: map[string]pflag.Value{}}
	cmd := follows(&cobra.Command{
		Use: o.name() + " " + o.placeholder() + "...", Short: kind.Title, Long: o.long(), Example: o.examples(),
		Args: wants(o.placeholder() + "..."),
		RunE: func(cmd *cobra.Command, targets []string) error { return p.takeAction(cmd.Context(), o, targets) },
	})
	flags := cmd.Flags()
	for _, q := range kind.Parameters {
		o.addParameter(cmd, q)
	}
	flags.StringVar(&o.comment, "comment", "", "`TEXT` that says why: it goes to Microsoft and to the audit log (required)")
	flags.BoolVar(&o.wait, "wait", false, "follow it to its end, each change of state on standard error")
	flags.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and do nothing")
	flags.BoolVar(&o.approval, "approval", false, "wait until another API key has approved it")
	flags.StringVar(&o.key, "idempotency-key", "", "`KEY` that makes a repeat safe: the same one gives the same action (default: a new one)")
	if isDangerous(kind) {
		flags.BoolVar(&o.sure, "yes", false, "do not ask whether it is meant")
	}
	return cmd
}

// name is the command. The catalogue's cancel is of Microsoft's machine actions,
// and cancel alone of ours.
func (o *order) name() string {
	if slices.Contains([]string{"kinds", "list", "get", "wait", "approve", "deny", "cancel", "result"}, o.kind.Name) {
		return o.kind.Name + "-" + string(o.kind.Target)
	}
	return o.kind.Name
}

func (o *order) placeholder() string { return strings.ToUpper(string(o.kind.Target)) }

// long is the help, from the catalogue.
func (o *order) long() string {
	text := strings.Join(wrap(o.kind.Summary, 78), "\n") +
		"\n\n" + strings.Join(wrap("Risk: "+string(o.kind.Risk)+". "+o.kind.Why, 78), "\n")
	target := map[action.TargetKind]string{
		action.Device:        "A device is named by its id, its name, an IP address or its Entra device id; a name that means more than one is refused.",
		action.Alert:         "An alert is named by its id.",
		action.Incident:      "An incident is named by its number.",
		action.MachineAction: "A machine action is named by its id, a GUID.",
	}[o.kind.Target]
	text += "\n\n" + strings.Join(wrap(target+" All of them are found before anything is done to the first.", 78), "\n")
	if isDangerous(o.kind) {
		text += "\n\n" + strings.Join(wrap("It asks before it does anything; --yes answers. Without a terminal to ask on, and without --yes, it is refused.", 78), "\n")
	}
	return text + "\n\nMicrosoft's page: " + o.kind.Docs
}

// examples show a plain call, and one that is followed.
func (o *order) examples() string {
	target := map[action.TargetKind]string{
		action.Device: "web-01.contoso.example", action.Alert: "da637551227677560813_-961444813", action.Incident: "1042",
		action.MachineAction: "0f4b5a6c-7d8e-4f90-a1b2-c3d4e5f60718",
	}[o.kind.Target]
	words := []string{"  gatehouse actions", o.name(), target}
	for i, q := range o.kind.Parameters {
		if q.Required || i == 0 {
			words = append(words, "--"+flagName(q.Name), exampleOf(q))
		}
	}
	line := strings.Join(append(words, "--comment 'case 4711'"), " ")
	return line + " --dry-run\n" + line + mark(isDangerous(o.kind), " --yes") + " --wait --output json"
}

// exampleOf is a value that a parameter takes.
func exampleOf(q action.Parameter) string {
	switch {
	case len(q.Values) > 0:
		return q.Values[0]
	case q.Kind == action.SHA1:
		return "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"
	}
	return "vip"
}

// flagName writes the name of a parameter as flags are written.
func flagName(name string) string {
	return strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "$1-$2"))
}

// addParameter makes a flag of a parameter.
func (o *order) addParameter(cmd *cobra.Command, q action.Parameter) {
	usage := strings.TrimSuffix(q.Doc, ".")
	if q.Required {
		usage += " (required)"
	}
	if q.Default != "" {
		usage += " (default " + q.Default + ")"
	}
	name := flagName(q.Name)
	if q.Kind == action.Enum {
		o.parameters[q.Name] = addEnum(cmd, name, usage, q.Values)
		return
	}
	cmd.Flags().String(name, "", usage)
	o.parameters[q.Name] = cmd.Flags().Lookup(name).Value
}

// given returns the parameters that were given, in Microsoft's spelling, or says
// what is wrong with them.
func (o *order) given() (map[string]string, error) {
	given := map[string]string{}
	for name, value := range o.parameters {
		if text := value.String(); text != "" {
			given[name] = text
		}
	}
	if _, err := o.kind.Normalize(given); err != nil {
		return nil, usagef("%w", err)
	}
	return given, nil
}

// takeAction submits an action, and follows it if that is asked for. What can be
// seen to be wrong from here is found before anything is sent.
func (p *program) takeAction(ctx context.Context, o *order, targets []string) error {
	parameters, err := o.given()
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(o.comment) == "":
		return usagef("why? Give --comment: it goes to Microsoft and to the audit log")
	}
	n := api.NewAction{
		Integration: p.config.integration, Action: o.kind.Name, Targets: targets, Parameters: parameters,
		Comment: o.comment, DryRun: o.dryRun, Approval: o.approval,
	}
	asks := isDangerous(o.kind) && !o.dryRun && !o.sure
	if asks && !p.canAsk() {
		return usagef("%s is dangerous: %s There is no terminal to ask on: add --yes, or --dry-run to see what it would do", o.name(), o.kind.Why)
	}
	return p.useService(ctx, func(s *service) error {
		if asks {
			if err := s.confirm(ctx, o, n); err != nil {
				return err
			}
		}
		key := orElse(o.key, client.NewKey())
		a, err := s.submit(ctx, n, key, "--idempotency-key "+key+" repeats it safely")
		if err != nil {
			return err
		}
		return s.submitted(ctx, a, o.wait)
	})
}

// submit submits an action. When the answer is lost the error says what to do about
// it, such as the key that makes a repeat safe.
func (s *service) submit(ctx context.Context, n api.NewAction, key, mend string) (api.Action, error) {
	a, err := s.Actions.Submit(ctx, n, key)
	if err == nil {
		return a, nil
	}
	if problem, ok := problemOf(err); ok && problemStatus(problem) != exitFailure {
		return a, err // it was refused, and that is certain
	}
	if ctx.Err() != nil {
		s.p.sayf("whether it was taken in is not known: %s", mend)
		return a, err
	}
	return a, fmt.Errorf("%w; whether it was taken in is not known: %s", err, mend)
}

// submitted prints an action that was taken in, or follows it first.
func (s *service) submitted(ctx context.Context, a api.Action, wait bool) error {
	if !wait {
		if err := s.printAction(ctx, a); err != nil {
			return err
		}
		s.sayWhatNext(a)
		return nil
	}
	return s.waitFor(ctx, a)
}

// sayWhatNext says who does the work, and how to see it.
func (s *service) sayWhatNext(a api.Action) {
	switch {
	case a.State.Ended():
	case a.State == api.ActionWaiting:
		s.p.sayf("waits for approval by another key: gatehouse actions approve %s", a.ID)
	case s.local != nil:
		s.p.sayf("taken in: it is done when gatehouse serve runs on this mirror, or by gatehouse actions wait %s", a.ID)
	default:
		s.p.sayf("taken in: gatehouse actions wait %s follows it", a.ID)
	}
}

// confirm shows what would be done, and asks whether it is meant.
func (s *service) confirm(ctx context.Context, o *order, n api.NewAction) error {
	n.DryRun = true
	planned, err := s.Actions.Submit(ctx, n, client.NewKey())
	if err != nil {
		return err
	}
	s.p.sayf("%s: %s", o.kind.Title, o.kind.Why)
	for _, t := range planned.Targets {
		s.p.sayf("  %s", joinNotEmpty("  ", printable(t.Name), printable(t.ID), "in "+s.nameOf(ctx, planned.Integration), printable(t.Reason)))
	}
	yes, err := s.p.ask(ctx, "Go on? [y/N] ")
	if err != nil {
		return err
	}
	if !yes {
		return usagef("not done: it was not confirmed")
	}
	return nil
}

// actionEndError says that an action did not end well.
type actionEndError struct {
	text   string
	status int
}

// Error returns one line.
func (e *actionEndError) Error() string { return e.text }

// endOf is the error of an action that did not end well.
func endOf(a api.Action) error {
	status := exitFailed
	switch a.State {
	case api.ActionSucceeded, api.ActionPlanned:
		return nil
	case api.ActionRefused:
		status = exitRefused
	case api.ActionWaiting, api.ActionQueued, api.ActionSubmitting, api.ActionRunning, api.ActionFailed, api.ActionCancelled, api.ActionExpired:
	}
	how := map[api.ActionStatus]string{
		api.ActionFailed: "has failed", api.ActionCancelled: "was cancelled", api.ActionExpired: "has expired", api.ActionRefused: "was refused",
	}[a.State]
	text := fmt.Sprintf("%s %s %s", a.Action, a.ID, orElse(how, "is "+string(a.State)))
	if a.State == api.ActionFailed && len(a.Targets) > 1 {
		bad := 0
		for _, t := range a.Targets {
			if t.State != api.ActionSucceeded {
				bad++
			}
		}
		text = fmt.Sprintf("%s %s has failed on %s of %s", a.Action, a.ID, thousands(bad), plural(len(a.Targets), "target"))
	}
	if reason := reasonOf(a); reason != "" {
		text += ": " + reason
	}
	return &actionEndError{text, status}
}

// endsOf joins the ends of several actions: the first that is not good gives the
// exit status.
func endsOf(all []api.Action) error {
	var ends []error
	for _, a := range all {
		ends = append(ends, endOf(a))
	}
	return errors.Join(ends...)
}
