package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const expiredXML = `<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request.</Message><AuthenticationErrorDetail>Signature not valid in the specified key time frame: Key start [a] - Key expiry [b] - Current [c]</AuthenticationErrorDetail></Error>`

// lines prints items as the lines of an export file: names in Pascal case, nulls
// left out.
func lines(from, until int) string {
	var b strings.Builder
	for i := from; i < until; i++ {
		fmt.Fprintf(&b, "{\"Id\":\"t%d\",\"N\":%d,\"Seen\":\"2026-05-04 10:00:00\"}\n", i, i)
	}
	return b.String()
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// exporter is a service with export files of ten items each.
type exporter struct {
	files     int
	generated string
	links     int // how often links were asked for
	tries     map[int]int
	// file answers a download; whole is the content.
	file func(file, try int, whole string) (*http.Response, error)
}

func (e *exporter) answer(_ int, r *http.Request) (*http.Response, error) {
	if r.URL.Host == "api.security.microsoft.com" {
		e.links++
		var links []string
		for i := range e.files {
			links = append(links, fmt.Sprintf(`"%s/export-%d/part-%05d.json.gz?sv=1&sig=planted-signature-%d"`, blob, e.links, i, e.links))
		}
		return reply(200, fmt.Sprintf(`{"@odata.context":"x","exportFiles":[%s],"generatedTime":"%s"}`, strings.Join(links, ","), e.generated))
	}
	var link, file int
	if _, err := fmt.Sscanf(r.URL.Path, "/export-%d/part-%05d.json.gz", &link, &file); err != nil {
		return reply(404, "")
	}
	e.tries[file]++
	return e.file(file, e.tries[file], exportFile[file]())
}

// exportFile is the content of file n, made once: compressing is slow.
var exportFile = [...]func() string{
	sync.OnceValue(func() string { return zipped(lines(0, 10)) }),
	sync.OnceValue(func() string { return zipped(lines(10, 20)) }),
	sync.OnceValue(func() string { return zipped(lines(20, 30)) }),
	sync.OnceValue(func() string { return zipped(lines(30, 40)) }),
}

func newExporter(files int, file func(file, try int, whole string) (*http.Response, error)) *exporter {
	return &exporter{files: files, generated: "2026-05-04T06:00:00Z", tries: map[int]int{}, file: file}
}

func TestExportReadsEveryRowOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault func(try int, whole string) (*http.Response, error) // of the second file
		want  error
		rows  int // with an error
		links int
	}{
		{"no fault", func(_ int, whole string) (*http.Response, error) { return reply(200, whole) }, nil, 0, 1},
		{"connection breaks once", onFirst(func(whole string) (*http.Response, error) { return replyFrom(200, broken(whole[:len(whole)/2])) }), nil, 0, 1},
		{"cut once", onFirst(func(whole string) (*http.Response, error) { return reply(200, whole[:len(whole)-3]) }), nil, 0, 1},
		{"cut before the header's end", onFirst(func(whole string) (*http.Response, error) { return reply(200, whole[:1]) }), nil, 0, 1},
		{"checksum is wrong once", onFirst(func(whole string) (*http.Response, error) {
			return reply(200, whole[:len(whole)-8]+"XXXX"+whole[len(whole)-4:])
		}), nil, 0, 1},
		{"damaged once", onFirst(func(whole string) (*http.Response, error) {
			return reply(200, whole[:10]+"\xff"+whole[11:]) // no such kind of block
		}), nil, 0, 1},
		{"empty once", onFirst(func(string) (*http.Response, error) { return reply(200, "") }), nil, 0, 1},
		{"expired once", onFirst(func(string) (*http.Response, error) { return reply(403, expiredXML) }), nil, 0, 2},
		{"unreachable once", onFirst(func(string) (*http.Response, error) { return nil, errors.New("reset") }), nil, 0, 1},
		{"busy once", onFirst(func(string) (*http.Response, error) { return reply(503, "") }), nil, 0, 1},
		{"plain text", func(_ int, _ string) (*http.Response, error) { return reply(200, lines(10, 20)) }, nil, 0, 1},
		{"several members", func(_ int, _ string) (*http.Response, error) {
			return reply(200, zipped(lines(10, 13))+zipped(lines(13, 20)))
		}, nil, 0, 1},
		{"byte order mark", func(_ int, _ string) (*http.Response, error) { return reply(200, zipped("\ufeff"+lines(10, 20))) }, nil, 0, 1},
		{"byte order mark of plain text", func(_ int, _ string) (*http.Response, error) { return reply(200, "\ufeff"+lines(10, 20)) }, nil, 0, 1},
		{"always cut", func(_ int, whole string) (*http.Response, error) { return reply(200, whole[:len(whole)-3]) }, ErrTruncated, 20, 4},
		{"always empty", func(int, string) (*http.Response, error) { return reply(200, "") }, ErrEmptyDownload, 10, 4},
		{"always expired", func(int, string) (*http.Response, error) { return reply(403, expiredXML) }, ErrLinkExpired, 10, 5},
		{"no json at the end", func(int, string) (*http.Response, error) { return reply(200, zipped("{\"Id\":\"t10\"}\nnot json")) }, ErrMalformed, 11, 1},
		{"another content on the second try", func(try int, whole string) (*http.Response, error) {
			if try == 1 {
				return reply(200, whole[:len(whole)-3])
			}
			return reply(200, zipped(lines(0, 10)))
		}, ErrChanged, 20, 1},
		{"shorter on the second try", func(try int, whole string) (*http.Response, error) {
			if try == 1 {
				return reply(200, whole[:len(whole)-3])
			}
			return reply(200, zipped(lines(10, 12)))
		}, ErrChanged, 20, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newExporter(3, func(file, try int, whole string) (*http.Response, error) {
					if file == 1 {
						return tt.fault(try, whole)
					}
					return reply(200, whole)
				})
				c, _, _ := begin(t, e.answer)
				got, err := ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
				wantErr(t, err, tt.want)
				want := names(0, 30)
				if tt.want != nil {
					want = want[:tt.rows]
				}
				if !cmp.Equal(got, want) || e.links != tt.links {
					t.Errorf("links asked for %d times, want %d\n%s", e.links, tt.links, cmp.Diff(want, got))
				}
			})
		})
	}
}

func onFirst(fault func(string) (*http.Response, error)) func(int, string) (*http.Response, error) {
	return func(try int, whole string) (*http.Response, error) {
		if try == 1 {
			return fault(whole)
		}
		return reply(200, whole)
	}
}

func TestExportOfAReplacedSnapshot(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*exporter){
		"another time":    func(e *exporter) { e.generated = "2026-05-04T12:00:00Z" },
		"more files":      func(e *exporter) { e.files++ },
		"nothing changed": func(*exporter) {},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var e *exporter
				e = newExporter(2, func(file, try int, whole string) (*http.Response, error) {
					if file == 1 && try == 1 {
						change(e)
						return reply(403, expiredXML)
					}
					return reply(200, whole)
				})
				c, _, _ := begin(t, e.answer)
				got, err := ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
				if name == "nothing changed" {
					wantErr(t, err, nil)
					return
				}
				wantErr(t, err, ErrSnapshotReplaced)
				if !cmp.Equal(got, names(0, 10)) {
					t.Error(got)
				}
			})
		})
	}
}

func TestDownloadsCarryNoTokenAndGoToStorageOnly(t *testing.T) {
	t.Parallel()
	e := newExporter(2, func(_, _ int, whole string) (*http.Response, error) { return reply(200, whole) })
	c, s, _ := begin(t, e.answer)
	_, err := ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
	wantErr(t, err, nil)
	for _, r := range s.seen {
		if has := r.Header.Get("Authorization") != ""; has != (r.URL.Host == "api.security.microsoft.com") {
			t.Errorf("%s: token %v", r.URL.Host, has)
		}
	}
	for _, link := range []string{
		"https://evil.example/x.json.gz?sig=planted-signature", "http://a.blob.core.windows.net/x.json.gz?sig=planted-signature",
		"https://blob.core.windows.net.evil.example/x?sig=planted-signature", "https://u:p@a.blob.core.windows.net/x?sig=planted-signature",
		base + "/api/machines?sig=planted-signature",
	} {
		c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
			return reply(200, fmt.Sprintf(`{"exportFiles":[%q],"generatedTime":"2026-05-04T06:00:00Z"}`, link))
		})
		_, err := ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
		if err == nil || len(s.seen) != 1 || strings.Contains(err.Error(), "planted-signature") {
			t.Errorf("%s: %d calls, %v", link, len(s.seen), err)
		}
	}
}

// Whatever happens to the files, each row comes once or there is an error.
func TestExportNeverLosesOrRepeatsARow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		files := rapid.IntRange(0, 4).Draw(rt, "files")
		faults := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 8).Draw(rt, "faults")
		cut := rapid.Float64Range(0, 0.99).Draw(rt, "cut")
		var got []string
		var err error
		synctest.Test(t, func(t *testing.T) {
			n := 0
			e := newExporter(files, func(_, _ int, whole string) (*http.Response, error) {
				if n++; n > len(faults) {
					return reply(200, whole)
				}
				part := whole[:int(float64(len(whole))*cut)]
				switch faults[n-1] {
				case 1:
					return reply(200, part)
				case 2:
					return replyFrom(200, broken(part))
				case 3:
					return reply(403, expiredXML)
				case 4:
					return reply(500, "")
				case 5:
					return nil, errors.New("reset")
				}
				return reply(200, whole)
			})
			c, _, _ := begin(t, e.answer)
			got, err = ids(Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}))
		})
		want := names(0, files*10)
		if err == nil && !slices.Equal(got, want) || err != nil && !slices.Equal(got, want[:len(got)]) {
			rt.Fatalf("error %v, rows %v", err, got)
		}
	})
}

func TestDownloadLinkPrintsWithoutItsQuery(t *testing.T) {
	t.Parallel()
	e := newExporter(1, nil)
	c, _, _ := begin(t, e.answer)
	files, err := c.ExportFiles(t.Context(), Request{Operation: opExport})
	wantErr(t, err, nil)
	text, _ := files.Files[0].MarshalText()
	for _, s := range []string{
		fmt.Sprint(files.Files), fmt.Sprintf("%+v %#v %s %q", files, *files, files.Files[0], files.Files[0]),
		string(text), files.Files[0].LogValue().String(), files.Files[0].Name(),
	} {
		if strings.Contains(s, "planted") {
			t.Errorf("printed %s", s)
		}
	}
	if !strings.HasSuffix(files.Files[0].Reveal(), "planted-signature-1") {
		t.Error("Reveal does not reveal")
	}
}
