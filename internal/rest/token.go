package rest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/gatehouse-sec/gatehouse/entra"
)

// tokenError tells that a request was not sent for want of a token: none was to be
// had, or none may go there. It is not retried: the credential has done that itself.
type tokenError struct {
	what string
	err  error
}

func (e *tokenError) Error() string { return e.what + ": " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// sentToken is the token of a try, carried from the token policy outwards.
type sentToken string

// tokenPolicy attaches the bearer token, to allowed hosts only. It differs from
// azcore's in that guard and in asking for a fresh token after any 401, not only
// after one with a challenge: MDE sends none.
type tokenPolicy struct {
	cred  azcore.TokenCredential
	scope string
	guard entra.Hosts

	mu     sync.Mutex
	token  azcore.AccessToken
	claims string // of the next request for a token, after a refusal
}

var _ policy.Policy = (*tokenPolicy)(nil)

// Do attaches the token and sends the request.
func (p *tokenPolicy) Do(req *policy.Request) (*http.Response, error) {
	if err := p.guard.Allow(req.Raw().URL); err != nil {
		return nil, &tokenError{"no token is sent there", err}
	}
	token, err := p.get(req.Raw().Context())
	if err != nil {
		return nil, &tokenError{"no access token", err}
	}
	req.SetOperationValue(sentToken(token))
	req.Raw().Header.Set("Authorization", "Bearer "+token)
	return req.Next()
}

// get returns the held token, or a new one when that ends within five minutes.
func (p *tokenPolicy) get(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token.Token != "" && time.Until(p.token.ExpiresOn) > 5*time.Minute {
		return p.token.Token, nil
	}
	fresh, err := p.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{p.scope}, Claims: p.claims})
	if err != nil {
		return "", err
	}
	p.token, p.claims = fresh, ""
	return fresh.Token, nil
}

// refuse forgets the token of a request that was answered with 401. Claims make
// azidentity pass over its own cache, which would return the same token again;
// "not issued before yesterday" is true of every new one, whatever our clock
// says.
func (p *tokenPolicy) refuse(refused sentToken) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if string(refused) != p.token.Token {
		return // another call has done it already
	}
	p.token = azcore.AccessToken{}
	p.claims = fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`,
		time.Now().Add(-24*time.Hour).Unix())
}
