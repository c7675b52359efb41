package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testPoints(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	run := f.begin("scores")
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	score := func(n int, value float64) store.PageRecord {
		r := rec("tenant", fmt.Sprint(value), "")
		r.Points = []gatehouse.Point{{Time: day(n), Value: value, Maximum: 100}, {Key: "group:a", Time: day(n), Value: value / 2, Detail: json.RawMessage(`{"a":1}`)}}
		return r
	}
	for n, value := range []float64{10, 10, 12.5, 11} {
		f.commit(run, score(n+1, value))
	}
	f.commit(run, score(4, 13)) // said again, otherwise
	var got []float64
	for _, p := range must(f.s.Points(t.Context(), f.integration, "scores", "tenant", day(2), day(6)))(t) {
		got = append(got, p.Value)
	}
	if diff := cmp.Diff([]float64{10, 12.5, 13}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	group := must(f.s.Points(t.Context(), f.integration, "scores", "group:a", time.Time{}, time.Time{}))(t)
	if len(group) != 4 || string(group[0].Detail) != `{"a":1}` || group[0].Value != 5 || !group[0].Time.Equal(day(1)) {
		t.Errorf("got %+v", group)
	}
	must(0, f.s.RemoveIntegration(t.Context(), f.integration))(t)
	if n := must(f.count("SELECT COUNT(*) FROM points"))(t); n != 0 {
		t.Errorf("%d points left", n)
	}
}
