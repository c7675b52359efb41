package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

// boardOn makes a board that writes into a buffer, on a clock of its own.
func boardOn(out *bytes.Buffer, term terminal, clock *time.Time) *board {
	p := newProgram(Process{Stderr: out})
	p.config = &config{}
	p.now = func() time.Time { return *clock }
	return &board{p: p, to: out, named: true, term: term}
}

func progressOf(stream gatehouse.Stream, rows, upstream int64) app.Progress {
	return app.Progress{
		Integration: gatehouse.Integration{ID: "1", Name: "contoso"},
		Run:         gatehouse.SyncRun{Integration: "1", Stream: stream, Created: rows},
		Rows:        rows, RowsPerSec: 500, Calls: 3, Floor: 2, Upstream: upstream, Elapsed: 2 * time.Second,
	}
}

// Where there is no terminal a run that ends is one line, and one that goes on
// is told of now and then.
func TestBoardInPlainLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	clock := testNow()
	b := boardOn(&out, terminal{}, &clock)
	b.show(progressOf("devices", 1000, 61000))
	if out.Len() > 0 {
		t.Errorf("a page is told of at once: %s", &out)
	}
	clock = clock.Add(boardPlain)
	limited := progressOf("devices", 1000, 61000)
	limited.Budget.Limited, limited.Budget.Left = true, 77
	b.show(limited)
	clock = clock.Add(boardPlain)
	limited.Budget.Left, limited.Budget.Wait = 0, 42*time.Second
	b.show(limited)
	done := progressOf("devices", 61000, 61000)
	done.Done, done.Health.State = true, gatehouse.StreamHealthy
	b.show(done)
	again := progressOf("vulnerabilities", 1000, -1)
	again.Run.Mode = gatehouse.SyncFull
	b.expect([]gatehouse.StreamHealth{{Integration: "1", Stream: "vulnerabilities", Held: 31000}})
	b.show(again)
	clock = clock.Add(boardPlain)
	b.show(again)
	failed := progressOf("alerts", 0, -1)
	failed.Done, failed.Err, failed.Health = true, errors.New("refused"), gatehouse.StreamHealth{State: gatehouse.StreamForbidden, Reason: "the role is gone"}
	b.show(failed)
	b.end()
	b.show(done)
	want := `contoso/devices               1,000 of 61,000 rows, 500 rows/s, 3 calls (2 would do), budget 77 calls, 2m left
contoso/devices               1,000 of 61,000 rows, 500 rows/s, 3 calls (2 would do), budget spent for 42s, 2m left
contoso/devices               healthy: 61,000 rows, 3 calls (2 would do), 61,000 new, 2.0 s
contoso/vulnerabilities       1,000 of about 31,000 rows, 500 rows/s, 3 calls (2 would do), 1m left
contoso/alerts                forbidden: 0 rows, 3 calls (2 would do), 2.0 s; the role is gone
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

// On a terminal the lines of the runs under way are drawn over, none wraps, and
// none is left behind.
func TestBoardOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	clock := testNow()
	b := boardOn(&out, terminal{tty: true, width: 40}, &clock)
	for range 3 {
		for _, stream := range []gatehouse.Stream{"devices", "alerts"} {
			b.show(progressOf(stream, 1000, 61000))
		}
		clock = clock.Add(boardEvery)
	}
	b.end()
	screen := newScreen()
	screen.write(out.String())
	if left := strings.TrimSpace(strings.Join(screen.lines, "\n")); left != "" {
		t.Errorf("left behind: %q", left)
	}
	if screen.widest >= 40 {
		t.Errorf("a line of %d columns wraps", screen.widest)
	}
	if screen.most > 3 {
		t.Errorf("%d lines for two runs", screen.most)
	}
}

// screen is as much of a terminal as the board uses.
type screen struct {
	lines        []string
	at           int
	most, widest int
}

func newScreen() *screen { return &screen{lines: []string{""}} }

// write takes text with "cursor up", "return" and "erase below".
func (s *screen) write(text string) {
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines = append(s.lines[:s.at], "")
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			up, rest, _ := strings.Cut(text[2:], "A")
			s.at -= int(up[0] - '0')
			text = rest
		case text[0] == '\r':
			text = text[1:]
		case text[0] == '\n':
			s.at++
			if s.at == len(s.lines) {
				s.lines = append(s.lines, "")
			}
			text = text[1:]
		default:
			end := strings.IndexAny(text, "\x1b\r\n")
			s.lines[s.at] += text[:end]
			s.widest = max(s.widest, displayWidth(s.lines[s.at]))
			text = text[end:]
		}
		s.most = max(s.most, len(s.lines))
	}
}
