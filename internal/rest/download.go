package rest

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"sync/atomic"
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

// Exporting is an export to be read.
type Exporting struct {
	Request
	// Skip says which files to pass over, by their name and the time of their
	// snapshot. Default: none.
	Skip func(name string, generated time.Time) bool
	// OnFile is told of each file before the first row of the next. Its error ends
	// the list. Default: none.
	OnFile func(FileRead) error
}

// FileRead is one file of an export that was read to its natural end, after all
// its rows were handed out.
type FileRead struct {
	Name      string    // the same when the same file is linked again
	Number    int       // from 1
	Files     int       // how many files the snapshot has
	Rows      int       // rows of this file
	Calls     int64     // requests that left for it: downloads, and for the first file and fresh links those for links
	Generated time.Time // names the snapshot
}

// Export reads every row of every file of an export, one row at a time. A file
// that breaks off is read again and goes on behind the rows that were handed
// out.
func Export[T any, P Item[T]](ctx context.Context, c *Client, e Exporting) iter.Seq2[T, error] {
	return decoded[T, P](c.exportRows(ctx, e))
}

// exportRows reads an export as raw JSON. Each value is only good until the
// next.
func (c *Client) exportRows(ctx context.Context, x Exporting) iter.Seq2[jsontext.Value, error] {
	return sequence(func(item func(jsontext.Value) error) error {
		e := &export{c: c, Exporting: x}
		return e.run(ctx, item)
	})
}

// export is one reading of an export.
type export struct {
	Exporting
	c     *Client
	links *ExportFiles
	calls atomic.Int64 // requests that left
}

func (e *export) run(ctx context.Context, item func(jsontext.Value) error) (err error) {
	ctx = WithOnCall(ctx, func(Call) { e.calls.Add(1) })
	if e.links, err = e.c.ExportFiles(ctx, e.Request); err != nil {
		return err
	}
	for i := range e.links.Files {
		if e.Skip != nil && e.Skip(e.links.Files[i].Name(), e.links.GeneratedTime.Time) {
			continue
		}
		rows, err := e.file(ctx, i, item)
		if err == nil {
			err = e.report(i, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// report tells the caller of a file that was read, and begins to count anew.
func (e *export) report(i, rows int) error {
	calls := e.calls.Swap(0)
	if e.OnFile == nil {
		return nil
	}
	return e.OnFile(FileRead{
		Name: e.links.Files[i].Name(), Number: i + 1, Files: len(e.links.Files), Rows: rows,
		Calls: calls, Generated: e.links.GeneratedTime.Time,
	})
}

// file reads one file to its natural end. The first trouble with the body is met
// by reading the same link again, an expired link and any further trouble by
// fresh links.
func (e *export) file(ctx context.Context, i int, item func(jsontext.Value) error) (rows int, err error) {
	done := &progress{}
	for try := 0; ; try++ {
		link := e.links.Files[i]
		rows, err = e.c.readFile(ctx, link, try+1, done.resume(item))
		if err == nil {
			err = done.complete(rows)
		}
		if err == nil || !worthFreshLinks(err) || ctx.Err() != nil {
			return rows, orContext(ctx, err)
		}
		wait := backoff(try)
		if try+1 >= maxFileTries || !patient(ctx, wait) {
			return rows, fmt.Errorf("%s: file %s after %d tries: %w", e.Operation, link.Name(), try+1, err)
		}
		if err := pause(ctx, wait, nil); err != nil {
			return rows, err
		}
		if try > 0 || errors.Is(err, ErrLinkExpired) {
			if err := e.renew(ctx, link); err != nil {
				return rows, err
			}
		}
	}
}

// renew asks for fresh links of the same snapshot.
func (e *export) renew(ctx context.Context, link DownloadLink) error {
	fresh, err := e.c.ExportFiles(ctx, e.Request)
	if err != nil {
		return err
	}
	same := fresh.GeneratedTime.Equal(e.links.GeneratedTime.Time) && len(fresh.Files) == len(e.links.Files)
	for i := 0; same && i < len(fresh.Files); i++ {
		same = fresh.Files[i].Name() == e.links.Files[i].Name()
	}
	if !same {
		return fmt.Errorf("%s: file %s: %w", e.Operation, link.Name(), ErrSnapshotReplaced)
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
	if err := c.downloads.Allow(link.u); err != nil {
		return 0, fmt.Errorf("export file %s: not downloaded: %w", link.Name(), err)
	}
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

// download opens a link, which the caller has checked. It stands beside the pipeline
// on purpose: no token, no headers of ours, no log.
func (c *Client) download(ctx context.Context, link DownloadLink, try int) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.Reveal(), nil)
	if err != nil {
		return nil, errors.New("a download link is not a URL")
	}
	req.Header.Set("User-Agent", c.userAgent+workerOf(ctx))
	// Compressed once is enough, and a length that is known shows a broken end.
	req.Header.Set("Accept-Encoding", "identity")
	start := time.Now()
	resp, err := c.wire.Do(req)
	call := Call{Attempt: try, Took: time.Since(start), Err: err}
	if resp != nil {
		call.StatusCode = resp.StatusCode
	}
	report(ctx, &c.calls, c.onCall, call)
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
