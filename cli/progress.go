package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress is the line on standard error that shows how a long list goes. Its
// zero value is silent; it is switched on only when standard error is a
// terminal and standard output is not, so that it never stands among rows.
type progress struct {
	mu      sync.Mutex // calls may be counted while rows are
	to      io.Writer  // nil: silent
	noun    string
	rows    int
	calls   int
	started time.Time
	shown   time.Time
	visible bool
}

// The line appears after this long and changes no more often than this.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

func (g *progress) start(noun string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.noun, g.rows, g.started = noun, 0, now
}

// row counts one row.
func (g *progress) row(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rows++
	if g.to != nil && g.rows%64 == 0 {
		g.show(now)
	}
}

// call counts one call to Microsoft.
func (g *progress) call(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls++
	if g.to != nil {
		g.show(now)
	}
}

func (g *progress) show(now time.Time) {
	if g.started.IsZero() || now.Sub(g.started) < progressAfter || now.Sub(g.shown) < progressEvery {
		return
	}
	g.shown, g.visible = now, true
	fmt.Fprint(g.to, "\r"+g.line(now)+"\x1b[K")
}

// line is the text of the progress line.
func (g *progress) line(now time.Time) string {
	speed := int(float64(g.rows) / max(now.Sub(g.started).Seconds(), 0.001))
	text := fmt.Sprintf("%s: %s rows, %s rows/s", g.noun, thousands(g.rows), thousands(speed))
	if g.calls > 0 {
		text += ", " + plural(g.calls, "call")
	}
	return text
}

// hide removes the line.
func (g *progress) hide() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.visible {
		fmt.Fprint(g.to, "\r\x1b[K")
		g.visible = false
	}
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	return out.String()
}

// plural writes "1 call" and "2 calls".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// note shows a text that is not about rows.
func (g *progress) note(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.to != nil {
		g.visible = true
		fmt.Fprint(g.to, "\r"+text+"\x1b[K")
	}
}
