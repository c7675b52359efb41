package rest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "7", "-1", "1e9", "NaN", "Inf", "Mon, 04 May 2026 10:00:09 GMT", "Monday, 04-May-26 10:00:09 GMT", "7, 8"} {
		f.Add(s)
	}
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := parseRetryAfter(s, now); d < 0 || d > maxRetryAfter || !ok && d != 0 {
			t.Errorf("%q: %s, %v", s, d, ok)
		}
	})
}

// A next link that is followed leads to our own origin, to the same operation,
// and keeps our filter.
func FuzzNextLink(f *testing.F) {
	for _, s := range []string{
		base + "/api/things?$skip=2", "http://x/", "//evil.example/api/things?$skip=2", base + "@evil.example/api/things?$skip=2",
		base + "/api/things?=x&=10000&$skip=10000", "/api/things?$skiptoken=a", "?$skip=1e+06", "https://api.security.microsoft.com\\@evil.example/api/things?$skip=1",
		"https://API.security.microsoft.com:443/api/Things/?$filter=severity eq 'High'&$skip=9", "%zz", "https://[::1]/",
	} {
		f.Add(s)
	}
	c, _, _ := begin(f, nil)
	own := url.Values{"$filter": {"severity eq 'High'"}}
	first, err := c.url(Request{Operation: opThings, Query: own})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, link string) {
		u, reason := c.nextURL(link, first)
		if (u == nil) == (reason == "") {
			t.Fatalf("%q: %v and reason %q", link, u, reason)
		}
		if u == nil {
			return
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Scheme != "https" || !sameOrigin(again, c.base) || again.User != nil || !samePath(again.Path, first.Path) {
			t.Errorf("%q leads to %v", link, u)
		}
		q, _ := url.ParseQuery(again.RawQuery)
		if kept, _ := param(q, "$filter"); kept != own.Get("$filter") && !hasParam(q, "$skiptoken") {
			t.Errorf("%q leads to %v without our filter", link, u)
		}
	})
}

// No prefix of a page passes for a page, and no page is read with another number
// of items than it has.
func FuzzPage(f *testing.F) {
	for _, s := range []string{
		thingsJSON(0, 3, base+"/api/things?$skip=3"), thingsJSON(0, 0, ""), `{"value":null}`, `[{"id":1},null,"x"]`,
		`{"value":[{}],"value":[{}]}`, `{"error":{"code":"x"},"value":[]}`, "\ufeff{\"value\":[]}", `{"value":[]} `, `{"a":{"value":[1]}}`,
	} {
		f.Add([]byte(s), uint16(0))
		f.Add([]byte(s), uint16(len(s)/2))
	}
	f.Fuzz(func(t *testing.T, body []byte, at uint16) {
		rows := 0
		count := func(jsontext.Value) error { rows++; return nil }
		p, err := readPage(bytes.NewReader(body), count)
		if err == nil && p.rows != rows {
			t.Errorf("%d rows, counted %d", p.rows, rows)
		}
		if err != nil {
			return
		}
		cut := bytes.TrimRight(body[:min(int(at), len(body))], " \t\r\n")
		if len(cut) >= len(bytes.TrimRight(body, " \t\r\n")) {
			return
		}
		if _, err := readPage(bytes.NewReader(cut), func(jsontext.Value) error { return nil }); err == nil {
			t.Errorf("%q passes for a page", cut)
		}
		_, err = readPage(io.MultiReader(bytes.NewReader(cut), &failing{io.ErrUnexpectedEOF}), func(jsontext.Value) error { return nil })
		if !errors.Is(err, ErrTruncated) {
			t.Errorf("%q: %v", cut, err)
		}
	})
}

func FuzzExportRows(f *testing.F) {
	f.Add([]byte(lines(0, 3)))
	f.Add([]byte(zipped(lines(0, 3))))
	f.Add([]byte(zipped("")))
	f.Add([]byte{0x1f, 0x8b})
	f.Add([]byte("\x1f"))
	f.Add([]byte("\ufeff" + lines(0, 2) + "{oops\n" + lines(2, 4)))
	f.Add([]byte(lines(0, 2) + "{\"Id\":\n" + lines(2, 3)))
	f.Fuzz(func(t *testing.T, body []byte) {
		n := 0
		rows, err := readRows(bytes.NewReader(body), func(raw jsontext.Value) error {
			n++
			_, err := Decode[thing](raw)
			var odd *DecodeError
			if err != nil && !errors.As(err, &odd) || !raw.IsValid(strictly) {
				t.Errorf("%q: %v", raw, err)
			}
			return nil
		})
		if n != rows {
			t.Errorf("%d rows, counted %d", rows, n)
		}
		if err == nil && len(body) == 0 {
			t.Error("an empty download passes for a file")
		}
		if _, err := readRows(io.MultiReader(bytes.NewReader(body), &failing{io.ErrUnexpectedEOF}), func(jsontext.Value) error { return nil }); err == nil && !isGzip(body) {
			t.Errorf("%q passes although it broke off", body)
		}
	})
}

func isGzip(b []byte) bool { return len(b) > 1 && b[0] == 0x1f && b[1] == 0x8b }

func FuzzForbidden(f *testing.F) {
	f.Add("Missing application roles. API required roles: A.Read,B.Read, application roles: C.Read.")
	f.Add("required roles:application roles:")
	f.Add("REQUIRED ROLES: \xff,, application roles: .")
	f.Fuzz(func(t *testing.T, text string) {
		required, held := parseMissingRoles(text)
		for _, name := range append(required, held...) {
			if name == "" || strings.ContainsAny(name, ",\n") || !strings.Contains(text, name) {
				t.Errorf("%q gives role %q", text, name)
			}
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(403, []byte(`{"error":{"code":"Forbidden","message":"m","target":"t"}}`))
	f.Add(429, []byte(body429Numeric))
	f.Add(500, []byte(`{"error":"text"}`))
	f.Add(502, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := newError("GET", "/x", &http.Response{StatusCode: status, Header: http.Header{}}, body)
		if text := e.Error(); strings.ContainsAny(text, "\r\n") || len(text) > 5000 {
			t.Errorf("printed %q", text)
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-05-04T10:11:12.1234567Z", "2026-05-04 10:11:12", "2026-05-04", "2026-05-04T10:11:12+14:00", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := ParseTime(s)
		if err != nil || at.IsZero() {
			return
		}
		if again, err := ParseTime(at.UTC().Format(time.RFC3339Nano)); at.Year() > 0 && at.Year() < 10000 && (err != nil || !again.Equal(at)) {
			t.Errorf("%q: %v comes back as %v, %v", s, at, again, err)
		}
		if want, err := time.Parse("2006-01-02T15:04:05Z07:00", s); err == nil && !want.Equal(at) {
			t.Errorf("%q: %v, the standard library says %v", s, at, want)
		}
	})
}
