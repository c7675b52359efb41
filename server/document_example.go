package server

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// examples are bodies that the OpenAPI document shows, by operation.
func examples() map[string]any {
	name, hunt := "contoso-emea", api.NewHunt{
		Name: "new-local-admins", Every: "1h",
		Query: "DeviceLogonEvents | where IsLocalAdmin == true | summarize count() by DeviceName, AccountName",
	}
	return map[string]any{
		"submitAction": api.NewAction{
			Integration: "contoso", Action: "isolate", Targets: []string{"wks-0005.corp.contoso.example"},
			Parameters: map[string]string{"type": "Full"}, Comment: "Ransomware on the device, case 4711.",
		},
		"approveAction": api.Decision{Note: "Agreed with the owner of the device."},
		"denyAction":    api.Decision{Note: "The device runs the till; wait until the shop has closed."},
		"cancelAction":  api.CancelAction{Comment: "It was the wrong device."},
		"createIntegration": api.NewIntegration{
			Name: "contoso", Tenant: "6c0f5a3e-2b84-4d1e-9a57-0e4b7d2c8f16", ClientID: "b7e19d42-58c3-4f0a-8e6d-93a1c4f0275b",
			Credential: api.NewCredential{Secret: "the value of the client secret"},
		},
		"updateIntegration": api.ChangeIntegration{Name: &name, Streams: &[]gatehouse.Stream{"devices", "alerts"}},
		"replaceCredential": api.NewCredential{Secret: "the value of the new client secret"},
		"createKey": api.NewKey{
			Name: "ticketing", Scopes: []api.Scope{api.ScopeRead}, Integrations: []string{"contoso"},
			Expires: time.Date(2027, time.June, 30, 0, 0, 0, 0, time.UTC),
		},
		"rotateKey":   api.RotateKey{KeepOld: "24h"},
		"createHunt":  hunt,
		"replaceHunt": hunt,
		"runQuery":    api.RunHunt{Query: "DeviceInfo | summarize arg_max(Timestamp, *) by DeviceId | take 10", Integrations: []string{"contoso"}},
	}
}

// finishBody shows an example of the body of an operation.
func finishBody(r route, op *huma.Operation) {
	if op.RequestBody == nil {
		return
	}
	for _, kind := range op.RequestBody.Content {
		kind.Example = examples()[r.id]
	}
}

// rateHeaders say how much a key may still ask.
func rateHeaders(headers map[string]*huma.Param) {
	headers["RateLimit"] = &huma.Param{Ref: "#/components/headers/RateLimit"}
	headers["RateLimit-Policy"] = &huma.Param{Ref: "#/components/headers/RateLimitPolicy"}
}

// finishRepeats says of what is done once how a repeat is known.
func finishRepeats(r route, op *huma.Operation) {
	if r.method != http.MethodPost || !r.changes() || r.idempotency == own || r.idempotency == once {
		return
	}
	for status, a := range op.Responses {
		if status < "300" {
			a.Headers["Idempotency-Replayed"] = &huma.Param{
				Description: "true when the same was asked for before, and this is the answer of then.", Schema: &huma.Schema{Type: huma.TypeString},
			}
		}
	}
}
