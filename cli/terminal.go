package cli

import (
	"io"
	"os"
	"strconv"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"
)

// terminal is what is known of a stream's other end.
type terminal struct {
	tty   bool
	color bool
	width int // columns; 0 when a table may be as wide as it likes
}

// terminalOf looks at a stream. COLUMNS in the environment sets the width of
// tables anywhere, a terminal or not.
func terminalOf(stream any, env environment, color bool) terminal {
	var t terminal
	if file, ok := stream.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		t.tty = true
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			t.width = width
		}
	}
	if columns, err := strconv.Atoi(env["COLUMNS"]); err == nil && columns > 0 {
		t.width = columns
	}
	t.color = t.tty && color && env["NO_COLOR"] == "" && env["TERM"] != "dumb"
	return t
}

// tone is the meaning of a color.
type tone int

const (
	tonePlain tone = iota
	toneHeading
	toneGood
	toneWarn
	toneBad
	toneFaint
)

// paint colors text when the stream is a terminal that shows colors.
func (t terminal) paint(text string, shade tone) string {
	if !t.color || shade == tonePlain || text == "" {
		return text
	}
	style := lipgloss.NewStyle()
	switch shade {
	case toneHeading:
		style = style.Bold(true)
	case toneGood:
		style = style.Foreground(lipgloss.Green)
	case toneWarn:
		style = style.Foreground(lipgloss.Yellow)
	case toneBad:
		style = style.Foreground(lipgloss.Red)
	case toneFaint:
		style = style.Faint(true)
	}
	return style.Render(text)
}

// toneOf gives the words that Microsoft uses for severities, risks and states
// their usual colors.
func toneOf(cell string) tone {
	switch cell {
	case "High", "Critical", "high", "critical", "error", "failed":
		return toneBad
	case "Medium", "medium", "warning", "warn":
		return toneWarn
	case "Resolved", "resolved", "Active", "ok", "passed":
		return toneGood
	case "Informational", "informational", "None", "none", "Inactive", "skipped":
		return toneFaint
	}
	return tonePlain
}

var _ io.Writer = (*redactor)(nil)
