package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// CopyFile writes the file behind a link to w and returns how many bytes it has.
// It is fetched without a token, from a storage host or a host of the API, and
// begun again as long as nothing of it was written. A file that breaks off later
// is ErrTruncated.
func (c *Client) CopyFile(ctx context.Context, link DownloadLink, w io.Writer) (int64, error) {
	for try := 0; ; try++ {
		n, err := c.copyOnce(ctx, link, try+1, w)
		again := errors.Is(err, ErrTruncated) || errors.Is(err, ErrUnreachable)
		wait := backoff(try)
		if err == nil || !again || n > 0 || try+1 >= maxFileTries || ctx.Err() != nil || !patient(ctx, wait) {
			return n, orContext(ctx, err)
		}
		if err := pause(ctx, wait, nil); err != nil {
			return 0, err
		}
	}
}

// copyOnce fetches a file once. The length that the storage names shows a broken
// end.
func (c *Client) copyOnce(ctx context.Context, link DownloadLink, try int, w io.Writer) (int64, error) {
	// Microsoft's page shows packages on a host of the API itself.
	if err := c.downloads.Allow(link.u); err != nil && c.guard.Allow(link.u) != nil {
		return 0, fmt.Errorf("file %s: not downloaded: %w", link.Name(), err)
	}
	body, err := c.download(ctx, link, try)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	watched := &watchedReader{r: body}
	n, err := io.Copy(w, watched)
	switch {
	case watched.err != nil:
		return n, fmt.Errorf("file %s: %w (%w)", link.Name(), ErrTruncated, watched.err)
	case err != nil:
		return n, fmt.Errorf("file %s: write: %w", link.Name(), err)
	case n == 0:
		return 0, fmt.Errorf("file %s: %w", link.Name(), ErrEmptyDownload)
	}
	return n, nil
}
