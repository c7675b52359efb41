package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

var opHunt = Operation{API: gatehouse.APIGraph, Method: "POST", Path: "/api/hunt", Replay: true}

// Texts of Microsoft's pages and of answers that were seen, with what they mean.
func TestHuntLimitsAreRecognised(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status  int
		message string
		want    error
	}{
		{400, "Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again", ErrResultTooLarge},
		{400, `Result size limit exceeded. Use "summarize" to aggregate results`, ErrResultTooLarge},
		{400, "Query execution has exceeded the allowed limits. The query execution was preempted. This could possibly be due to high CPU and/or memory resource consumption.", ErrQueryTooHeavy},
		{400, "Query exceeded the timeout period.", ErrQueryTooHeavy},
		{400, "Query stopped due to excessive\nresource consumption.", ErrQueryTooHeavy},
		{429, "You have exceeded processing resources allocated to this tenant. You can run queries again in 10 minutes.", ErrThrottled},
		{400, "A recognition error occurred.", nil},
	}
	for _, tt := range tests {
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
			return reply(tt.status, `{"error":{"code":"BadRequest","message":`+strconv.Quote(tt.message)+`}}`)
		}, func(o *Options) { o.MaxRetries = -1 })
		_, err := c.RunHunt(t.Context(), Request{Operation: opHunt})
		for _, kind := range []error{ErrResultTooLarge, ErrQueryTooHeavy, ErrThrottled, ErrInput} {
			if wanted := tt.want != nil && errors.Is(tt.want, kind); errors.Is(err, kind) != wanted {
				t.Errorf("%s: %v", tt.message, err)
			}
		}
	}
}

// rowSource is an answer of many rows that is made as it is read.
type rowSource struct {
	rows, at int
	buffer   []byte
}

func (s *rowSource) Read(p []byte) (int, error) {
	for len(s.buffer) == 0 {
		switch {
		case s.at == 0:
			s.buffer = append(s.buffer, `{"schema":[{"name":"A","type":"Int64"}],"results":[`...)
		case s.at > s.rows+1:
			return 0, io.EOF
		case s.at == s.rows+1:
			s.buffer = append(s.buffer, `]}`...)
		default:
			s.buffer = append(s.buffer, `{"A":`...)
			s.buffer = strconv.AppendInt(s.buffer, int64(s.at), 10)
			s.buffer = append(s.buffer, `}`...)
			if s.at < s.rows {
				s.buffer = append(s.buffer, ',')
			}
		}
		s.at++
	}
	n := copy(p, s.buffer)
	s.buffer = s.buffer[n:]
	return n, nil
}

// An answer that is as large as answers get may have been cut, and says so behind
// its rows.
func TestHuntThatIsCut(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 5, MaxHuntRows - 1, MaxHuntRows} {
		c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) { return replyFrom(200, &rowSource{rows: rows}) })
		hunt, err := c.RunHunt(t.Context(), Request{Operation: opHunt})
		wantErr(t, err, nil)
		n := 0
		var last error
		for row, err := range hunt.Rows() {
			if last = err; err != nil {
				continue
			}
			n++
			if got, ok := row.Int(0); !ok || got != int64(n) {
				t.Fatalf("row %d is %d", n, got)
			}
		}
		if n != rows || errors.Is(last, ErrResultTooLarge) != (rows >= MaxHuntRows) {
			t.Errorf("%d rows of %d, then %v", n, rows, last)
		}
	}
}

// What is held does not grow with the rows. It measures the whole process, so it
// runs before the tests that run side by side.
func TestHuntStaysFlat(t *testing.T) {
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
		return replyFrom(200, &rowSource{rows: MaxHuntRows - 1})
	})
	hunt, err := c.RunHunt(t.Context(), Request{Operation: opHunt})
	wantErr(t, err, nil)
	n, early := 0, uint64(0)
	for _, err := range hunt.Rows() {
		wantErr(t, err, nil)
		if n++; n == 1000 {
			early = held()
		}
	}
	if late := held(); late > early+1<<20 {
		t.Errorf("%d KB are held behind 1,000 rows and %d KB behind %d", early>>10, late>>10, n)
	}
}

func TestTypedCells(t *testing.T) {
	t.Parallel()
	c, _, _ := begin(t, func(int, *http.Request) (*http.Response, error) {
		return reply(200, `{"schema":[{"name":"At"},{"name":"Big"},{"name":"Score"},{"name":"On"},{"name":"Tags"},{"name":"None"}],"results":[
			{"At":"2026-05-04T10:00:00.1234567Z","Big":636910000000000001,"Score":7.5,"On":1,"Tags":["a","b"]},
			{"At":{},"Big":"636910000000000001","Score":"NaNo","On":"False","Tags":"[\"a\",\"b\"]"},
			{"At":"soon","Big":1.5,"Score":8,"On":true,"Tags":"a"},
			{"Big":12.0,"Score":"NaN","On":2,"Tags":[]}]}`)
	})
	hunt, err := c.RunHunt(t.Context(), Request{Operation: opHunt})
	wantErr(t, err, nil)
	at := time.Date(2026, 5, 4, 10, 0, 0, 123_456_700, time.UTC)
	var got []string
	col := hunt.Column
	for row, err := range hunt.Rows() {
		wantErr(t, err, nil)
		moment, okAt := row.Time(col("At"))
		if okAt && !moment.Equal(at) {
			t.Errorf("moment %s", moment)
		}
		n, okN := row.Int(col("Big"))
		f, okF := row.Float(col("Score"))
		b, okB := row.Bool(col("On"))
		list, okL := row.Texts(col("Tags"))
		got = append(got, fmt.Sprintf("%v %d,%v %g,%v %v,%v %v,%v", okAt, n, okN, f, okF, b, okB, list, okL))
		if !row.Null(col("None")) || !row.Null(col("No such")) || row.Null(col("Big")) {
			t.Error("null is not told from a value")
		}
	}
	want := []string{
		"true 636910000000000001,true 7.5,true true,true [a b],true",
		"false 636910000000000001,true 0,false false,true [a b],true",
		"false 0,false 8,true true,true [],false",
		"false 12,true 0,false false,false [],true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
