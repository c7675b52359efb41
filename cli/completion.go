package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// addCompletion adds the commands that print a script for a shell, and keeps a
// shell from offering files where none is wanted.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		for _, shell := range c.Commands() {
			shell.Args, shell.Example = wants(), "  gatehouse completion "+shell.Name()
			withExits(shell)
		}
	}
	offerNoFiles(root)
}

// offerNoFiles looks at what stands for an argument or a flag in the help: only a
// FILE or a FOLDER is completed with the names of files.
func offerNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && !strings.Contains(cmd.Use, "FILE") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, set := range []*pflag.FlagSet{cmd.LocalNonPersistentFlags(), cmd.PersistentFlags()} {
		set.VisitAll(func(f *pflag.Flag) {
			what, _ := pflag.UnquoteUsage(f)
			if _, has := cmd.GetFlagCompletionFunc(f.Name); !has && !slices.Contains([]string{"FILE", "FOLDER", "REFERENCE"}, what) {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, cobra.NoFileCompletions)
			}
		})
	}
	for _, c := range cmd.Commands() {
		offerNoFiles(c)
	}
}
