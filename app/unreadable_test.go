package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

// An action that cannot be read shows in the metrics once a worker has met it.
func TestUnreadableIsMeasured(t *testing.T) {
	t.Parallel()
	a, err := app.New(t.Context(), app.Options{Data: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	s := a.Store()
	i, err := s.AddIntegration(t.Context(), gatehouse.Integration{Name: "contoso"})
	must(t, err)
	_, _, err = s.CreateAction(t.Context(), gatehouse.ResponseAction{
		ID: "act_1", Integration: i.ID, Name: "scan", IdempotencyKey: "1", State: gatehouse.ActionQueued,
		Targets: []gatehouse.ActionTarget{{N: 1, ID: "x", State: gatehouse.ActionQueued}},
	}, time.Unix(1, 0), nil)
	must(t, err)
	_, err = s.DB().ExecContext(t.Context(), "UPDATE actions SET body = $1", []byte("{"))
	must(t, err)
	_, _, err = s.ClaimAction(t.Context(), "test", time.Minute)
	if err == nil {
		t.Error("it was read")
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{`gatehouse_set_aside{kind="actions"} 1`, `gatehouse_set_aside{kind="hunts"} 0`} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("%q is missing", line)
		}
	}
}
