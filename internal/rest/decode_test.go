package rest

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// sample has a member of every kind that items have.
type sample struct {
	Record `json:"-"`
	Text   string   `json:"text"`
	Whole  int64    `json:"whole"`
	Small  int      `json:"small"`
	Float  float64  `json:"float"`
	Flag   bool     `json:"flag"`
	List   []string `json:"list"`
	At     Time     `json:"at"`
	Inner  struct {
		Name string `json:"name"`
	} `json:"inner"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	at := Time{time.Date(2026, 5, 4, 10, 0, 0, 123_456_700, time.UTC)}
	inner := struct {
		Name string `json:"name"`
	}{"n"}
	whole := sample{Text: "x", Whole: 7, Small: 3, Float: 1.5, Flag: true, List: []string{"a", "b"}, At: at, Inner: inner}
	tests := []struct {
		name, raw string
		want      sample
		failed    []string
	}{
		{"as documented", `{"text":"x","whole":7,"small":3,"float":1.5,"flag":true,"list":["a","b"],"at":"2026-05-04T10:00:00.1234567Z","inner":{"name":"n"}}`, whole, nil},
		{"export file", `{"Text":"x","WHOLE":7,"Small":3,"Float":1.5,"Flag":true,"List":["a","b"],"At":"2026-05-04 10:00:00.1234567","Inner":{"Name":"n"}}`, whole, nil},
		{"other types", `{"text":"x","whole":"7","small":3.0,"float":"1.5","flag":"true","list":["a","b"],"at":"2026-05-04T10:00:00.1234567+00:00","inner":{"name":"n"}}`, whole, nil},
		{"number for text", `{"text":12.50,"flag":1,"list":"a"}`, sample{Text: "12.50", Flag: true, List: []string{"a"}}, nil},
		{"all null", `{"text":null,"whole":null,"small":null,"float":null,"flag":null,"list":null,"at":null,"inner":null}`, sample{}, nil},
		{"empty texts", `{"whole":"","float":"","flag":"","at":""}`, sample{}, nil},
		{"unknown members and duplicates", `{"new":{"a":[1]},"text":"y","text":"x","@odata.type":"#x"}`, sample{Text: "x"}, nil},
		{"broken UTF-8", "{\"text\":\"a\xffb\",\"whole\":7}", sample{Text: "a�b", Whole: 7}, nil},
		{"one member does not fit", `{"text":"x","whole":"many","float":1.5,"inner":"n","list":["a"]}`, sample{Text: "x", Float: 1.5, List: []string{"a"}}, []string{"whole", "inner"}},
		{"wrong time", `{"at":"yesterday","text":"x"}`, sample{Text: "x"}, []string{"at"}},
		{"no object", `[1,2]`, sample{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			buffer := jsontext.Value(tt.raw)
			got, err := Decode[sample](buffer)
			copy(buffer, strings.Repeat("#", len(buffer))) // the reader's buffer is used again
			if string(got.Raw) != tt.raw {
				t.Errorf("raw %s", got.Raw)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(sample{}, "Record")); diff != "" {
				t.Error(diff)
			}
			var odd *DecodeError
			if (tt.failed != nil || tt.name == "no object") != errors.As(err, &odd) {
				t.Fatalf("error %v", err)
			}
			if odd != nil && !cmp.Equal(odd.Members, tt.failed) {
				t.Errorf("failed %v", odd.Members)
			}
		})
	}
}

func TestListGoesOnBehindAnItemThatDoesNotDecode(t *testing.T) {
	t.Parallel()
	c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
		return reply(200, `{"value":[{"id":"t0"},{"id":"t1","n":{}},7,{"id":"t3"}]}`)
	})
	var got []string
	odd := 0
	for v, err := range List[thing](t.Context(), c, things(nil)) {
		var d *DecodeError
		if err != nil && !errors.As(err, &d) {
			t.Fatal(err)
		}
		if d != nil {
			odd++
		}
		got = append(got, v.ID+string(v.Raw))
	}
	want := []string{`t0{"id":"t0"}`, `t1{"id":"t1","n":{}}`, `7`, `t3{"id":"t3"}`}
	if !cmp.Equal(got, want) || odd != 2 {
		t.Errorf("%d odd: %v", odd, got)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	second := time.Date(2026, 5, 4, 10, 11, 12, 0, time.UTC)
	tests := map[string]time.Time{
		"2026-05-04T10:11:12Z":              second,
		"2026-05-04T10:11:12":               second,
		"2026-05-04 10:11:12":               second,
		"2026-05-04T10:11:12.1Z":            second.Add(100 * time.Millisecond),
		"2026-05-04T10:11:12.1234567Z":      second.Add(123_456_700),
		"2026-05-04 10:11:12.1234567":       second.Add(123_456_700),
		"2026-05-04T10:11:12.123456789Z":    second.Add(123_456_789),
		"2026-05-04T12:11:12.5+02:00":       second.Add(500 * time.Millisecond),
		"2026-05-04T10:11Z":                 second.Add(-12 * time.Second),
		"2026-05-04":                        second.Truncate(24 * time.Hour),
		"2026-05-04Z":                       second.Truncate(24 * time.Hour),
		"":                                  {},
		"0001-01-01T00:00:00Z":              time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		"9999-12-31T23:59:59.9999999Z":      time.Date(9999, 12, 31, 23, 59, 59, 999_999_900, time.UTC),
		"2028-02-29T00:00:00Z":              time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC),
		"2026-05-04T10:11:12.1234567+00:00": second.Add(123_456_700),
	}
	for text, want := range tests {
		got, err := ParseTime(text)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-05-04T24:00:00Z", "2026-05-04T10:11:60Z", "2026-05-04T10:11:12.Z", "20260504", "1777888999"} {
		if got, err := ParseTime(text); err == nil {
			t.Errorf("%q accepted as %v", text, got)
		}
	}
}

func TestErrorOfAnAnswer(t *testing.T) {
	t.Parallel()
	missing := "Missing application roles. API required roles: Machine.Read.All,Machine.ReadWrite.All, application roles: Alert.ReadWrite.All."
	tests := []struct {
		name, body string
		status     int
		header     []string
		want       Error
		kind       error
		text       string
	}{
		{
			"role missing", `{"error":{"code":"Forbidden","message":"` + missing + `","target":"|0a-1b."}}`, 403, nil,
			Error{StatusCode: 403, Code: "Forbidden", Message: missing, RequestID: "|0a-1b.", RequiredRoles: []string{"Machine.Read.All", "Machine.ReadWrite.All"}, HeldRoles: []string{"Alert.ReadWrite.All"}},
			ErrForbidden, "GET /api/things: 403 Forbidden: " + missing + " (request id |0a-1b.)",
		},
		{"not found", `{"error":{"code":"ResourceNotFound","message":"Machine 1 was not found","target":"t"}}`, 404, nil, Error{StatusCode: 404, Code: "ResourceNotFound", Message: "Machine 1 was not found", RequestID: "t"}, ErrNotFound, "GET /api/things: 404 ResourceNotFound: Machine 1 was not found (request id t)"},
		{"unknown route", "", 404, nil, Error{StatusCode: 404}, ErrNotFound, "GET /api/things: 404 Not Found"},
		{"wrong verb", "", 405, nil, Error{StatusCode: 405}, nil, "GET /api/things: 405 Method Not Allowed"},
		{"throttled", body429Numeric, 429, []string{"Retry-After", "90"}, Error{StatusCode: 429, Code: "429", Message: "API calls quota exceeded! maximum allowed 45 per 00:01:00", RequestID: "0a1b", RetryAfter: 90 * time.Second}, ErrThrottled, "GET /api/things: 429 429: API calls quota exceeded! maximum allowed 45 per 00:01:00 (retry after 1m30s) (request id 0a1b)"},
		{"no licence", `{"error":{"code":"Unauthorized","message":"Unauthorized request - reason of failure: No Tvm license"}}`, 401, nil, Error{StatusCode: 401, Code: "Unauthorized", Message: "Unauthorized request - reason of failure: No Tvm license"}, ErrUnlicensed, "GET /api/things: 401 Unauthorized: Unauthorized request - reason of failure: No Tvm license"},
		{"graph", `{"error":{"code":"Authorization_RequestDenied","message":"no","innerError":{"date":"d","request-id":"r","client-request-id":"c"}}}`, 403, nil, Error{StatusCode: 403, Code: "Authorization_RequestDenied", Message: "no", RequestID: "r"}, ErrForbidden, "GET /api/things: 403 Authorization_RequestDenied: no (request id r)"},
		{"correlation header", "", 401, []string{"mise-correlation-id", "m"}, Error{StatusCode: 401, RequestID: "m"}, ErrUnauthorized, "GET /api/things: 401 Unauthorized (request id m)"},
		{"html", "<html>\n<b>no</b>", 502, nil, Error{StatusCode: 502}, nil, "GET /api/things: 502 Bad Gateway"},
		{"code as a number", `{"error":{"code":429,"message":null}}`, 429, nil, Error{StatusCode: 429, Code: "429"}, ErrThrottled, "GET /api/things: 429 429"},
		{"redirect", "", 302, []string{"Location", "https://evil.example"}, Error{StatusCode: 302, Message: "redirects are not followed, because a token must not travel to another address"}, ErrRedirected, "GET /api/things: 302 Found: redirects are not followed, because a token must not travel to another address"},
		{"many lines", `{"error":{"code":"BadRequest","message":"a\nb\r\n\tc"}}`, 400, nil, Error{StatusCode: 400, Code: "BadRequest", Message: "a\nb\r\n\tc"}, nil, "GET /api/things: 400 BadRequest: a b c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, _ := reply(tt.status, tt.body, tt.header...)
			got := newError("GET", "/api/things", resp, []byte(tt.body))
			tt.want.Method, tt.want.Path = "GET", "/api/things"
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Error() != tt.text {
				t.Errorf("printed %s", got.Error())
			}
			for _, kind := range []error{ErrNotFound, ErrUnauthorized, ErrForbidden, ErrThrottled, ErrUnlicensed, ErrUnreachable, ErrRedirected} {
				if errors.Is(got, kind) != errors.Is(tt.kind, kind) {
					t.Errorf("is %v: %v", kind, errors.Is(got, kind))
				}
			}
		})
	}
}

func TestParseMissingRoles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text           string
		required, held []string
	}{
		{"API required roles: A.Read,B.Read, application roles: .", []string{"A.Read", "B.Read"}, nil},
		{"API required roles: A.Read, application roles: C.Read,D.Read.", []string{"A.Read"}, []string{"C.Read", "D.Read"}},
		{"api REQUIRED ROLES: A.Read , B.Read. Ask your administrator.", []string{"A.Read", "B.Read"}, nil},
		{"application roles: A.", nil, nil},
		{"", nil, nil},
	}
	for _, tt := range tests {
		required, held := parseMissingRoles(tt.text)
		if !cmp.Equal(required, tt.required) || !cmp.Equal(held, tt.held) {
			t.Errorf("%q: %v, %v", tt.text, required, held)
		}
	}
}

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"0": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "1.5": 1500 * time.Millisecond,
		"Mon, 04 May 2026 10:00:09 GMT": 9 * time.Second, "Mon, 04 May 2026 09:00:00 GMT": 0,
		"1e300": maxRetryAfter, "Mon, 04 May 2099 10:00:09 GMT": maxRetryAfter,
		"": -1, "-1": -1, "soon": -1, "NaN": -1, "7s": -1,
	}
	for text, want := range tests {
		got, ok := parseRetryAfter(text, now)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %s, %v", text, got, ok)
		}
	}
}
