package rest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// A file is fetched whole or not at all, begun again only while nothing of it was
// written, and never with a token.
func TestCopyFile(t *testing.T) {
	t.Parallel()
	full := func(w io.Writer) io.Writer { return w }
	type answers []func() (*http.Response, error)
	ok := func() (*http.Response, error) { return reply(200, "PK-the-package") }
	tests := []struct {
		name, link, written string
		answers             answers
		writer              func(io.Writer) io.Writer
		want                error
		calls               int
	}{
		{"whole", blob + "/p.zip?sig=planted-signature", "PK-the-package", answers{ok}, full, nil, 1},
		{"on a host of the API", base + ":443/safedownload/p.zip?token=planted-signature", "PK-the-package", answers{ok}, full, nil, 1},
		{"elsewhere", "https://evil.example/p.zip?sig=planted-signature", "", answers{ok}, full, errAny, 0},
		{"not over TLS", "http://tvmexporteus.blob.core.windows.net/p.zip", "", answers{ok}, full, errAny, 0},
		{"busy, then whole", blob + "/p.zip", "PK-the-package", answers{func() (*http.Response, error) { return reply(503, "") }, ok}, full, nil, 2},
		{"no answer, then whole", blob + "/p.zip", "PK-the-package", answers{func() (*http.Response, error) { return nil, errors.New("reset") }, ok}, full, nil, 2},
		{"breaks before the first byte", blob + "/p.zip", "PK-the-package", answers{func() (*http.Response, error) { return replyFrom(200, broken("")) }, ok}, full, nil, 2},
		{"breaks in the middle", blob + "/p.zip", "PK-", answers{func() (*http.Response, error) { return replyFrom(200, broken("PK-")) }, ok}, full, ErrTruncated, 1},
		{"expired", blob + "/p.zip", "", answers{func() (*http.Response, error) { return reply(403, "<Error><Code>AuthenticationFailed</Code></Error>") }}, full, ErrLinkExpired, 1},
		{"empty", blob + "/p.zip", "", answers{func() (*http.Response, error) { return reply(200, "") }}, full, ErrEmptyDownload, 1},
		{"a disk that is full", blob + "/p.zip", "", answers{ok}, func(io.Writer) io.Writer { return fullDisk{} }, errFull, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) { return tt.answers[n-1]() })
				link, err := ParseDownloadLink(tt.link)
				if err != nil {
					t.Fatal(err)
				}
				var got bytes.Buffer
				n, err := c.CopyFile(t.Context(), link, tt.writer(&got))
				if errors.Is(tt.want, errAny) && err == nil || !errors.Is(tt.want, errAny) && !errors.Is(err, tt.want) {
					t.Errorf("got error %v, want %v", err, tt.want)
				}
				if got.String() != tt.written || n != int64(len(tt.written)) || len(s.seen) != tt.calls {
					t.Errorf("wrote %q, said %d, %d calls", got.String(), n, len(s.seen))
				}
				if err != nil && strings.Contains(err.Error(), "planted-signature") {
					t.Error("the error has the signature:", err)
				}
				for _, r := range s.seen {
					if r.Header.Get("Authorization") != "" {
						t.Error("a token went to", r.URL.Host)
					}
				}
			})
		})
	}
}

// errAny stands for whatever error, errFull for that of a writer.
var errAny, errFull = errors.New("any"), errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestActiveRequest(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"error":{"code":"ActiveRequestAlreadyExists","message":"x"}}`:             true,
		`{"error":{"code":"BadRequest","message":"Action is already in progress"}}`: true,
		`{"error":{"code":"BadRequest","message":"Something else"}}`:                false,
		``: false,
	} {
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(400, body) })
		if _, err := Get[thing](t.Context(), c, Request{Operation: opWrite, Vars: []string{"x"}}); errors.Is(err, ErrActiveRequest) != want || err == nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}
