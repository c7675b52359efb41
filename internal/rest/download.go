package rest

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What can be wrong with an export.
var (
	// ErrLinkExpired tells that a download link no longer works, and that fresh
	// ones did not help.
	ErrLinkExpired = errors.New("the download link has expired")
	// ErrEmptyDownload tells that a download was answered with no bytes at all,
	// which is no gzip file, not even an empty one.
	ErrEmptyDownload = errors.New("the download is empty")
	// ErrSnapshotReplaced tells that Microsoft replaced the snapshot while its
	// files were read, so that the rest cannot be had any more. Begin the export
	// again.
	ErrSnapshotReplaced = errors.New("the export's snapshot was replaced while its files were read: begin the export again")
)

// maxFileTries is how often one file is begun.
const maxFileTries = 5

// ExportFiles asks for the links of an export.
func (c *Client) ExportFiles(ctx context.Context, r Request) (*ExportFiles, error) {
	raw, err := c.Fetch(ctx, r)
	if err != nil {
		return nil, err
	}
	var files ExportFiles
	if err := json.Unmarshal(raw, &files, strictly); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Operation, ErrMalformed)
	}
	return &files, nil
}

// Export reads every row of every file of an export, one row at a time. A file
// that breaks off is read again and goes on behind the rows that were handed
// out.
func Export[T any, P Item[T]](ctx context.Context, c *Client, r Request) iter.Seq2[T, error] {
	return decoded[T, P](c.exportRows(ctx, r))
}

// exportRows reads an export as raw JSON. Each value is only good until the
// next.
func (c *Client) exportRows(ctx context.Context, r Request) iter.Seq2[jsontext.Value, error] {
	return func(yield func(jsontext.Value, error) bool) {
		e := &export{c: c, request: r}
		err := e.run(ctx, func(raw jsontext.Value) error {
			if !yield(raw, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// export is one reading of an export.
type export struct {
	c       *Client
	request Request
	links   *ExportFiles
}

func (e *export) run(ctx context.Context, item func(jsontext.Value) error) (err error) {
	if e.links, err = e.c.ExportFiles(ctx, e.request); err != nil {
		return err
	}
	for i := range e.links.Files {
		if err := e.file(ctx, i, item); err != nil {
			return err
		}
	}
	return nil
}

// file reads one file to its natural end. The first trouble with the body is met
// by reading the same link again, an expired link and any further trouble by
// fresh links.
func (e *export) file(ctx context.Context, i int, item func(jsontext.Value) error) error {
	done := &progress{}
	for try := 0; ; try++ {
		link := e.links.Files[i]
		rows, err := e.c.readFile(ctx, link, try+1, done.resume(item))
		if err == nil {
			err = done.complete(rows)
		}
		if err == nil || !worthFreshLinks(err) || ctx.Err() != nil {
			return orContext(ctx, err)
		}
		if try+1 >= maxFileTries {
			return fmt.Errorf("%s: file %s after %d tries: %w", e.request.Operation, link.Name(), try+1, err)
		}
		if err := pause(ctx, backoff(try), nil); err != nil {
			return err
		}
		if try > 0 || errors.Is(err, ErrLinkExpired) {
			if err := e.renew(ctx, link); err != nil {
				return err
			}
		}
	}
}

// renew asks for fresh links of the same snapshot.
func (e *export) renew(ctx context.Context, link DownloadLink) error {
	fresh, err := e.c.ExportFiles(ctx, e.request)
	if err != nil {
		return err
	}
	same := fresh.GeneratedTime.Equal(e.links.GeneratedTime.Time) && len(fresh.Files) == len(e.links.Files)
	for i := 0; same && i < len(fresh.Files); i++ {
		same = fresh.Files[i].Name() == e.links.Files[i].Name()
	}
	if !same {
		return fmt.Errorf("%s: file %s: %w", e.request.Operation, link.Name(), ErrSnapshotReplaced)
	}
	e.links = fresh
	return nil
}

func worthFreshLinks(err error) bool {
	return errors.Is(err, ErrLinkExpired) || errors.Is(err, ErrEmptyDownload) ||
		errors.Is(err, ErrTruncated) || errors.Is(err, ErrUnreachable)
}

// orContext returns the end of the context in place of what it caused.
func orContext(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, errStop) {
		return ctx.Err()
	}
	return err
}

// readFile downloads one file and reads its rows.
func (c *Client) readFile(ctx context.Context, link DownloadLink, try int, item func(jsontext.Value) error) (int, error) {
	body, err := c.download(ctx, link, try)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	rows, err := readRows(body, item)
	if err != nil && !errors.Is(err, errStop) && !errors.Is(err, ErrChanged) {
		err = fmt.Errorf("export file %s: %w", link.Name(), err)
	}
	return rows, err
}

// download opens a link. It stands beside the pipeline on purpose: no token, no
// headers of ours, no log.
func (c *Client) download(ctx context.Context, link DownloadLink, try int) (io.ReadCloser, error) {
	if err := c.downloads.Allow(link.u); err != nil {
		return nil, fmt.Errorf("export file %s: not downloaded: %w", link.Name(), err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.Reveal(), nil)
	if err != nil {
		return nil, errors.New("a download link is not a URL")
	}
	req.Header.Set("User-Agent", c.userAgent)
	// Compressed once is enough, and a length that is known shows a broken end.
	req.Header.Set("Accept-Encoding", "identity")
	start := time.Now()
	c.calls.Add(1)
	resp, err := c.wire.Do(req)
	call := Call{Attempt: try, Took: time.Since(start), Err: err}
	if resp != nil {
		call.StatusCode = resp.StatusCode
	}
	if c.onCall != nil {
		c.onCall(call)
	}
	if err != nil {
		return nil, &Error{Method: http.MethodGet, Path: link.u.Path, Message: "no answer from " + link.u.Host + ":", Err: err}
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	return nil, downloadError(resp, link.u)
}

// downloadError reads the XML of a storage account's refusal.
func downloadError(resp *http.Response, u *url.URL) error {
	var refusal struct {
		Code string `xml:"Code"`
	}
	// The detail quotes the key's times and is left out: nothing of a signed link
	// belongs into an error.
	_ = xml.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&refusal)
	e := &Error{
		Method: http.MethodGet, Path: u.Path, StatusCode: resp.StatusCode, Code: refusal.Code,
		RequestID: resp.Header.Get("X-Ms-Request-Id"),
	}
	switch {
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%w: %w", ErrLinkExpired, e)
	case retryableStatus(resp.StatusCode), resp.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %w", ErrTruncated, e)
	}
	return e
}

// readRows reads a file of JSON values, one after the other, usually one per
// line, compressed with gzip or (as a server that decompressed it by itself
// would send it) plain. It holds one row at a time and succeeds only at the
// natural end: the checksum of the gzip file, or the end of the stream behind a
// whole value.
func readRows(body io.Reader, item func(jsontext.Value) error) (rows int, err error) {
	watched := &watchedReader{r: body}
	source := bufio.NewReaderSize(watched, 64<<10)
	head, err := source.Peek(2)
	if len(head) == 0 && watched.err == nil {
		return 0, ErrEmptyDownload
	}
	if len(head) < 2 {
		return 0, bodyError(err, watched)
	}
	var plain io.Reader = source
	if head[0] == 0x1f && head[1] == 0x8b {
		zipped, err := gzip.NewReader(source)
		if err != nil {
			return 0, gzipError(err, watched)
		}
		plain = bufio.NewReaderSize(zipped, 64<<10)
	}
	dec := jsontext.NewDecoder(plain, strictly)
	for {
		raw, err := dec.ReadValue()
		if err == io.EOF { //nolint:errorlint // the decoder's own, at the end of the stream only
			return rows, nil
		}
		if err != nil {
			return rows, gzipError(err, watched)
		}
		rows++
		if err := item(raw); err != nil {
			return rows, err
		}
	}
}

// gzipError takes damage inside a gzip file for a broken download: what is sent
// again may be whole.
func gzipError(err error, body *watchedReader) error {
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("%w (%w)", ErrTruncated, err)
	}
	return bodyError(err, body)
}
