package cli

import (
	"slices"
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
)

// A table measures its first rows, then streams: its memory does not grow with
// the list.
const tableSample = 200

// Columns stand this far apart, and a column that may be cut keeps this much.
const (
	tableGap     = 2
	tableMinimum = 12
	// a column that may be cut never takes more than this on its own
	tableFlexible = 60
)

// tableWriter aligns rows for people.
type tableWriter struct {
	lines  *lineWriter
	heads  []head
	term   terminal
	sample [][]string
	layout []slot // nil until measured
}

// slot is one column that made it into the table.
type slot struct {
	head
	index, width int
}

func newTableWriter(lines *lineWriter, heads []head, term terminal) *tableWriter {
	return &tableWriter{lines: lines, heads: heads, term: term}
}

func (w *tableWriter) row(r record) error {
	cells := make([]string, len(r.cells))
	for i, cell := range r.cells {
		cells[i] = w.heads[i].shown(cell)
	}
	if w.layout != nil {
		return w.print(cells)
	}
	w.sample = append(w.sample, cells)
	if len(w.sample) >= tableSample {
		return w.begin()
	}
	return nil
}

func (w *tableWriter) close(bool) error {
	if w.layout == nil && len(w.sample) > 0 {
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.lines.flush()
}

// begin measures the sample, then prints the heading and the sample.
func (w *tableWriter) begin() error {
	w.layout = fit(measure(w.heads, w.sample), w.term.width)
	titles := make([]string, len(w.heads))
	for i, h := range w.heads {
		titles[i] = h.title
		if !h.exact {
			titles[i] = strings.ToUpper(h.title)
		}
	}
	if err := w.lines.line([]byte(w.render(titles, func(slot, string) tone { return toneHeading }))); err != nil {
		return err
	}
	sample := w.sample
	w.sample = nil
	for _, cells := range sample {
		if err := w.print(cells); err != nil {
			return err
		}
	}
	return nil
}

func (w *tableWriter) print(cells []string) error {
	return w.lines.line([]byte(w.render(cells, func(s slot, cell string) tone {
		if s.tone == nil {
			return tonePlain
		}
		return s.tone(cell)
	})))
}

// render aligns one row; the last column is not padded.
func (w *tableWriter) render(cells []string, toneOf func(slot, string) tone) string {
	var line strings.Builder
	for i, s := range w.layout {
		cell := cells[s.index]
		if w.term.width > 0 || s.flex {
			cell = cut(cell, s.width)
		}
		padding := strings.Repeat(" ", max(0, s.width-displayWidth(cell)))
		last := i == len(w.layout)-1
		if s.right {
			line.WriteString(padding)
		}
		line.WriteString(w.term.paint(cell, toneOf(s, cell)))
		if !last {
			if !s.right {
				line.WriteString(padding)
			}
			line.WriteString(strings.Repeat(" ", tableGap))
		}
	}
	return strings.TrimRight(line.String(), " ")
}

// measure finds the natural width of each column that has a title and holds
// anything at all.
func measure(heads []head, sample [][]string) []slot {
	var slots []slot
	for i, h := range heads {
		if h.title == "" {
			continue
		}
		s := slot{head: h, index: i, width: displayWidth(h.title)}
		filled := false
		for _, cells := range sample {
			filled = filled || cells[i] != ""
			s.width = max(s.width, displayWidth(cells[i]))
		}
		if !filled && h.drop > 0 {
			continue
		}
		if h.flex {
			s.width = min(s.width, max(tableFlexible, displayWidth(h.title)))
		}
		slots = append(slots, s)
	}
	return slots
}

// fit narrows a table to width (0: as wide as it likes): first the columns that
// may be cut, then by dropping columns.
func fit(slots []slot, width int) []slot {
	if width <= 0 {
		return slots
	}
	for {
		over := tableWidth(slots) - width
		if over <= 0 {
			return slots
		}
		if over = shrink(slots, over); over <= 0 {
			return slots
		}
		next := slices.IndexFunc(slots, func(s slot) bool { return s.drop > 0 && s.drop == lowestDrop(slots) })
		if next < 0 {
			return slots
		}
		slots = slices.Delete(slots, next, next+1)
	}
}

func tableWidth(slots []slot) int {
	total := tableGap * (len(slots) - 1)
	for _, s := range slots {
		total += s.width
	}
	return total
}

// shrink takes the excess from the columns that may be cut, widest first, and
// returns what is left of it. It changes nothing when that cannot suffice.
func shrink(slots []slot, over int) int {
	spare := 0
	for _, s := range slots {
		if s.flex {
			spare += max(0, s.width-tableMinimum)
		}
	}
	if spare < over {
		return over
	}
	for ; over > 0; over-- {
		widest := -1
		for i, s := range slots {
			if s.flex && (widest < 0 || s.width > slots[widest].width) {
				widest = i
			}
		}
		slots[widest].width--
	}
	return 0
}

func lowestDrop(slots []slot) int {
	lowest := 0
	for _, s := range slots {
		if s.drop > 0 && (lowest == 0 || s.drop < lowest) {
			lowest = s.drop
		}
	}
	return lowest
}

// cut shortens a cell to width columns, with an ellipsis in its last one.
func cut(cell string, width int) string {
	if len(cell) <= width || displayWidth(cell) <= width {
		return cell
	}
	used := 0
	for i, r := range cell {
		step := displayWidth(string(r))
		if used+step > width-1 {
			return cell[:i] + "…"
		}
		used += step
	}
	return cell
}

// printable makes upstream text safe for a terminal: line breaks become
// spaces and control characters, which could steer the terminal, go.
func printable(text string) string {
	clean := true
	for _, r := range text {
		if !unicode.IsPrint(r) {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// displayWidth is how many columns of a terminal a text takes.
func displayWidth(text string) int { return lipgloss.Width(text) }
