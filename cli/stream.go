package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// streamsFlag takes names of streams, several at once or one at a time.
type streamsFlag struct{ streams []gatehouse.Stream }

var _ pflag.Value = (*streamsFlag)(nil)

// String returns the names that were given.
func (f *streamsFlag) String() string {
	if f == nil {
		return ""
	}
	return strings.Join(wordsOf(f.streams), ",")
}

// Type names the value in the help.
func (f *streamsFlag) Type() string { return "stream" }

// Set checks and adds names.
func (f *streamsFlag) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		s, err := streamNamed(name)
		if err != nil {
			return err
		}
		if !slices.Contains(f.streams, s) {
			f.streams = append(f.streams, s)
		}
	}
	return nil
}

// addStreams adds --stream.
func addStreams(cmd *cobra.Command, usage string) *streamsFlag {
	f := &streamsFlag{}
	cmd.Flags().Var(f, "stream", usage+" (repeatable): "+joinOr(streamNames()))
	_ = cmd.RegisterFlagCompletionFunc("stream", completeStreams)
	return f
}

// completeStreams offers the names of the streams that may follow those before the
// last comma.
func completeStreams(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	names := streamNames()
	before := begun[:strings.LastIndex(begun, ",")+1]
	for i, name := range names {
		names[i] = before + name
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// streamNames lists the streams in the order of the catalogue.
func streamNames() []string {
	var names []string
	for _, s := range stream.All() {
		names = append(names, string(s.Name))
	}
	return names
}

// streamNamed checks the name of a stream.
func streamNamed(name string) (gatehouse.Stream, error) {
	names := streamNames()
	name = strings.ToLower(strings.TrimSpace(name))
	if !slices.Contains(names, name) {
		return "", usagef("%q is not a stream: choose %s%s", name, joinOr(names), didYouMean(name, names))
	}
	return gatehouse.Stream(name), nil
}

// completeStream offers the names of the streams for the first argument.
func completeStream(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return streamNames(), cobra.ShellCompDirectiveNoFileComp
}
