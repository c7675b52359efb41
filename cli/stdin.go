package cli

import (
	"errors"
	"io"
)

// onceReader is standard input, which can be read to its end only once: two
// settings that both say "-" are a mistake.
type onceReader struct {
	from io.Reader
	user string // who read it
}

// maxInput bounds what is read from standard input or a file of arguments.
const maxInput = 1 << 20

// open hands standard input to the named use, to be read as it comes.
func (r *onceReader) open(use string) (io.Reader, error) {
	if r.user != "" {
		return nil, usagef("standard input cannot be both %s and %s: give one of them as a file", r.user, use)
	}
	r.user = use
	return r.from, nil
}

// readAll reads standard input for the named use.
func (r *onceReader) readAll(use string) ([]byte, error) {
	from, err := r.open(use)
	if err != nil {
		return nil, err
	}
	text, err := readBounded(from)
	if err != nil {
		return nil, usagef("%s from standard input: %w", use, err)
	}
	return text, nil
}

func readBounded(from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = errors.New("longer than 1 MiB")
	}
	return text, err
}
