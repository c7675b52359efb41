package rest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"

	"github.com/go-json-experiment/json"
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

// errStop ends the reading of a page because the caller wants no more.
var errStop = errors.New("stop")

// page is what a page says beside its items.
type page struct {
	next string // @odata.nextLink, empty on the last page
	rows int
}

// readPage decodes one page as a stream: {"value": [items], "@odata.nextLink":
// text, ...}, in any order, or a bare array of items. It holds one item at a
// time and hands each to item, whose argument is only good until it returns. It
// succeeds only when the page and the stream came to their natural end.
func readPage(body io.Reader, item func(jsontext.Value) error) (page, error) {
	watched := &watchedReader{r: body}
	dec := jsontext.NewDecoder(skipMark(watched, readAhead), strictly)
	p, err := decodePage(dec, item)
	if err == nil {
		if _, err = dec.ReadToken(); err == io.EOF { //nolint:errorlint // the decoder's own
			return p, nil
		} else if err == nil {
			err = errors.New("there is more behind its end")
		}
	}
	return p, bodyError(err, watched)
}

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
	if _, err := dec.ReadToken(); err == nil {
		return nil, fmt.Errorf("%w: there is more behind its end", ErrMalformed)
	} else if err != io.EOF { //nolint:errorlint // the decoder's own
		return nil, bodyError(err, watched)
	}
	return raw, nil
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

func decodePage(dec *jsontext.Decoder, item func(jsontext.Value) error) (page, error) {
	var p page
	tok, err := dec.ReadToken()
	if err != nil {
		return p, err
	}
	if tok.Kind() == jsontext.KindBeginArray {
		p.rows, err = decodeItems(dec, item)
		return p, err
	}
	if tok.Kind() != jsontext.KindBeginObject {
		return p, fmt.Errorf("a list begins with %s", tok.Kind())
	}
	seen := false
	err = decodeMembers(dec, func(name string) (err error) {
		switch name {
		case "value":
			seen = true
			var n int
			n, err = decodeValue(dec, item)
			p.rows += n // a name may come twice, and none of its items is lost
		case "@odata.nextLink":
			p.next, err = decodeText(dec)
		case "error":
			err = decodeError(dec)
		default:
			err = dec.SkipValue()
		}
		return err
	})
	if err == nil && !seen {
		err = errors.New("it has no value member")
	}
	return p, err
}

// decodeMembers reads an object to its end, each value by the function, which is
// given its name.
func decodeMembers(dec *jsontext.Decoder, value func(name string) error) error {
	for dec.PeekKind() == jsontext.KindString {
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := value(tok.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken() // the closing brace
	return err
}

// decodeValue reads the items, or null for none.
func decodeValue(dec *jsontext.Decoder, item func(jsontext.Value) error) (int, error) {
	begun, err := decodeOpening(dec)
	if !begun {
		return 0, err
	}
	return decodeItems(dec, item)
}

// decodeOpening reads "[", which begins the items, or null, which stands for none.
func decodeOpening(dec *jsontext.Decoder) (begun bool, err error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return false, err
	}
	switch k := tok.Kind(); k {
	case jsontext.KindBeginArray:
		return true, nil
	case jsontext.KindNull:
		return false, nil
	default:
		return false, fmt.Errorf("its items begin with %s", k)
	}
}

func decodeItems(dec *jsontext.Decoder, item func(jsontext.Value) error) (rows int, err error) {
	for dec.PeekKind() != jsontext.KindEndArray {
		raw, err := dec.ReadValue()
		if err != nil {
			return rows, err
		}
		rows++
		if err := item(raw); err != nil {
			return rows, err
		}
	}
	_, err = dec.ReadToken()
	return rows, err
}

func decodeText(dec *jsontext.Decoder) (string, error) {
	raw, err := dec.ReadValue()
	if err != nil || raw.Kind() != jsontext.KindString {
		return "", err
	}
	var s string
	err = json.Unmarshal(raw, &s, strictly)
	return s, err
}

// decodeError reads the error that a service writes into a stream which it had
// begun as a success.
func decodeError(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil || raw.Kind() != jsontext.KindBeginObject {
		return err
	}
	var b errorBody
	if err := json.Unmarshal(raw, &b, tolerantly); err != nil {
		return err
	}
	e := &Error{StatusCode: 500}
	b.into(e)
	return e
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

// progress remembers which items of one page or file were handed out, as a
// count and one hash over them all, so that a second reading can go on behind
// them and knows whether they are still the same.
type progress struct {
	done int
	hash maphash.Hash
}

// same tells whether another page had the same items. Hashes of different seeds
// cannot be compared, so all share one.
func (p *progress) same(other *progress) bool { return p.hash.Sum64() == other.hash.Sum64() }

// newProgress returns a progress at the start of a page or file. The pages of
// one list share a seed.
func newProgress(seed maphash.Seed) *progress {
	p := &progress{}
	p.hash.SetSeed(seed)
	return p
}

// ErrChanged tells that what was read again after a break is no longer what was
// read before it. Read the list again from its start.
var ErrChanged = errors.New("the list changed while it was read: read it again")

// resume returns a function that passes to item only what was not yet handed
// out, and records it.
func (p *progress) resume(item func(jsontext.Value) error) func(jsontext.Value) error {
	var again maphash.Hash
	again.SetSeed(p.hash.Seed())
	want, until, at := p.hash.Sum64(), p.done, 0
	return func(raw jsontext.Value) error {
		at++
		if at <= until {
			record(&again, raw)
			if at == until && again.Sum64() != want {
				return ErrChanged
			}
			return nil
		}
		record(&p.hash, raw)
		p.done++
		return item(raw)
	}
}

// complete tells whether a reading reached what an earlier one had handed out.
func (p *progress) complete(rows int) error {
	if rows < p.done {
		return ErrChanged
	}
	return nil
}

func record(h *maphash.Hash, raw jsontext.Value) {
	_, _ = h.Write(raw)
	_ = h.WriteByte('\n')
}

// Each hands the items of a whole answer to item: those of a list, or the one
// that the answer is when it is no list.
func Each(raw jsontext.Value, item func(jsontext.Value) error) error {
	single := raw.Kind() == jsontext.KindBeginObject
	if single {
		var list struct {
			Value jsontext.Value `json:"value"`
		}
		if err := json.Unmarshal(raw, &list, strictly); err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		single = list.Value == nil
	}
	if single {
		return item(raw)
	}
	_, err := readPage(bytes.NewReader(raw), item)
	return err
}
