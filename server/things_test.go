package server_test

import (
	"net/http"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/server"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// thingsOf are ids of what exists and belongs to an integration.
func (h *house) thingsOf(i gatehouse.Integration) things {
	h.Helper()
	key, _ := h.key(gatehouse.ScopeRead, i.ID)
	_, err := h.app.SyncOnce(h.Context(), i.ID, []gatehouse.Stream{stream.Devices}, nil)
	must(h, err)
	device := ""
	for r, err := range h.app.Store().Records(h.Context(), i.ID, stream.Devices, store.RecordQuery{}) {
		must(h, err)
		device = r.Key
	}
	made := into[api.Action](h, h.ask(h.admin, http.MethodPost, "/v1/actions", api.NewAction{
		Integration: i.ID, Action: "isolate", Targets: []string{device}, Comment: "a drill", DryRun: true,
	}, "Idempotency-Key", "drill"), http.StatusOK)
	saved := into[api.Hunt](h, h.ask(h.admin, http.MethodPost, "/v1/hunts", api.NewHunt{Name: "theirs", Query: "DeviceInfo", Integrations: []string{i.ID}}), http.StatusCreated)
	runs := into[api.HuntRuns](h, h.ask(h.admin, http.MethodPost, "/v1/hunts/"+saved.ID+"/runs", nil), http.StatusAccepted)
	return things{
		"integration": i.ID, "key": key, "device": device, "action": made.ID, "number": "1",
		"id": device, "stream": "exposure-score", "hunt": saved.ID, "run": runs.Items[0].ID,
	}
}

// bodyFor is a body that the route takes, so that nothing but the key speaks
// against it. It concerns the integration.
func (h *house) bodyFor(r server.Route, i gatehouse.Integration) any {
	switch r.ID {
	case "createIntegration":
		return api.NewIntegration{Name: "new", Tenant: i.Tenant, ClientID: i.ClientID, SkipCheck: true, Credential: api.NewCredential{Secret: "x"}}
	case "updateIntegration":
		name := "renamed"
		return api.ChangeIntegration{Name: &name}
	case "replaceCredential":
		return api.NewCredential{Secret: "x"}
	case "createKey":
		return api.NewKey{Name: "stolen", Scopes: []api.Scope{api.ScopeAdmin}, Integrations: []string{i.Name}}
	case "submitAction":
		return api.NewAction{Integration: i.Name, Action: "isolate", Targets: []string{"any"}, Comment: "x"}
	case "runQuery":
		return api.RunHunt{Query: "DeviceInfo", Integrations: []string{i.Name}}
	case "createHunt", "replaceHunt":
		return api.NewHunt{Name: "stolen", Query: "DeviceInfo", Integrations: []string{i.Name}}
	case "cancelAction":
		return api.CancelAction{Comment: "x"}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodDelete {
		return nil
	}
	return struct{}{}
}
