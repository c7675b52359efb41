package action_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	answer := func(status int, code, message string) error {
		return fmt.Errorf("isolate: %w", &defender.Error{Method: "POST", Path: "/api/machines/x/isolate", StatusCode: status, Code: code, Message: message})
	}
	silent := func(cause error) error { return &defender.Error{Method: "POST", Path: "/x", Err: cause} }
	entra := func(status int) error {
		return fmt.Errorf("no token: %w", &azidentity.AuthenticationFailedError{RawResponse: &http.Response{StatusCode: status, Body: http.NoBody, Request: &http.Request{}}})
	}
	tests := []struct {
		name string
		err  error
		want action.FailureKind
	}{
		{"none", nil, ""},
		{"bad input", fmt.Errorf("x: %w", defender.ErrInput), action.Refused},
		{"throttled", answer(429, "TooManyRequests", ""), action.Later},
		{"no connection", silent(&net.OpError{Op: "dial", Err: errors.New("refused")}), action.Later},
		{"a broken connection", silent(&net.OpError{Op: "read", Err: errors.New("reset")}), action.Unknown},
		{"an unknown authority", silent(x509.UnknownAuthorityError{}), action.Unknown},
		{"under way", answer(400, "ActiveRequestAlreadyExists", ""), action.Active},
		{"under way, by its text", answer(400, "BadRequest", "Action is already in progress"), action.Active},
		{"no permission", answer(403, "Forbidden", "Missing application roles."), action.Permission},
		{"not licensed", answer(401, "Unauthorized", "No Tvm license"), action.Permission},
		{"a token that is refused", answer(401, "Unauthorized", ""), action.Permission},
		{"a secret that is refused", entra(401), action.Permission},
		{"Entra is down", entra(503), action.Unknown},
		{"not there", answer(404, "ResourceNotFound", ""), action.Refused},
		{"a platform that cannot", answer(400, "OsPlatformNotSupported", ""), action.Refused},
		{"a conflict", answer(409, "", ""), action.Refused},
		{"a redirect", answer(302, "", ""), action.Refused},
		{"a time-out of the service", answer(408, "", ""), action.Unknown},
		{"a fault of the service", answer(500, "InternalServerError", ""), action.Unknown},
		{"a gateway's time-out", answer(504, "", ""), action.Unknown},
		{"an answer that breaks off", fmt.Errorf("x: %w", defender.ErrTruncated), action.Unknown},
		{"an answer that is no JSON", fmt.Errorf("x: %w", defender.ErrMalformed), action.Unknown},
		{"the caller gave up", context.DeadlineExceeded, action.Unknown},
		{"the caller left", context.Canceled, action.Unknown},
	}
	for _, tt := range tests {
		if got := action.Classify(tt.err); got.Kind != tt.want || (got.Reason == "") != (tt.err == nil) {
			t.Errorf("%s: got %+v, want %s", tt.name, got, tt.want)
		}
	}
	f := action.Classify(&defender.Error{StatusCode: 429, Code: "429", RetryAfter: 7 * time.Second, RequestID: "r", RequiredRoles: []string{"a"}, HeldRoles: []string{"b"}})
	if f.Wait != 7*time.Second || f.Status != 429 || f.Code != "429" || f.RequestID != "r" || f.Needs[0] != "a" || f.Has[0] != "b" {
		t.Errorf("%+v", f)
	}
}
