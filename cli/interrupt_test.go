package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// stopper ends a context once so many lines have come by.
type stopper struct {
	mu    sync.Mutex
	out   bytes.Buffer
	after int
	stop  context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.out.Write(p)
	if bytes.Count(s.out.Bytes(), []byte("\n")) >= s.after {
		s.stop()
	}
	return n, err
}

// Ctrl-C in the middle of a list ends with 130 and whole lines, in every format.
func TestInterruptLeavesWholeLines(t *testing.T) {
	t.Parallel()
	_, v := begin(t, sandboxOptions{size: emulator.Size{Devices: 3000, Alerts: -1, Events: -1, PageSize: 50, VulnerabilityRows: 10}})
	for _, format := range outputFormats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			out := &stopper{after: 20, stop: stop}
			var stderr bytes.Buffer
			status := Main(ctx, Process{Args: []string{"devices", "list", "--output", format}, Env: v.env.pairs(), Stdout: out, Stderr: &stderr})
			if status != exitInterrupted {
				t.Fatalf("exit status is %d, want %d: %s", status, exitInterrupted, &stderr)
			}
			if stderr.String() != "gatehouse: interrupted\n" {
				t.Errorf("standard error is %q", &stderr)
			}
			text := out.out.String()
			if !strings.HasSuffix(text, "\n") {
				t.Errorf("the last line is cut: …%q", text[max(0, len(text)-80):])
			}
			if rows := strings.Count(text, "\n"); rows >= 3000 {
				t.Errorf("%d lines: nothing was interrupted", rows)
			}
			if format == "ndjson" {
				for line := range strings.Lines(text) {
					if !jsontext.Value(line).IsValid() {
						t.Fatalf("not a whole object: %q", line)
					}
				}
			}
			if format == "json" && jsontext.Value(text).IsValid() {
				t.Error("half a list passes for a whole one")
			}
		})
	}
}

// A context that has ended before the start sends nothing.
func TestInterruptBeforeTheStart(t *testing.T) {
	t.Parallel()
	s, v := begin(t, sandboxOptions{})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if status := v.run(ctx, "devices", "list"); status != exitInterrupted {
		t.Errorf("exit status is %d: %s", status, &v.stderr)
	}
	if sent := s.server.Stats().Requests["GET /api/machines"]; sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

// Ctrl-C ends a command that waits for standard input, which may never come.
func TestInterruptEndsTheWaitForInput(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"normalize --stream alerts -", "ocsf validate -", "hunt -", "check --tenant-id contoso.example --client-secret-file -",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			in, out := io.Pipe()
			defer out.Close()
			ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer stop()
			var stderr bytes.Buffer
			status := Main(ctx, Process{Args: strings.Fields(line), Env: []string{"HOME=" + t.TempDir()}, Stdin: in, Stderr: &stderr})
			if status != exitInterrupted || stderr.String() != "gatehouse: interrupted\n" {
				t.Errorf("exit status is %d, want %d: %s", status, exitInterrupted, &stderr)
			}
		})
	}
}
