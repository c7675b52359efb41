package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Every command that runs says what it does, shows an example, and documents
// its exit statuses; every flag is explained.
func TestEveryCommandIsDocumented(t *testing.T) {
	t.Parallel()
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		name := c.CommandPath()
		if c.Short == "" {
			t.Errorf("%s has no short text", name)
		}
		runs := c.RunE != nil && !c.HasSubCommands()
		if runs && (c.Example == "" || !strings.Contains(c.Example, "gatehouse ")) {
			t.Errorf("%s has no example", name)
		}
		if runs && (!strings.Contains(c.Long, "EXIT STATUS") || !strings.Contains(c.Long, "  0  done")) {
			t.Errorf("%s does not document its exit statuses", name)
		}
		for line := range strings.Lines(c.Long) {
			if len(strings.TrimRight(line, "\n")) > 100 {
				t.Errorf("%s: a line of its help is too long: %s", name, line)
			}
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: --%s is not explained", name, f.Name)
			}
		})
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(newRootCommand(newProgram(Process{})))
}

// Examples run: each names a command that exists, with flags that it has.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		text := strings.ReplaceAll(c.Example, "\\\n", " ")
		for line := range strings.Lines(text) {
			_, command, ok := strings.Cut(line, "gatehouse ")
			if !ok {
				continue
			}
			command, _, _ = strings.Cut(command, " > ")
			words := shellWords(command)
			found, rest, err := newRootCommand(newProgram(Process{})).Find(words)
			if err != nil || found.CommandPath() == "gatehouse" {
				t.Errorf("%s: no such command: %s", c.CommandPath(), line)
				continue
			}
			if err := found.ParseFlags(rest); err != nil {
				t.Errorf("%s: %s: %v", c.CommandPath(), line, err)
			}
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(newRootCommand(newProgram(Process{})))
}

// shellWords splits as a shell does, quotes taken off.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, open := rune(0), false
	for _, r := range strings.TrimSpace(line) {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, open = r, true
		case quote == 0 && r == ' ':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}

// A command takes only settings that are in the table: every persistent flag
// of the root is a setting, and the other way round.
func TestSettingsAndFlagsAgree(t *testing.T) {
	t.Parallel()
	var flags, names []string
	newRootCommand(newProgram(Process{})).PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "config" {
			flags = append(flags, f.Name)
		}
	})
	for _, s := range settings() {
		if !s.noFlag {
			names = append(names, s.name)
		}
	}
	slices.Sort(flags)
	slices.Sort(names)
	if !slices.Equal(flags, names) {
		t.Errorf("flags are %q, settings %q", flags, names)
	}
}

func TestProgressLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	g := &progress{to: &out}
	now := testNow()
	g.start("devices", now)
	g.call(now)
	if out.Len() > 0 {
		t.Errorf("a short list shows progress: %q", &out)
	}
	for range 2048 {
		g.row(now)
	}
	g.call(now.Add(2 * progressAfter))
	g.hide()
	if want := "\rdevices: 2,048 rows, 1,024 rows/s, 2 calls\x1b[K\r\x1b[K"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	silent := &progress{}
	silent.start("devices", now)
	silent.call(now.Add(2 * progressAfter))
	silent.note("x")
	silent.hide()
}
