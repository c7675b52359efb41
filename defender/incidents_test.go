package defender_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

// flood answers with pages of incidents that are made as they are read: of 400
// alerts with ten entities each, about two megabytes an incident.
type flood struct{ incidents int }

func (f flood) Do(req *http.Request) (*http.Response, error) {
	entity := `{"entityType":"File","sha1":"` + strings.Repeat("a", 40) + `","filePath":"` + strings.Repeat("c", 400) + `","processId":null},`
	alert := `{"alertId":"da1_-2","title":"` + strings.Repeat("t", 200) + `","devices":[],"entities":[` + strings.TrimSuffix(strings.Repeat(entity, 10), ",") + `]},`
	alerts := strings.TrimSuffix(strings.Repeat(alert, 400), ",")
	var parts []io.Reader
	parts = append(parts, strings.NewReader(`{"value":[`))
	for i := range f.incidents {
		begin := fmt.Sprintf(`{"incidentId":%d,"alerts":[`, i+1)
		if i > 0 {
			begin = "," + begin
		}
		parts = append(parts, strings.NewReader(begin), strings.NewReader(alerts), strings.NewReader(`]}`))
	}
	body := io.MultiReader(append(parts, strings.NewReader(`]}`))...)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: req}, nil
}

// A page of incidents is a hundred times larger than one of them, and only one is
// held.
func TestIncidentsWithManyAlertsStayFlat(t *testing.T) {
	c := with(t, flood{incidents: 99})
	incidents, alerts, most := 0, 0, uint64(0)
	size := 0
	for incident, err := range c.Incidents.List(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		incidents++
		size = len(incident.Raw)
		for _, err := range incident.Alerts() {
			if err != nil {
				t.Fatal(err)
			}
			alerts++
		}
		if incidents%20 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if incidents != 99 || alerts != 99*400 {
		t.Errorf("%d incidents, %d alerts", incidents, alerts)
	}
	if most > uint64(16*size) {
		t.Errorf("%d MB are held while incidents of %d MB are read", most>>20, size>>20)
	}
	t.Logf("%d MB are held while incidents of %.1f MB are read", most>>20, float64(size)/(1<<20))
}

// Incidents belong to another resource than all else, on the host of the cloud, or
// on the one host that stands for all.
func TestWhereIncidentsComeFrom(t *testing.T) {
	t.Parallel()
	tests := []struct {
		o    defender.Options
		want string
	}{
		{defender.Options{}, "GET https://api.security.microsoft.com/api/incidents?$top=100\ntoken for https://api.security.microsoft.com/.default\n"},
		{defender.Options{BaseURL: "https://eu.api.security.microsoft.com"}, "GET https://api.security.microsoft.com/api/incidents?$top=100\ntoken for https://api.security.microsoft.com/.default\n"},
		{defender.Options{Cloud: "gcc"}, "GET https://api-gcc.security.microsoft.us/api/incidents?$top=100\ntoken for https://api-gcc.security.microsoft.us/.default\n"},
		{defender.Options{Cloud: "dod"}, "GET https://api-gov.security.microsoft.us/api/incidents?$top=100\ntoken for https://api-gov.security.microsoft.us/.default\n"},
		{defender.Options{BaseURL: "https://127.0.0.1:8443", AllowHosts: []string{"127.0.0.1:8443"}, Resource: "https://else.example"},
			"GET https://127.0.0.1:8443/api/incidents?$top=100\ntoken for https://api.security.microsoft.com/.default\n"},
	}
	for _, tt := range tests {
		r := recorder()
		tt.o.Transport = r
		c, err := defender.New(sdktest.Credential{}, &tt.o)
		if err == nil {
			err = sdktest.Each(c.Incidents.List(t.Context(), nil))
		}
		if err != nil || r.Sent.String() != tt.want || c.Calls() != 1 {
			t.Errorf("%+v: %v, %d calls, sent %s", tt.o, err, c.Calls(), r.Sent.String())
		}
	}
}
