package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagLayer holds the settings given as flags.
type flagLayer struct {
	set    *pflag.FlagSet
	config string
}

// register makes a flag of every setting that may be one.
func (l *flagLayer) register(set *pflag.FlagSet) {
	l.set = set
	set.SortFlags = false
	set.StringVar(&l.config, "config", "", "configuration `FILE` (default $XDG_CONFIG_HOME/gatehouse/config.yaml)")
	for _, s := range settings() {
		usage := s.usage
		if len(s.values) > 0 {
			usage += ": " + joinOr(s.values)
		}
		switch {
		case s.noFlag:
		case s.kind == toggle:
			set.BoolP(s.name, s.short, false, usage)
		case s.kind == list:
			set.StringArray(s.name, nil, usage)
		default:
			set.StringP(s.name, s.short, "", usage)
		}
	}
}

// complete offers the values of the settings that have a closed set of them.
func (l *flagLayer) complete(root *cobra.Command) {
	for _, s := range settings() {
		if len(s.values) > 0 && !s.noFlag {
			_ = root.RegisterFlagCompletionFunc(s.name, cobra.FixedCompletions(s.values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	_ = root.RegisterFlagCompletionFunc("data", cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
}

// given returns the settings that were given, each checked.
func (l *flagLayer) given() (map[string]any, error) {
	values := make(map[string]any)
	if l.config != "" {
		values["config"] = l.config
	}
	for _, s := range settings() {
		flag := l.set.Lookup(s.name)
		if flag == nil || !flag.Changed {
			continue
		}
		raw, err := l.raw(s)
		if err != nil {
			return nil, err
		}
		value, err := s.coerce(raw)
		if err != nil {
			return nil, usagef("--%w", err)
		}
		values[s.name] = value
	}
	return values, nil
}

// mayBeEmpty marks a flag whose empty value means something.
const mayBeEmpty = "may-be-empty"

// refuseEmpty refuses a flag that was given without a value, as a shell does for a
// variable that is not set: a filter that is not there would list everything.
func refuseEmpty(set *pflag.FlagSet) error {
	var empty []string
	set.Visit(func(f *pflag.Flag) {
		if _, fine := f.Annotations[mayBeEmpty]; !fine && hasNothing(f.Value) {
			empty = append(empty, "--"+f.Name)
		}
	})
	switch len(empty) {
	case 0:
		return nil
	case 1:
		return usagef("%s is empty: leave it out, or give it a value", empty[0])
	}
	return usagef("%s are empty: leave them out, or give them values", strings.Join(empty, " and "))
}

// hasNothing reports whether a text is empty, or one of a list of texts.
func hasNothing(value pflag.Value) bool {
	if many, ok := value.(pflag.SliceValue); ok {
		return len(many.GetSlice()) == 0 || slices.Contains(many.GetSlice(), "")
	}
	return value.Type() == "string" && value.String() == ""
}

func (l *flagLayer) raw(s setting) (any, error) {
	switch s.kind {
	case toggle:
		return l.set.GetBool(s.name)
	case list:
		return l.set.GetStringArray(s.name)
	default:
		return l.set.GetString(s.name)
	}
}

// enumFlag takes one of a closed set of words, in any case, and keeps
// Microsoft's spelling.
type enumFlag struct {
	value string
	valid []string
}

var _ pflag.Value = (*enumFlag)(nil)

// String returns the chosen word.
func (f *enumFlag) String() string { return f.value }

// Type names the value in the help.
func (f *enumFlag) Type() string { return "word" }

// Set checks and keeps a word.
func (f *enumFlag) Set(word string) error {
	i := slices.IndexFunc(f.valid, func(valid string) bool { return strings.EqualFold(valid, word) })
	if i < 0 {
		return fmt.Errorf("choose %s%s", joinOr(f.valid), didYouMean(word, f.valid))
	}
	f.value = f.valid[i]
	return nil
}

// addEnum adds a flag for one of valid, with shell completion.
func addEnum[W ~string](cmd *cobra.Command, name, usage string, valid []W) *enumFlag {
	f := &enumFlag{valid: wordsOf(valid)}
	cmd.Flags().Var(f, name, usage+": "+joinOr(f.valid))
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(f.valid, cobra.ShellCompDirectiveNoFileComp))
	return f
}

func wordsOf[W ~string](typed []W) []string {
	words := make([]string, len(typed))
	for i, w := range typed {
		words[i] = string(w)
	}
	return words
}

// timeFlag takes a moment: RFC 3339, a day, or a length of time before now.
type timeFlag struct {
	at     time.Time
	now    func() time.Time
	future bool // a moment after now is fine
}

var _ pflag.Value = (*timeFlag)(nil)

// String returns the moment as Microsoft writes it, or nothing.
func (f *timeFlag) String() string {
	if f == nil || f.at.IsZero() {
		return ""
	}
	return f.at.Format(time.RFC3339Nano)
}

// Type names the value in the help.
func (f *timeFlag) Type() string { return "time" }

// Set checks and keeps a moment.
func (f *timeFlag) Set(text string) error {
	at, err := parseTime(text, f.now())
	if err != nil {
		return err
	}
	if !f.future && at.After(f.now()) {
		return fmt.Errorf("%s lies in the future", at.Format(time.RFC3339))
	}
	f.at = at
	return nil
}

func addTime(p *program, cmd *cobra.Command, name, usage string) *timeFlag {
	f := &timeFlag{now: p.now}
	cmd.Flags().Var(f, name, usage+" (2026-11-23, 2026-11-23T10:00:00Z, or 24h, 7d before now)")
	return f
}

// parseTime reads a moment. A day is taken in UTC, as Microsoft's filters are.
func parseTime(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if back, err := parseDays(text); err == nil {
		return now.Add(-back).UTC().Truncate(time.Second), nil
	}
	return time.Time{}, fmt.Errorf("not a time: write 2026-11-23, 2026-11-23T10:00:00Z, or 24h or 7d for that long before now")
}

// parseDays reads a positive duration; besides Go's units it knows d and w.
func parseDays(text string) (time.Duration, error) {
	var number float64
	var unit string
	if n, _ := fmt.Sscanf(text, "%f%s", &number, &unit); n == 2 {
		if days := map[string]float64{"d": 1, "w": 7}[unit]; days > 0 && number > 0 && number < 36500 {
			return time.Duration(number * days * 24 * float64(time.Hour)), nil
		}
	}
	back, err := time.ParseDuration(text)
	if err == nil && back <= 0 {
		err = fmt.Errorf("not a positive length of time")
	}
	return back, err
}

// limitFlag takes how many rows to print.
type limitFlag struct{ rows int }

var _ pflag.Value = (*limitFlag)(nil)

// String returns the number of rows, or nothing for all.
func (f *limitFlag) String() string {
	if f == nil || f.rows == 0 {
		return ""
	}
	return fmt.Sprint(f.rows)
}

// Type names the value in the help.
func (f *limitFlag) Type() string { return "rows" }

// Set checks and keeps the number.
func (f *limitFlag) Set(text string) error {
	var rows int
	var rest string
	if n, _ := fmt.Sscanf(text, "%d%s", &rows, &rest); n != 1 || rows < 1 {
		return fmt.Errorf("want a number of rows, 1 or more")
	}
	f.rows = rows
	return nil
}

func addLimit(cmd *cobra.Command) *limitFlag {
	f := &limitFlag{}
	cmd.Flags().Var(f, "limit", "stop after this many rows")
	return f
}
