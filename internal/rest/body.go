package rest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// What can be wrong with an answer's body.
var (
	// ErrTruncated tells that an answer broke off before its natural end.
	ErrTruncated = errors.New("the answer broke off before its end")
	// ErrMalformed tells that an answer is not the JSON that was documented.
	ErrMalformed = errors.New("the answer is not the JSON that was expected")
)

// readAhead is how many bytes of a long body are read at once.
const readAhead = 64 << 10

// readWhole reads a body that is one JSON value, or empty.
func readWhole(body io.Reader) (jsontext.Value, error) {
	watched := &watchedReader{r: body}
	dec := jsontext.NewDecoder(skipMark(watched, 16), strictly)
	raw, err := dec.ReadValue()
	if err == io.EOF && watched.err == nil { //nolint:errorlint // the decoder's own: nothing at all
		return nil, nil
	}
	if err != nil {
		return nil, bodyError(err, watched)
	}
	raw = raw.Clone()
	if err := ended(dec); err != nil {
		return nil, bodyError(err, watched)
	}
	return raw, nil
}

// ended looks for the natural end of a body behind its value.
func ended(dec *jsontext.Decoder) error {
	_, err := dec.ReadToken()
	if err == io.EOF { //nolint:errorlint // the decoder's own
		return nil
	}
	if err == nil {
		err = errors.New("there is more behind its end")
	}
	return err
}

// bodyError tells a body that broke off from one that makes no sense.
func bodyError(err error, body *watchedReader) error {
	var own *Error
	switch {
	case errors.Is(err, errStop), errors.Is(err, ErrChanged), errors.As(err, &own):
		return err
	case body.err != nil:
		return fmt.Errorf("%w (%w)", ErrTruncated, body.err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: after %d bytes", ErrTruncated, body.n)
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

// watchedReader remembers why and where a body ended.
type watchedReader struct {
	r   io.Reader
	n   int64
	err error // other than io.EOF
}

// Read reads from the body.
func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// skipMark drops the byte order mark that .NET writes at times. It reads size bytes
// at once.
func skipMark(r io.Reader, size int) *bufio.Reader {
	b := bufio.NewReaderSize(r, size)
	if head, _ := b.Peek(3); bytes.Equal(head, []byte("\ufeff")) {
		_, _ = b.Discard(3)
	}
	return b
}
