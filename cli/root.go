package cli

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newRootCommand makes the whole tree. A new command is one line in
// rootCommands.
func newRootCommand(p *program) *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "The open connector for Microsoft Defender",
		Long: `Gatehouse connects to a Microsoft Defender account, proves that it is wired
right, reads and updates what the granted permissions allow, and mirrors all of
it into a store of your own, with a numbered log of every change.

It needs a tenant id, a client id, and a secret or a certificate; "gatehouse
help configuration" says where they can stand. "gatehouse check" says what
works and what is missing. Without a tenant, "gatehouse demo" shows everything
on the built-in emulator.`,
		Example: `  gatehouse demo
  gatehouse check
  gatehouse devices list --risk High --output csv
  gatehouse integrations add contoso && gatehouse sync`,
		SilenceUsage: true, SilenceErrors: true, Version: versionLine(version, debug.ReadBuildInfo),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return p.prepare(cmd) },
	}
	root.SetArgs(p.args)
	root.SetIn(p.stdin.from)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("{{.Version}}\n")
	p.flags.register(root.PersistentFlags())
	p.flags.complete(root)
	_ = root.RegisterFlagCompletionFunc("integration", p.completeIntegrations)
	root.AddGroup(&cobra.Group{ID: groupStart, Title: "Start here:"}, &cobra.Group{ID: groupMirror, Title: "The mirror:"},
		&cobra.Group{ID: groupData, Title: "Defender's data:"}, &cobra.Group{ID: groupRespond, Title: "Respond:"},
		&cobra.Group{ID: groupMore, Title: "More:"})
	root.SetHelpCommandGroupID(groupMore)
	root.SetCompletionCommandGroupID(groupMore)
	root.AddCommand(rootCommands(p)...)
	root.AddCommand(helpTopics()...)
	addCompletion(root)
	refuseUnknownTopics(root)
	refuseStrayArguments(root)
	keepFlagOrder(root)
	return root
}

// keepFlagOrder lists flags in the help as they were added: the important first.
func keepFlagOrder(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	cmd.PersistentFlags().SortFlags = false
	for _, c := range cmd.Commands() {
		keepFlagOrder(c)
	}
}

// The groups of the root command's help.
const (
	groupStart   = "start"
	groupMirror  = "mirror"
	groupData    = "data"
	groupRespond = "respond"
	groupMore    = "more"
)

// rootCommands lists the commands in the order of the help.
func rootCommands(p *program) []*cobra.Command {
	return slices.Concat(
		inGroup(groupStart, newDemoCommand(p)),
		inGroup(groupStart, here(newCheckCommand(p), newEmulateCommand(p))...),
		inGroup(groupMirror, newIntegrationsCommand(p), newStatusCommand(p), newEventsCommand(p), newRecordsCommand(p), newMCPCommand(p)),
		inGroup(groupMirror, here(newSyncCommand(p), newServeCommand(p), newReplayCommand(p))...),
		inGroup(groupData, newAlertsCommand(p), newDevicesCommand(p), newVulnerabilitiesCommand(p), newScoreCommand(p), newHuntCommand(p)),
		inGroup(groupRespond, newActionsCommand(p)),
		inGroup(groupMore, newKeysCommand(p), newAuditCommand(p), newPermissionsCommand(p), newOCSFCommand(p), newNormalizeCommand(p), newVersionCommand(p)),
	)
}

func inGroup(id string, commands ...*cobra.Command) []*cobra.Command {
	for _, c := range commands {
		c.GroupID = id
	}
	return commands
}

// prepare reads the settings before a command runs. Commands that need none
// run even when a setting is broken.
func (p *program) prepare(cmd *cobra.Command) error {
	if !needsSettings(cmd) {
		return nil
	}
	if err := refuseEmpty(cmd.Flags()); err != nil {
		return err
	}
	flags, err := p.flags.given()
	if err != nil {
		return err
	}
	c, warnings, err := loadConfig(flags, p.env)
	if err != nil {
		return err
	}
	p.config = c
	p.hidePassword(c.databaseURL)
	if err := p.refuseServer(cmd); err != nil {
		return err
	}
	p.log = newLogger(p.stderr, c.logLevel)
	p.out = newOutput(p.stdout, c.output, terminalOf(p.stdout, p.env, !c.noColor))
	if errTerm := terminalOf(p.stderr.to, p.env, false); errTerm.tty && !p.out.term.tty && !c.quiet {
		p.out.progress.to = p.stderr
	}
	for _, warning := range warnings {
		p.warnf("%s", warning)
	}
	return nil
}

func needsSettings(cmd *cobra.Command) bool {
	for c := cmd; c != nil; c = c.Parent() {
		switch c.Name() {
		case "version", "completion", "help", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return false
		}
	}
	return true
}

// flagError names the flag that was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		return usagef("%w for %q%s", err, cmd.CommandPath(), didYouMean("--"+unknown.GetSpecifiedName(), names))
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok && wanted(bad.GetFlag()) != "" {
		return usagef("invalid argument %q for %q flag: want %s", bad.GetValue(), "--"+bad.GetFlag().Name, wanted(bad.GetFlag()))
	}
	return usagef("%w", err)
}

// wanted says what a flag of one of Go's own kinds takes.
func wanted(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "int", "int64":
		return "a whole number"
	case "uint64":
		return "a whole number, 0 or more"
	case "float64":
		return "a number"
	case "duration":
		return "a length of time, such as 90s, 15m or 24h"
	case "bool":
		return "true or false"
	}
	return ""
}

// refuseStrayArguments makes every command that takes no arguments say so, and
// every group of commands name its members when a wrong one is given.
func refuseStrayArguments(root *cobra.Command) {
	for _, c := range root.Commands() {
		refuseStrayArguments(c)
	}
	if root.HasSubCommands() && root.RunE == nil {
		root.Args = unknownSubcommand
		root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// refuseUnknownTopics makes help say so when there is nothing of a name.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Args = func(_ *cobra.Command, args []string) error {
				found, rest, err := root.Find(args)
				if err == nil && found.HasSubCommands() {
					err = unknownSubcommand(found, rest)
				}
				return err
			}
		}
	}
}

func unknownSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return usagef("%q is not a command of %s: choose %s%s", args[0], cmd.CommandPath(), joinOr(names), didYouMean(args[0], names))
}

// wants returns a check that exactly the named arguments are given; a name
// that ends in "..." takes one or more.
func wants(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		open := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...")
		switch {
		case len(args) < len(names):
			return usagef("%s needs %s: %s", cmd.CommandPath(), strings.TrimSuffix(names[len(args)], "..."), cmd.UseLine())
		case len(args) > len(names) && !open:
			return usagef("%s takes no argument %q: %s", cmd.CommandPath(), args[len(names)], cmd.UseLine())
		}
		for i, arg := range args {
			if arg == "" {
				return usagef("%s: %s is empty: %s", cmd.CommandPath(), strings.TrimSuffix(names[min(i, len(names)-1)], "..."), cmd.UseLine())
			}
		}
		return nil
	}
}

// withExits adds the EXIT STATUS section to a command's help.
func withExits(cmd *cobra.Command, statuses ...int) *cobra.Command {
	var section strings.Builder
	section.WriteString("\n\nEXIT STATUS\n")
	for _, e := range exits() {
		if slices.Contains(statuses, e.status) || e.status <= exitUsage || e.status == exitInterrupted {
			fmt.Fprintf(&section, "  %3d  %s\n", e.status, e.meaning)
		}
	}
	if cmd.Long == "" {
		cmd.Long = cmd.Short + "."
	}
	cmd.Long += strings.TrimSuffix(section.String(), "\n")
	return cmd
}

// reads adds the exit statuses of any command that talks to Microsoft.
func reads(cmd *cobra.Command) *cobra.Command {
	return withExits(cmd, exitSignIn, exitPermission, exitThrottled, exitNotFound)
}
