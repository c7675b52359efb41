package cli

import (
	"context"
	"errors"
	"io"
)

// onceReader is standard input, which can be read to its end only once: two
// settings that both say "-" are a mistake.
type onceReader struct {
	from  io.Reader
	user  string          // who read it
	ended <-chan struct{} // closed when nobody wants to wait for more
}

// maxInput bounds what is read from standard input or a file of arguments.
const maxInput = 1 << 20

// open hands standard input to the named use, to be read as it comes.
func (r *onceReader) open(use string) (io.Reader, error) {
	if r.user != "" {
		return nil, usagef("standard input cannot be both %s and %s: give one of them as a file", r.user, use)
	}
	r.user = use
	return &waitingReader{from: r.from, ended: r.ended, buffer: make([]byte, 64<<10)}, nil
}

// readAll reads standard input for the named use.
func (r *onceReader) readAll(use string) ([]byte, error) {
	from, err := r.open(use)
	if err != nil {
		return nil, err
	}
	text, err := readBounded(from)
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err != nil {
		return nil, usagef("%s from standard input: %w", use, err)
	}
	return text, nil
}

// waitingReader reads what a person or another program may never send: it gives up
// when the run is ended, which a read by itself does not notice.
type waitingReader struct {
	from   io.Reader
	ended  <-chan struct{}
	buffer []byte // a read fills it; nobody looks at it again once one was given up
	rest   []byte // what was read and not handed on yet
	err    error
}

var _ io.Reader = (*waitingReader)(nil)

// Read waits for input, or for the end of the run, which is [context.Canceled].
func (w *waitingReader) Read(p []byte) (int, error) {
	if len(w.rest) == 0 && w.err == nil {
		w.wait()
	}
	if len(w.rest) == 0 {
		return 0, w.err
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *waitingReader) wait() {
	type answer struct {
		n   int
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		n, err := w.from.Read(w.buffer)
		answers <- answer{n, err}
	}()
	select {
	case a := <-answers:
		w.rest, w.err = w.buffer[:a.n], a.err
	case <-w.ended:
		w.err = context.Canceled
	}
}

func readBounded(from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = errors.New("longer than 1 MiB")
	}
	return text, err
}
