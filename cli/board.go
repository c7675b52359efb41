package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// Lines of the board change no more often than boardEvery; where there is no
// terminal a run that goes on is told of once in boardPlain.
const (
	boardEvery = 150 * time.Millisecond
	boardPlain = 10 * time.Second
)

// boardLines is how many runs are shown at once; more are counted.
const boardLines = 12

// board shows on standard error how the runs of a synchronisation go: one line
// for each run under way on a terminal, redrawn in place, and a plain line for
// each run that has ended.
type board struct {
	mu     sync.Mutex // runs of several integrations are told of at once
	p      *program
	to     io.Writer
	term   terminal
	named  bool             // several integrations: say which
	held   map[string]int64 // records of a stream before, by the key of its run
	runs   []*boardRun
	width  int // of the widest label so far, any stream of it
	drawn  int // lines that stand on the terminal
	latest time.Time
	closed bool
}

// boardRun is one run under way.
type boardRun struct {
	key   string
	last  app.Progress
	plain time.Time // when it was last told of in a plain line
}

func (p *program) newBoard(named bool) *board {
	return &board{p: p, to: p.stderr, named: named, term: terminalOf(p.stderr.to, p.env, !p.config.noColor)}
}

// expect tells how much was held before: a full reading brings about as much.
func (b *board) expect(health []gatehouse.StreamHealth) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = make(map[string]int64, len(health))
	for _, h := range health {
		b.held[runKey(h.Integration, h.Stream)] = h.Held
	}
}

// runKey tells the runs apart.
func runKey(integration string, s gatehouse.Stream) string { return integration + "/" + string(s) }

// show takes what the engine tells. It never blocks for long.
func (b *board) show(progress app.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.p.config.quiet {
		return
	}
	now := b.p.now()
	run := b.run(progress, now)
	switch {
	case progress.Done:
		b.erase()
		fmt.Fprintln(b.to, b.ended(progress))
		b.drop(run)
	case !b.term.tty && now.Sub(run.plain) >= boardPlain:
		run.plain = now
		fmt.Fprintln(b.to, b.underWay(progress))
	}
	if b.term.tty && (progress.Done || now.Sub(b.latest) >= boardEvery) {
		b.latest = now
		b.draw()
	}
}

// run finds the line of a run, or adds one.
func (b *board) run(progress app.Progress, now time.Time) *boardRun {
	key := runKey(progress.Run.Integration, progress.Run.Stream)
	for _, r := range b.runs {
		if r.key == key {
			r.last = progress
			return r
		}
	}
	r := &boardRun{key: key, last: progress, plain: now}
	b.runs = append(b.runs, r)
	return r
}

func (b *board) drop(run *boardRun) {
	for i, r := range b.runs {
		if r == run {
			b.runs = append(b.runs[:i], b.runs[i+1:]...)
			return
		}
	}
}

// erase takes the lines under way off the terminal.
func (b *board) erase() {
	if b.drawn > 0 {
		fmt.Fprintf(b.to, "\x1b[%dA\r\x1b[J", b.drawn)
		b.drawn = 0
	}
}

// draw puts them there again as they are now.
func (b *board) draw() {
	var page strings.Builder
	if b.drawn > 0 {
		fmt.Fprintf(&page, "\x1b[%dA\r\x1b[J", b.drawn)
	}
	shown := b.runs[:min(len(b.runs), boardLines)]
	for _, r := range shown {
		page.WriteString(b.fitted(b.underWay(r.last)) + "\n")
	}
	b.drawn = len(shown)
	if more := len(b.runs) - len(shown); more > 0 {
		page.WriteString(fmt.Sprintf("and %s more", thousands(more)) + "\n")
		b.drawn++
	}
	fmt.Fprint(b.to, page.String())
}

// fitted cuts a line that would wrap, since a wrapped line cannot be redrawn.
func (b *board) fitted(line string) string {
	if b.term.width > 0 {
		return cut(line, b.term.width-1)
	}
	return line
}

// end takes the board away.
func (b *board) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	b.closed = true
}

// label names a run, as wide as the widest label so far with any stream.
func (b *board) label(progress app.Progress) string {
	const widest = len("secure-score-controls")
	name := string(progress.Run.Stream)
	b.width = max(b.width, widest)
	if b.named {
		name = progress.Integration.Name + "/" + name
		b.width = max(b.width, len(progress.Integration.Name)+1+widest)
	}
	return fmt.Sprintf("%-*s ", b.width, name)
}

// underWay is the line of a run that goes on.
func (b *board) underWay(progress app.Progress) string {
	whole, of := progress.Upstream, " of "
	if whole <= 0 && progress.Run.Mode == gatehouse.SyncFull {
		whole, of = b.held[runKey(progress.Run.Integration, progress.Run.Stream)], " of about "
	}
	rows := plural(int(progress.Rows), "row")
	if whole > progress.Rows {
		rows = thousands(int(progress.Rows)) + of + thousands(int(whole)) + " rows"
	}
	parts := []string{rows, thousands(int(progress.RowsPerSec)) + " rows/s", callsText(progress)}
	if text := budgetText(progress); text != "" {
		parts = append(parts, text)
	}
	if left := timeLeft(progress, whole); left > 0 {
		parts = append(parts, age(left)+" left")
	}
	return b.label(progress) + strings.Join(parts, ", ")
}

// ended is the line of a run that has ended: what it changed, or why it did not
// end well.
func (b *board) ended(progress app.Progress) string {
	run := progress.Run
	state := string(progress.Health.State)
	parts := []string{plural(int(progress.Rows), "row"), callsText(progress)}
	for _, change := range []struct {
		n    int64
		what string
	}{{run.Created, "new"}, {run.Updated, "changed"}, {run.Removed, "removed"}, {run.SetAside, "set aside"}} {
		if change.n > 0 {
			parts = append(parts, thousands(int(change.n))+" "+change.what)
		}
	}
	if seconds := progress.Elapsed.Seconds(); seconds >= 1 {
		parts = append(parts, fmt.Sprintf("%.1f s", seconds))
	}
	line := fmt.Sprintf("%s%s: %s", b.label(progress), b.term.paint(orElse(state, "ended"), streamTone(state)), strings.Join(parts, ", "))
	if progress.Err != nil && state != string(gatehouse.StreamHealthy) {
		line += "; " + plain.Line(orElse(progress.Health.Reason, progress.Err.Error()))
	}
	return line
}

// callsText says what was spent beside the fewest calls that could do.
func callsText(progress app.Progress) string {
	text := plural(int(progress.Calls), "call")
	if progress.Floor > 0 && progress.Calls > progress.Floor {
		text += fmt.Sprintf(" (%s would do)", thousands(int(progress.Floor)))
	}
	return text
}

// budgetText says how many calls the rate limit of the route that was called last
// still allows; nothing where there is no limit.
func budgetText(progress app.Progress) string {
	switch b := progress.Budget; {
	case !b.Limited:
		return ""
	case b.Left == 0:
		return "budget spent for " + age(b.Wait)
	default:
		return "budget " + plural(b.Left, "call")
	}
}

// timeLeft is how long a run of so many rows takes yet at its speed; 0 when
// nobody knows.
func timeLeft(progress app.Progress, whole int64) time.Duration {
	left := whole - progress.Rows
	if left <= 0 || progress.RowsPerSec <= 0 {
		return 0
	}
	return time.Duration(float64(left) / progress.RowsPerSec * float64(time.Second))
}
