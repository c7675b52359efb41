package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"go.uber.org/goleak"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// base is the origin of every test client, blob the host of its export files.
const (
	base = "https://api.security.microsoft.com"
	blob = "https://tvmexporteus.blob.core.windows.net"
)

// opThings is a list, opThing one item of it, opWrite a change that must not be
// sent twice.
var (
	opThings = Operation{API: gatehouse.APIMDE, Method: "GET", Path: "/api/things", Replay: true}
	opThing  = Operation{API: gatehouse.APIMDE, Method: "GET", Path: "/api/things/{id}", Replay: true}
	opWrite  = Operation{API: gatehouse.APIMDE, Method: "POST", Path: "/api/things/{id}/act"}
	opExport = Operation{API: gatehouse.APIMDE, Method: "GET", Path: "/api/machines/Export", Replay: true}
)

// thing is an item.
type thing struct {
	Record `json:"-"`
	ID     string `json:"id"`
	N      int64  `json:"n"`
	Seen   Time   `json:"seen"`
}

// credential hands out tokens that it numbers, and remembers how it was asked.
type credential struct {
	mu    sync.Mutex
	asked []policy.TokenRequestOptions
	life  time.Duration
	err   error
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, o)
	life := c.life
	if life == 0 {
		life = time.Hour
	}
	return azcore.AccessToken{Token: "planted-token-" + strconv.Itoa(len(c.asked)), ExpiresOn: time.Now().Add(life)}, c.err
}

// service answers requests in memory, so that a test can run on synctest's clock.
type service struct {
	mu      sync.Mutex
	answer  func(n int, r *http.Request) (*http.Response, error)
	seen    []*http.Request
	arrived []time.Time
}

func (s *service) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen = append(s.seen, r)
	s.arrived = append(s.arrived, time.Now())
	n := len(s.seen)
	s.mu.Unlock()
	resp, err := s.answer(n, r)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

// reply is an answer with a body, headers given as name and value in turn.
func reply(status int, body string, header ...string) (*http.Response, error) {
	return replyFrom(status, strings.NewReader(body), header...)
}

func replyFrom(status int, body io.Reader, header ...string) (*http.Response, error) {
	resp := &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status),
		Header: http.Header{}, Body: io.NopCloser(body), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp, nil
}

// broken is a body that breaks off.
func broken(body string) io.Reader {
	return io.MultiReader(strings.NewReader(body), &failing{io.ErrUnexpectedEOF})
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// begin makes a client of a service that answers by a function.
func begin(t testing.TB, answer func(n int, r *http.Request) (*http.Response, error), change ...func(*Options)) (*Client, *service, *credential) {
	t.Helper()
	s := &service{answer: answer}
	cred := &credential{}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := entra.CloudByName(entra.CloudGlobal)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Base: u, Guard: cloud.MDE.Guard(), Downloads: cloud.DownloadGuard(), Scope: cloud.MDE.Scope(),
		Transport: s, MaxRetries: 3,
	}
	for _, f := range change {
		f(&o)
	}
	c, err := New(cred, o)
	if err != nil {
		t.Fatal(err)
	}
	return c, s, cred
}

// ids collects the ids of a list and its error.
func ids(list iter.Seq2[thing, error]) (got []string, err error) {
	for v, err := range list {
		if err != nil {
			return got, err
		}
		got = append(got, v.ID)
	}
	return got, nil
}

// thingsJSON prints the items from one number to another, as a page with a link.
func thingsJSON(from, until int, next string) string {
	var b bytes.Buffer
	b.WriteString(`{"@odata.context":"` + base + `/api/$metadata#Things","value":[`)
	for i := from; i < until; i++ {
		if i > from {
			b.WriteByte(',')
		}
		b.WriteString(`{"id":"t` + strconv.Itoa(i) + `","n":` + strconv.Itoa(i) + `,"seen":"2026-05-04T10:00:00.1234567Z","unknown":{"a":[1,null]}}`)
	}
	b.WriteString(`]`)
	if next != "" {
		b.WriteString(`,"@odata.nextLink":` + strconv.Quote(next))
	}
	b.WriteString(`}`)
	return b.String()
}

// names are the ids from one number to another.
func names(from, until int) []string {
	var out []string
	for i := from; i < until; i++ {
		out = append(out, "t"+strconv.Itoa(i))
	}
	return out
}

// wantErr fails when err is not of a kind; a nil kind means no error.
func wantErr(t testing.TB, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got error %v, want %v", err, kind)
	}
}
