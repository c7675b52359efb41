package rest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pageLog collects what a list says of its pages.
func pageLog(l *Listing) *[]PageRead {
	var log []PageRead
	l.OnPage = func(p PageRead) error {
		log = append(log, p)
		return nil
	}
	return &log
}

func TestPagesAreTold(t *testing.T) {
	t.Parallel()
	link := func(skip string) string { return base + "/api/things?$skip=" + skip }
	top := func(top, skip string) string { return base + "/api/things?$skip=" + skip + "&$top=" + top }
	tests := []struct {
		name   string
		change func(*Listing)
		want   []PageRead
	}{
		{"by next links", func(*Listing) {}, []PageRead{{1, 10, 1, link("10")}, {2, 10, 1, link("20")}, {3, 5, 1, ""}}},
		{"by top without a limit", func(l *Listing) { l.ByTop = true }, []PageRead{{1, 10, 1, top("10", "10")}, {2, 10, 1, top("10", "20")}, {3, 5, 1, ""}}},
		{"small pages", func(l *Listing) { l.ByTop, l.PageSize, l.Skip = true, 8, 9 }, []PageRead{{1, 8, 1, top("8", "17")}, {2, 8, 1, top("8", "25")}, {3, 0, 1, ""}}},
		{"a limit within the second page", func(l *Listing) { l.Limit = 14 }, []PageRead{{1, 10, 1, top("4", "10")}, {2, 4, 1, ""}}},
		{"a limit that the service does not hear", func(l *Listing) { l.PageSize, l.Limit = 0, 14 }, []PageRead{{1, 10, 1, link("10")}, {2, 4, 1, ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _, _ := begin(t, pages(25, 10))
			l := things(nil)
			l.PageSize = 10
			tt.change(&l)
			log := pageLog(&l)
			got, err := ids(List[thing](t.Context(), c, l))
			wantErr(t, err, nil)
			rows := 0
			for i := range *log {
				rows += (*log)[i].Rows
				(*log)[i].Next = plainQuery((*log)[i].Next)
			}
			if diff := cmp.Diff(tt.want, *log); diff != "" || rows != len(got) {
				t.Errorf("%d rows of %d\n%s", rows, len(got), diff)
			}
		})
	}
}

// plainQuery prints an address with a bare "$".
func plainQuery(u string) string { return strings.ReplaceAll(u, "%24", "$") }

// A page that breaks off counts each request that left for it.
func TestPageCountsItsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := begin(t, func(n int, r *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return replyFrom(200, broken(thingsJSON(0, 5, "")[:200]))
			case 2:
				return reply(503, "")
			}
			return pages(12, 10)(n, r)
		})
		l := things(nil)
		log := pageLog(&l)
		got, err := ids(List[thing](t.Context(), c, l))
		wantErr(t, err, nil)
		if len(got) != 12 || len(*log) != 2 || (*log)[0].Calls != 3 || (*log)[1].Calls != 1 {
			t.Errorf("%d items, %+v", len(got), *log)
		}
	})
}

// Whatever the pages and wherever a reading stops, going on from the last whole
// page gives the rest, and nothing twice.
func TestListGoesOnFromAPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.IntRange(0, 60).Draw(rt, "total")
		size := rapid.IntRange(1, 12).Draw(rt, "size")
		stop := rapid.IntRange(1, 8).Draw(rt, "stop behind page")
		l := things(url.Values{"$filter": {"n ge 0"}})
		l.PageSize, l.ByTop = size, rapid.Bool().Draw(rt, "by top")
		c, _, _ := begin(t, pages(total, size))
		enough := errors.New("enough")
		l.OnPage = func(p PageRead) error {
			if l.From = p.Next; p.Number == stop {
				return enough
			}
			return nil
		}
		got, err := ids(List[thing](t.Context(), c, l))
		if err != nil && !errors.Is(err, enough) {
			rt.Fatal(err)
		}
		if l.From != "" {
			l.OnPage = nil
			if rapid.Bool().Draw(rt, "smaller pages") {
				l.ByTop, l.PageSize = true, max(1, size/2)
			}
			rest, err := ids(List[thing](t.Context(), c, l))
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, rest...)
		}
		if want := names(0, total); !slices.Equal(got, want) {
			rt.Fatal(cmp.Diff(want, got))
		}
	})
}

func TestFromIsCheckedLikeANextLink(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"https://evil.example/api/things?$skip=2", base + "/api/alerts?$skip=2", "http://api.security.microsoft.com/api/things?$skip=1", "%"} {
		c, s, _ := begin(t, pages(5, 5))
		l := things(nil)
		l.From = from
		_, err := ids(List[thing](t.Context(), c, l))
		wantErr(t, err, ErrInput)
		wantErr(t, err, ErrNextLink)
		if len(s.seen) > 0 {
			t.Errorf("%s was sent", from)
		}
	}
}

func TestFromWithoutAPlace(t *testing.T) {
	t.Parallel()
	c, _, _ := begin(t, pages(5, 5))
	l := things(nil)
	l.From, l.ByTop, l.PageSize = base+"/api/things?$skiptoken=abc", true, 3
	_, err := ids(List[thing](t.Context(), c, l))
	wantErr(t, err, ErrInput)
}

func TestExpiredCursorOfAnEarlierReading(t *testing.T) {
	t.Parallel()
	c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(400, `{"error":{"code":"BadRequest"}}`) })
	l := things(nil)
	l.From = base + "/api/things?$skiptoken=old"
	_, err := ids(List[thing](t.Context(), c, l))
	wantErr(t, err, ErrCursorExpired)
}

func TestFilesAreToldAndPassedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newExporter(3, func(file, try int, whole string) (*http.Response, error) {
			if file == 1 && try == 1 {
				return reply(403, expiredXML)
			}
			return reply(200, whole)
		})
		c, _, _ := begin(t, e.answer)
		var log []FileRead
		x := Exporting{Request: Request{Operation: opExport}, OnFile: func(f FileRead) error {
			log = append(log, f)
			return nil
		}}
		got, err := ids(Export[thing](t.Context(), c, x))
		wantErr(t, err, nil)
		var calls, rows []int
		for i, f := range log {
			calls, rows = append(calls, int(f.Calls)), append(rows, f.Rows)
			if f.Number != i+1 || f.Files != 3 || f.Generated.IsZero() || f.Name == "" {
				t.Errorf("%+v", f)
			}
		}
		// Links and a download; two downloads and fresh links; a download.
		if !slices.Equal(calls, []int{2, 3, 1}) || !slices.Equal(rows, []int{10, 10, 10}) || len(got) != 30 {
			t.Errorf("calls %v, rows %v of %d", calls, rows, len(got))
		}
		x.Skip = func(name string, generated time.Time) bool {
			return generated.Equal(log[0].Generated) && (name == log[0].Name || name == log[2].Name)
		}
		got, err = ids(Export[thing](t.Context(), c, x))
		wantErr(t, err, nil)
		if want := names(10, 20); !slices.Equal(got, want) || len(log) != 4 || log[3].Number != 2 {
			t.Errorf("%v, %+v", got, log[3])
		}
		refused := errors.New("refused")
		x.OnFile = func(FileRead) error { return refused }
		_, err = ids(Export[thing](t.Context(), c, x))
		wantErr(t, err, refused)
	})
}

// A context tells its own calls, those of inner contexts too, and no others.
func TestCallsOfAContext(t *testing.T) {
	t.Parallel()
	var inner, outer []string
	note := func(log *[]string) func(Call) {
		return func(c Call) { *log = append(*log, c.Operation.Path) }
	}
	c, _, _ := begin(t, pages(5, 5))
	ctx := WithOnCall(t.Context(), note(&outer))
	for _, step := range []struct {
		l    Listing
		in   bool
		with func(Call)
	}{{l: things(nil)}, {l: things(nil), in: true}} {
		use := ctx
		if step.in {
			use = WithOnCall(ctx, note(&inner))
		}
		_, err := ids(List[thing](use, c, step.l))
		wantErr(t, err, nil)
	}
	_, err := ids(List[thing](t.Context(), c, things(nil)))
	wantErr(t, err, nil)
	if len(inner) != 1 || len(outer) != 2 || c.Calls() != 3 {
		t.Errorf("inner %v, outer %v, all %d", inner, outer, c.Calls())
	}
}

func TestWaitsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute = 2
		var waits []time.Duration
		budgets := NewBudgets()
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return reply(200, `{"id":"x"}`) }, func(o *Options) {
			o.Budgets = budgets
			o.OnWait = func(told Operation, d time.Duration) {
				if told.String() != op.String() {
					t.Errorf("wait for %s", told)
				}
				waits = append(waits, d)
			}
		})
		left := func(op Operation, n int, wait time.Duration) {
			t.Helper()
			if gotN, got := budgets.Left(op); gotN != n || got != wait {
				t.Errorf("%d calls left, wait %s; want %d and %s", gotN, got, n, wait)
			}
		}
		left(op, 2, 0)
		left(opThings, -1, 0)
		for i := range 3 {
			_, err := Get[thing](t.Context(), c, Request{Operation: op, Vars: []string{"x"}})
			wantErr(t, err, nil)
			if i == 1 {
				left(op, 0, 50*time.Second)
			}
			pauseFor(10 * time.Second)
		}
		left(op, 1, 0)
		if !slices.Equal(waits, []time.Duration{40 * time.Second}) {
			t.Errorf("waits %v", waits)
		}
	})
}

// Behind calls in flight there is no room for a whole window: who does not want to
// wait that long is told at once.
func TestNoWaitBehindCallsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := opThing
		op.PerMinute = 1
		release := make(chan struct{})
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
			<-release
			return reply(200, `{"id":"x"}`)
		}, func(o *Options) { o.MaxWait = -1 })
		go func() { _, _ = Get[thing](t.Context(), c, Request{Operation: op, Vars: []string{"x"}}) }()
		synctest.Wait()
		start := time.Now()
		_, err := Get[thing](t.Context(), c, Request{Operation: op, Vars: []string{"x"}})
		wantErr(t, err, ErrThrottled)
		refused, ok := errors.AsType[*Error](err)
		if !ok || refused.RetryAfter != time.Minute || time.Since(start) != 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		close(release)
		synctest.Wait()
	})
}

// A service that asks for patience without saying how much gets some all the same,
// and who gives up is told how much is left.
func TestThrottleThatDoesNotSayHowLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
			return reply(429, `{"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 45 per 00:01:00"}}`)
		})
		_, err := Get[thing](t.Context(), c, Request{Operation: opThing, Vars: []string{"x"}})
		wantErr(t, err, ErrThrottled)
		if refused, ok := errors.AsType[*Error](err); !ok || refused.RetryAfter <= 0 {
			t.Errorf("%v", err)
		}
	})
}

// A list that runs out of budget in its middle says so and can go on later.
func TestListThatRunsOutOfBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := things(nil)
		l.Operation.PerHour = 2
		l.OnPage = func(p PageRead) error { l.From = p.Next; return nil }
		c, _, _ := begin(t, pages(25, 10), func(o *Options) { o.MaxWait = time.Minute })
		got, err := ids(List[thing](t.Context(), c, l))
		wantErr(t, err, ErrThrottled)
		refused, ok := errors.AsType[*Error](err)
		if !ok || refused.RetryAfter != time.Hour || len(got) != 20 {
			t.Fatalf("%d items, %v", len(got), err)
		}
		pauseFor(refused.RetryAfter)
		more, err := ids(List[thing](t.Context(), c, l))
		wantErr(t, err, nil)
		if got = append(got, more...); !slices.Equal(got, names(0, 25)) {
			t.Errorf("%v", got)
		}
	})
}
