package rest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxBadRow is the longest row that is no JSON: one that is longer, the file is
// something else than rows.
const maxBadRow = 1 << 20

// readRows reads a file of JSON values, one after the other, usually one per
// line, compressed with gzip or (as a server that decompressed it by itself
// would send it) plain. It holds one row at a time and succeeds only at the
// natural end: the checksum of the gzip file, or the end of the stream behind a
// whole value. A row that is no JSON is handed out as a JSON text, which decodes
// as no item, and reading goes on behind it; a file of nothing else is malformed.
func readRows(body io.Reader, item func(jsontext.Value) error) (rows int, err error) {
	watched := &watchedReader{r: body}
	source, err := openRows(watched)
	if err != nil {
		return 0, err
	}
	dec := jsontext.NewDecoder(source.text, strictly)
	var good bool
	var bad error // why the last row that is no JSON is none
	for {
		raw, err := dec.ReadValue()
		switch {
		case err == nil:
			good = true
		case err == io.EOF && bad != nil && !good: //nolint:errorlint // the decoder's own, at the end of the stream only
			return rows, bodyError(bad, watched)
		case err == io.EOF: //nolint:errorlint // likewise
			return rows, nil
		default:
			bad = err
			if raw, err = source.badRow(dec, bad); err != nil {
				return rows, gzipError(err, watched)
			}
			dec.Reset(source.text, strictly)
		}
		rows++
		if err := item(raw); err != nil {
			return rows, err
		}
	}
}

// rowText is the text of a file that is read row by row.
type rowText struct {
	text  *bufio.Reader // without a byte order mark
	below io.Reader     // what text reads
}

// openRows begins to read a file.
func openRows(body *watchedReader) (*rowText, error) {
	source := bufio.NewReaderSize(body, readAhead)
	head, err := source.Peek(2)
	if len(head) == 0 && body.err == nil {
		return nil, ErrEmptyDownload
	}
	if len(head) < 2 {
		return nil, bodyError(err, body)
	}
	if head[0] != 0x1f || head[1] != 0x8b {
		return &rowText{skipMark(source, readAhead), body}, nil
	}
	unzipped, err := gzip.NewReader(source)
	if err != nil {
		return nil, gzipError(err, body)
	}
	return &rowText{skipMark(unzipped, readAhead), unzipped}, nil
}

// badRow passes over what dec could not read, because of bad, and returns it as a
// text: all up to the next line that begins an object, or to the end of the last
// line. What broke off fails: a body, a last line, and a value with nothing behind
// it that begins another.
func (s *rowText) badRow(dec *jsontext.Decoder, bad error) (jsontext.Value, error) {
	if _, ok := errors.AsType[*jsontext.SyntacticError](bad); !ok {
		return nil, bad
	}
	s.unread(bytes.TrimLeft(dec.UnreadBuffer(), " \t\r\n"))
	var row []byte
	for {
		part, err := s.text.ReadSlice('\n')
		row = append(row, part...)
		switch {
		case err == io.EOF, len(row) > maxBadRow:
			return nil, bad
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return nil, err
		}
		next, err := s.text.Peek(1)
		if len(next) > 0 && next[0] == '{' || err == io.EOF && !errors.Is(bad, io.ErrUnexpectedEOF) {
			text, _ := jsontext.AppendQuote(nil, bytes.TrimSpace(row)) // broken UTF-8 is replaced
			return text, nil
		}
	}
}

// unread puts back what was read ahead.
func (s *rowText) unread(b []byte) {
	ahead, _ := s.text.Peek(s.text.Buffered())
	s.below = io.MultiReader(bytes.NewReader(slices.Concat(b, ahead)), s.below)
	s.text.Reset(s.below)
}

// gzipError takes damage inside a gzip file for a broken download: what is sent
// again may be whole.
func gzipError(err error, body *watchedReader) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("%w (%w)", ErrTruncated, err)
	}
	return bodyError(err, body)
}
