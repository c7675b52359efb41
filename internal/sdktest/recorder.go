package sdktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Credential hands out the scope that it was asked for as the token.
type Credential struct{}

var _ azcore.TokenCredential = Credential{}

// GetToken returns a token that is good for an hour.
func (Credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: strings.Join(o.Scopes, " "), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Recorder is a transport that writes down what is sent, one request after the
// other, and answers by itself.
type Recorder struct {
	// Sent has the method and the URL of each request, what Note says about it,
	// and its body behind the type of that.
	Sent bytes.Buffer
	// Note says what else is to be written about a request, in whole lines. Nil:
	// nothing.
	Note func(*http.Request) string
	// Answer is the body of the answer, whose status is 200.
	Answer func(*http.Request) string
}

var _ policy.Transporter = (*Recorder)(nil)

// Answers makes a recorder that always answers with the same body.
func Answers(body string) *Recorder {
	return &Recorder{Answer: func(*http.Request) string { return body }}
}

// Do writes a request down and answers it.
func (r *Recorder) Do(req *http.Request) (*http.Response, error) {
	fmt.Fprintf(&r.Sent, "%s %s\n", req.Method, req.URL)
	if r.Note != nil {
		r.Sent.WriteString(r.Note(req))
	}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&r.Sent, "%s\n%s\n", req.Header.Get("Content-Type"), body)
	}
	answer := io.NopCloser(strings.NewReader(r.Answer(req)))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: answer, Request: req}, nil
}
