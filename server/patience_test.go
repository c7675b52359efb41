package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// Who asks for what Defender has now is not kept waiting for as long as Microsoft
// asks us to: the answer says when to come back.
func TestLiveSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	access := h.emulator.DefaultTenant()
	must(t, h.emulator.Grant(access.TenantID, access.ClientID, emulator.MDERoles("Machine.CollectForensics")...))
	i := h.add("contoso")
	_, err := h.app.SyncOnce(t.Context(), i.ID, []gatehouse.Stream{stream.Devices}, nil)
	must(t, err)
	must(t, h.app.Start(t.Context()))
	defer func() { must(t, h.app.Stop(t.Context())) }()
	device := h.isolable()
	a := into[api.Action](t, h.ask(h.admin, http.MethodPost, "/v1/actions", api.NewAction{
		Integration: i.Name, Action: "collect-package", Targets: []string{device}, Comment: "a drill",
	}, "Idempotency-Key", "package"), http.StatusAccepted)
	if a = h.finished(a.ID); a.State != api.ActionSucceeded {
		t.Fatalf("%+v", a)
	}
	const link, machine, action, machines = "GET /api/machineactions/{id}/getpackageuri", "GET /api/machines/{id}", "GET /api/machineactions/{id}", "GET /api/machines"
	for _, tt := range []struct {
		path  string
		fault emulator.Fault
		code  api.Code
	}{
		{"/v1/actions/" + a.ID + "/targets/1/result", emulator.Fault{Kind: emulator.FaultThrottle, Route: link, RetryAfter: 40 * time.Second}, api.CodeUpstreamThrottled},
		{"/v1/devices/contoso/" + device + "?live=true", emulator.Fault{Kind: emulator.FaultThrottle, Route: machine, RetryAfter: 40 * time.Second}, api.CodeUpstreamThrottled},
		{"/v1/machine-actions/contoso/" + a.Targets[0].UpstreamID + "?live=true", emulator.Fault{Kind: emulator.FaultServerError, Route: action, Status: http.StatusServiceUnavailable, RetryAfter: 40 * time.Second}, api.CodeUpstream},
		{"/v1/devices?live=true", emulator.Fault{Kind: emulator.FaultThrottle, Route: machines, RetryAfter: 40 * time.Second}, api.CodeUpstreamThrottled},
	} {
		must(t, h.emulator.SetFaults(emulator.Faults{List: []emulator.Fault{tt.fault}}))
		began := time.Now()
		reply := h.ask(h.admin, http.MethodGet, tt.path, nil)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %s", tt.path, took)
		}
		if tt.path == "/v1/devices?live=true" {
			page := into[api.Records](t, reply, http.StatusOK)
			if len(page.Problems) != 1 || page.Problems[0].Code != tt.code || page.Problems[0].RetryAfter < 1 {
				t.Errorf("%s: %s", tt.path, reply.body)
			}
			continue
		}
		status := map[api.Code]int{api.CodeUpstreamThrottled: http.StatusServiceUnavailable, api.CodeUpstream: http.StatusBadGateway}[tt.code]
		p := refused(t, reply, status, tt.code)
		if p.RetryAfter < 30 || p.RetryAfter > 40 || reply.Header.Get("Retry-After") == "" {
			t.Errorf("%s says %s, and %q", tt.path, reply.body, reply.Header.Get("Retry-After"))
		}
	}
}
