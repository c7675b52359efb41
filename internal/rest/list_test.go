package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func things(q url.Values) Listing {
	return Listing{Request: Request{Operation: opThings, Query: q}}
}

// pages serves total items as Microsoft does: size per page, $skip links, none
// when $top was sent.
func pages(total, size int) func(int, *http.Request) (*http.Response, error) {
	return func(_ int, r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		skip, _ := strconv.Atoi(q.Get("$skip"))
		top, byTop := size, q.Has("$top")
		if byTop {
			top, _ = strconv.Atoi(q.Get("$top"))
			top = min(top, size)
		}
		from, until := min(skip, total), min(skip+top, total)
		next := ""
		if !byTop && until < total {
			q.Set("$skip", strconv.Itoa(until))
			next = base + "/api/things?" + q.Encode()
		}
		return reply(200, thingsJSON(from, until, next))
	}
}

func TestListReadsEveryItemInTheFewestCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                      string
		total, size, limit, skip  int
		maxPage, wantItems, calls int
	}{
		{"nothing", 0, 10, 0, 0, 10, 0, 1},
		{"one page", 7, 10, 0, 0, 10, 7, 1},
		{"full page", 10, 10, 0, 0, 10, 10, 1},
		{"three pages", 25, 10, 0, 0, 10, 25, 3},
		{"limit below a page", 25, 10, 4, 0, 10, 4, 1},
		{"limit of a page", 25, 10, 10, 0, 10, 10, 1},
		{"limit above a page", 25, 10, 21, 0, 10, 21, 3},
		{"limit above all", 25, 10, 100, 0, 10, 25, 3},
		{"service has a lower maximum than documented", 25, 10, 24, 0, 20, 24, 3},
		{"skip", 25, 10, 0, 3, 10, 22, 3},
		{"skip and limit", 25, 10, 15, 3, 10, 15, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, s, _ := begin(t, pages(tt.total, tt.size))
			l := things(nil)
			l.Limit, l.Skip, l.PageSize = tt.limit, tt.skip, tt.maxPage
			got, err := ids(List[thing](t.Context(), c, l))
			wantErr(t, err, nil)
			if want := names(tt.skip, tt.skip+tt.wantItems); !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
			if len(s.seen) != tt.calls || c.Calls() != int64(tt.calls) {
				t.Errorf("%d calls (counted %d), want %d", len(s.seen), c.Calls(), tt.calls)
			}
		})
	}
}

func TestSkipIsPrintedAsAWholeNumber(t *testing.T) {
	t.Parallel()
	c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"value":[]}`) })
	l := things(nil)
	l.Skip, l.Limit, l.PageSize = 12_345_678, 10, 10
	_, err := ids(List[thing](t.Context(), c, l))
	wantErr(t, err, nil)
	if got := s.seen[0].URL.RawQuery; got != "$skip=12345678&$top=10" {
		t.Errorf("query %q", got)
	}
}

func TestNextLinks(t *testing.T) {
	t.Parallel()
	filter := url.Values{"$filter": {"riskScore eq 'High'"}}
	tests := []struct {
		name, link string
		own        url.Values
		want       string // address of the second call; empty when refused
		reason     string
	}{
		{"sound", base + "/api/things?%24filter=riskScore+eq+%27High%27&%24skip=2", filter, base + "/api/things?%24filter=riskScore+eq+%27High%27&%24skip=2", ""},
		{"relative", "/api/things?$skip=2", nil, base + "/api/things?$skip=2", ""},
		{"version segment", base + "/api/v1.0/Things?$skip=2", nil, base + "/api/v1.0/Things?$skip=2", ""},
		{"known host becomes ours", "https://api.securitycenter.microsoft.com/api/things?$skip=2", nil, base + "/api/things?$skip=2", ""},
		{"filter lost", base + "/api/things?$skip=2", filter, base + "/api/things?$filter=riskScore%20eq%20%27High%27&$skip=2", ""},
		{"filter changed", base + "/api/things?$filter=riskScore+eq+%27Low%27&$skip=2", filter, base + "/api/things?$filter=riskScore%20eq%20%27High%27&$skip=2", ""},
		{"names lost, seen in 2022", base + "/api/things?=riskScore+eq+%27High%27&=2&$skip=2", filter, base + "/api/things?$filter=riskScore%20eq%20%27High%27&$skip=2", ""},
		{"skip as a float", base + "/api/things?=x&$skip=1e+06", nil, base + "/api/things?$skip=1000000", ""},
		{"skip token, lower-case parameter", base + "/api/things?pagesize=2&$skiptoken=abc", url.Values{"pageSize": {"2"}}, base + "/api/things?pagesize=2&$skiptoken=abc", ""},
		{"skip token alone", base + "/api/things?$skiptoken=abc", filter, base + "/api/things?$skiptoken=abc", ""},
		{"everything lost", base + "/api/things?=2", filter, "", "lost our query"},
		{"foreign", "https://evil.example/api/things?$skip=2", nil, "", "another host"},
		{"foreign port", "https://api.security.microsoft.com:8443/api/things?$skip=2", nil, "", "another host"},
		{"suffix of a known name", "https://xapi.security.microsoft.com/api/things?$skip=2", nil, "", "another host"},
		{"scheme-relative", "//evil.example/api/things?$skip=2", nil, "", "another host"},
		{"http", "http://api.security.microsoft.com/api/things?$skip=2", nil, "", "not https"},
		{"user information", "https://a:b@api.security.microsoft.com/api/things?$skip=2", nil, "", "user information"},
		{"another operation", base + "/api/alerts?$skip=2", nil, "", "another operation"},
		{"not a url", "https://[::1", nil, "", "not a URL"},
		{"itself", base + "/api/things", nil, "", "repeats"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, s, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					return reply(200, thingsJSON(0, 2, tt.link))
				}
				return reply(200, thingsJSON(2, 3, ""))
			})
			got, err := ids(List[thing](t.Context(), c, things(tt.own)))
			if tt.want == "" {
				var link *LinkError
				if !errors.As(err, &link) || !errors.Is(err, ErrNextLink) || !strings.Contains(err.Error(), tt.reason) || len(s.seen) != 1 {
					t.Fatalf("after %d calls: %v, want a LinkError with %q after one", len(s.seen), err, tt.reason)
				}
				return
			}
			wantErr(t, err, nil)
			if u := s.seen[1].URL.String(); u != tt.want || len(got) != 3 {
				t.Errorf("%d items, second call to\n %s, want\n %s", len(got), u, tt.want)
			}
		})
	}
}

func TestNextLinksThatNeverEnd(t *testing.T) {
	t.Parallel()
	endless := func(body func(n int, next string) string) func(int, *http.Request) (*http.Response, error) {
		return func(n int, _ *http.Request) (*http.Response, error) {
			return reply(200, body(n, fmt.Sprintf("%s/api/things?$skip=%d", base, n*2)))
		}
	}
	tests := map[string]func(n int, next string) string{
		"the same page over and over": func(_ int, next string) string { return thingsJSON(0, 2, next) },
		"empty pages":                 func(_ int, next string) string { return thingsJSON(0, 0, next) },
		"two pages in turn": func(n int, _ string) string {
			return thingsJSON(n*2, n*2+2, fmt.Sprintf("%s/api/things?$skip=%d", base, n%2))
		},
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s, _ := begin(t, endless(body))
			_, err := ids(List[thing](t.Context(), c, things(nil)))
			wantErr(t, err, ErrNextLink)
			if len(s.seen) > 30 {
				t.Errorf("%d calls", len(s.seen))
			}
		})
	}
}

func TestEmptyPageInTheMiddleIsPassed(t *testing.T) {
	t.Parallel()
	c, _, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
		return reply(200, []string{
			thingsJSON(0, 2, base+"/api/things?$skip=2"), thingsJSON(0, 0, base+"/api/things?$skip=4"), thingsJSON(2, 3, ""),
		}[n-1])
	})
	got, err := ids(List[thing](t.Context(), c, things(nil)))
	wantErr(t, err, nil)
	if !cmp.Equal(got, names(0, 3)) {
		t.Error(got)
	}
}

// A page may break off anywhere. The list is whole all the same, and no item
// comes twice.
func TestBrokenPageIsReadOnBehindItsItems(t *testing.T) {
	t.Parallel()
	whole := thingsJSON(0, 5, base+"/api/things?$skip=5")
	ways := map[string]func(string) (*http.Response, error){
		"connection breaks": func(s string) (*http.Response, error) { return replyFrom(200, broken(s)) },
		"body is cut":       func(s string) (*http.Response, error) { return reply(200, s) },
	}
	for name, way := range ways {
		for cut := 1; cut < len(whole); cut += 7 {
			t.Run(fmt.Sprint(name, " after ", cut), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					c, s, _ := begin(t, func(n int, r *http.Request) (*http.Response, error) {
						switch {
						case n == 1:
							return way(whole[:cut])
						case r.URL.Query().Get("$skip") == "":
							return reply(200, whole)
						}
						return reply(200, thingsJSON(5, 7, ""))
					})
					got, err := ids(List[thing](t.Context(), c, things(nil)))
					wantErr(t, err, nil)
					if !cmp.Equal(got, names(0, 7)) || len(s.seen) != 3 {
						t.Errorf("%d calls, %v", len(s.seen), got)
					}
				})
			})
		}
	}
}

func TestBrokenPageThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	again := map[string]string{
		"another first item":  thingsJSON(1, 6, ""),
		"fewer than given":    thingsJSON(0, 1, ""),
		"items in new order":  strings.Replace(thingsJSON(0, 5, ""), `"t1"`, `"t9"`, 1),
		"nothing at all":      thingsJSON(0, 0, ""),
		"an item has changed": strings.Replace(thingsJSON(0, 5, ""), `"n":0`, `"n":7`, 1),
	}
	for name, second := range again {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				whole := thingsJSON(0, 5, "")
				c, _, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return replyFrom(200, broken(whole[:len(whole)-30]))
					}
					return reply(200, second)
				})
				_, err := ids(List[thing](t.Context(), c, things(nil)))
				wantErr(t, err, ErrChanged)
			})
		})
	}
}

func TestPageThatStaysBroken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		whole := thingsJSON(0, 5, "")
		c, s, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, whole[:200]) })
		got, err := ids(List[thing](t.Context(), c, things(nil)))
		wantErr(t, err, ErrTruncated)
		if len(s.seen) != 4 || len(got) != 1 {
			t.Errorf("%d calls, items %v", len(s.seen), got)
		}
	})
}

func TestAnswersThatAreNoList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		empty  bool // EmptyOn404
		want   error
		items  int
	}{
		{"no recent machines", 404, `{"error":{"code":"NotFound","message":"none","target":"x"}}`, true, nil, 0},
		{"404 where it does not mean empty", 404, `{"error":{"code":"NotFound","message":"none"}}`, false, ErrNotFound, 0},
		{"unknown route", 404, "", true, ErrNotFound, 0},
		{"value is null", 200, `{"value":null}`, false, nil, 0},
		{"bare array", 200, `[{"id":"t0"}]`, false, nil, 1},
		{"byte order mark", 200, "\ufeff" + thingsJSON(0, 2, ""), false, nil, 2},
		{"link before the value", 200, `{"@odata.nextLink":null,"x":{"value":[1]},"value":[{"id":"t0"}]}`, false, nil, 1},
		{"no value", 200, `{"items":[]}`, false, ErrMalformed, 0},
		{"html", 200, "<html>sign in</html>", false, ErrMalformed, 0},
		{"text", 200, `"hello"`, false, ErrMalformed, 0},
		{"more behind the end", 200, thingsJSON(0, 2, "") + "{}", false, ErrMalformed, 2},
		{"value is an object", 200, `{"value":{}}`, false, ErrMalformed, 0},
		{"refused in the middle", 200, `{"value":[{"id":"t0"}],"error":{"code":"BadRequest","message":"gone wrong"}}`, false, nil, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(tt.status, tt.body) })
			l := things(nil)
			l.EmptyOn404 = tt.empty
			got, err := ids(List[thing](t.Context(), c, l))
			if tt.items < 0 {
				var e *Error
				if !errors.As(err, &e) || e.Code != "BadRequest" || e.Path != "/api/things" {
					t.Fatalf("got %v", err)
				}
				return
			}
			wantErr(t, err, tt.want)
			if len(got) != tt.items {
				t.Errorf("items %v", got)
			}
		})
	}
}

func TestExpiredSkipToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 404, 410} {
		c, _, _ := begin(t, func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return reply(200, thingsJSON(0, 2, base+"/api/things?pagesize=2&$skiptoken=abc"))
			}
			return reply(status, `{"error":{"code":"BadRequest","message":"Skiptoken value is not valid."}}`)
		})
		l := things(nil)
		l.SizeParam, l.PageSize = "pageSize", 2
		got, err := ids(List[thing](t.Context(), c, l))
		wantErr(t, err, ErrCursorExpired)
		var e *Error
		if !errors.As(err, &e) || e.StatusCode != status || len(got) != 2 {
			t.Errorf("%v: %v", got, err)
		}
	}
}

func TestLeavingTheLoopEndsTheReading(t *testing.T) {
	t.Parallel()
	c, s, _ := begin(t, pages(100, 10))
	n := 0
	for _, err := range List[thing](t.Context(), c, things(nil)) {
		wantErr(t, err, nil)
		if n++; n == 15 {
			break
		}
	}
	if len(s.seen) != 2 {
		t.Errorf("%d calls", len(s.seen))
	}
}

// Whatever breaks, the list is the whole list or ends with an error.
func TestNeverFewerItemsInSilence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.IntRange(0, 40).Draw(rt, "total")
		size := rapid.IntRange(1, 15).Draw(rt, "size")
		limit := rapid.IntRange(0, 50).Draw(rt, "limit")
		if limit > 0 {
			size *= 10 // a service whose maximum is lower than documented has a round one
		}
		faults := rapid.SliceOfN(rapid.IntRange(0, 6), 0, 12).Draw(rt, "faults")
		var got []string
		var err error
		synctest.Test(t, func(t *testing.T) {
			whole := pages(total, size)
			c, _, _ := begin(t, func(n int, r *http.Request) (*http.Response, error) {
				resp, _ := whole(n, r)
				if n > len(faults) {
					return resp, nil
				}
				return spoil(faults[n-1], resp)
			})
			l := things(nil)
			l.Limit, l.PageSize = limit, max(size, 20)
			got, err = ids(List[thing](t.Context(), c, l))
		})
		want := names(0, total)
		if limit > 0 {
			want = names(0, min(total, limit))
		}
		if err == nil && !slices.Equal(got, want) {
			rt.Fatalf("no error and %d of %d items", len(got), len(want))
		}
		if err != nil && !slices.Equal(got, want[:min(len(got), len(want))]) {
			rt.Fatalf("wrong items before the error %v", err)
		}
	})
}
