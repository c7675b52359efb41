package emulator

import (
	"fmt"
	"net/http"
	"strings"
)

// The formats of times in Entra's messages.
const (
	usDate    = "01/02/2006 15:04:05"
	isoMillis = "2006-01-02T15:04:05.0000000Z"
	stampForm = "2006-01-02 15:04:05Z"
)

// The reasons within AADSTS700027.
const (
	reasonNotRegistered = "The certificate with identifier used to sign the client assertion is not registered on application. " +
		"[Reason - The key was not found., Thumbprint of key used by client: '{thumbprint}', Please visit the Azure Portal, Graph Explorer " +
		"or directly use MS Graph to see configured keys for app Id '{app}'.]"
	reasonKeyExpired = "Client assertion contains an invalid signature. [Reason - The key used is expired., " +
		"Thumbprint of key used by client: '{thumbprint}', Found key 'Start={start}, End={end}', Please visit the Azure Portal, Graph Explorer " +
		"or directly use MS Graph to see configured keys for app Id '{app}'.]"
	reasonBadSignature = "Client assertion contains an invalid signature. [Reason - The key was found, but use of the key to verify the signature failed., " +
		"Thumbprint of key used by client: '{thumbprint}', Please visit the Azure Portal, Graph Explorer " +
		"or directly use MS Graph to see configured keys for app Id '{app}'.]"
)

// aadsts is one error of Entra.
type aadsts struct {
	code   int
	status int
	kind   string // error
	text   string // with {name} where a value goes
	page   bool   // Entra's lookup page has an entry, so that error_uri is there
}

// aadstsErrors lists the errors the emulator knows. Codes, texts and statuses: the error page of the identity platform
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes) and public logs; where neither gives a
// status or a text, it is from general knowledge and marked so. A client must react to the code, never to the text.
func aadstsErrors() []aadsts {
	const (
		client, request, unauthorized = "invalid_client", "invalid_request", "unauthorized_client"
		scope, resource, busy         = "invalid_scope", "invalid_resource", "temporarily_unavailable"
	)
	return []aadsts{
		{7000215, 401, client, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'.", true},
		{7000222, 401, client, "The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", true},
		{7000218, 401, client, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", true}, // status from general knowledge
		{700016, 400, unauthorized, "Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", true},
		{90002, 400, request, "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", true},
		{900023, 400, request, "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.", true}, // general knowledge
		{700027, 401, client, "{reason}", true},
		{700030, 401, client, "Invalid certificate - subject name in certificate is not authorized.", false}, // kind from general knowledge
		{700024, 401, client, "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {start}, expiry time of assertion {end}.", true},
		{700021, 401, client, "Client assertion application identifier doesn't match 'client_id' parameter '{app}'.", false},                                                                                                                     // general knowledge
		{700023, 401, client, "Client assertion audience claim '{audience}' does not match Realm issuer.", false},                                                                                                                                // general knowledge
		{700211, 401, client, "No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.", false},     // general knowledge
		{700212, 401, client, "No matching federated identity record found for presented assertion audience '{audience}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.", false}, // general knowledge
		{700213, 401, client, "No matching federated identity record found for presented assertion subject '{subject}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.", false},   // general knowledge
		{50013, 401, client, "Assertion failed signature validation. [Reason - The key was not found.] for issuer '{issuer}'.", false},                                                                                                           // status from general knowledge
		{50027, 400, request, "Invalid JWT token. {detail}", false},                                                                                                                                                 // general knowledge
		{50012, 401, client, "Authentication failed: the client assertion with jti '{id}' was used before, or has no jti.", false},                                                                                  // the text is the emulator's own: whether Entra refuses a replay is not documented
		{70011, 400, scope, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.", true},                  // sample of Microsoft's page
		{1002012, 400, scope, "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", false}, // general knowledge
		{700022, 400, scope, "The provided value for the input parameter scope '{scope}' isn't valid because it contains more than one resource.", false},                                                           // kind from general knowledge
		{500011, 400, resource, "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", true},
		{50001, 400, resource, "The resource is disabled or does not exist. Check your app's code to ensure that you have specified the exact resource URL for the resource you're trying to access.", true},
		{70001, 400, unauthorized, "The application '{app}' is disabled.", true},
		{700011, 400, unauthorized, "Application with identifier '{app}' was not found in the directory.", false},
		{700025, 401, client, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", false}, // status from general knowledge
		{70003, 400, "unsupported_grant_type", "The app requested an unsupported grant type '{grant}'.", true},
		{900144, 400, request, "The request body must contain the following parameter: '{name}'.", true},
		{9002313, 400, request, "Invalid request. Request is malformed or invalid.", true},
		{901002, 400, request, "The 'resource' request parameter is not supported.", true},
		{9001023, 400, request, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.", true}, // kind from general knowledge
		{53003, 400, "access_denied", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", true},                       // kind and status not verified
		{530032, 400, "access_denied", "User is blocked due to a tenant-wide security policy.", false},                                                                        // kind and status not verified
		{53011, 400, "access_denied", "User is blocked due to risk on home tenant.", false},                                                                                   // kind and status not verified
		{90038, 400, request, "The tenant '{tenant}' is in a national cloud. National cloud redirection is not supported for this flow.", false},                              // text from general knowledge
		{900382, 400, request, "Confidential Client is not supported in Cross Cloud request.", true},
		{900432, 400, request, "Confidential Client is not supported in Cross Cloud request.", true},
		{50196, 400, "invalid_grant", "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.", true},
		{90055, 429, busy, "The tenant is throttled: there are too many requests.", false},          // status from general knowledge
		{90024, 503, busy, "A transient error has occurred. Please try again.", false},              // status from general knowledge
		{90006, 503, busy, "External service failed. A transient error has occurred.", false},       // status from general knowledge
		{90033, 503, busy, "A transient error has occurred. Please try again.", true},               // status from general knowledge
		{90012, 408, busy, "The request timed out while waiting for the directory service.", false}, // status from general knowledge
	}
}

// refusal is an error of Entra with its values filled in.
type refusal struct {
	aadsts
	message string
}

// refuse fills in an error. The values come in pairs of name and value; a code the table lacks is a mistake of ours.
func refuse(code int, values ...string) *refusal {
	pairs := make([]string, 0, len(values))
	for i := 0; i+1 < len(values); i += 2 {
		pairs = append(pairs, "{"+values[i]+"}", values[i+1])
	}
	for _, e := range aadstsErrors() {
		if e.code == code {
			text := e.text
			if len(values) > 1 && values[0] == "reason" {
				text = values[1] // a variant of the text, with places of its own
			}
			return &refusal{aadsts: e, message: strings.NewReplacer(pairs...).Replace(text)}
		}
	}
	return &refusal{aadsts: aadsts{code: code, status: http.StatusBadRequest, kind: "invalid_request"}, message: "Unknown error."}
}

// knownAADSTS tells whether the table has a code.
func knownAADSTS(code int) bool {
	for _, e := range aadstsErrors() {
		if e.code == code {
			return true
		}
	}
	return false
}

// tokenError is the body of an error of Entra, its members in the order observed.
type tokenError struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri,omitempty"`
}

// refused is the reply to a refused call of Entra.
func (s *Server) refused(c *call, e *refusal) reply {
	trace, correlation := s.ids.next(), c.r.Header.Get("Client-Request-Id")
	if !validGUID(correlation) {
		correlation = s.ids.next()
	}
	stamp := c.now.UTC().Format(stampForm)
	body := tokenError{
		Error: e.kind,
		Description: fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
			e.code, e.message, trace, correlation, stamp),
		Codes: []int{e.code}, Timestamp: stamp, TraceID: trace, CorrelationID: correlation,
	}
	if e.page {
		body.URI = fmt.Sprintf("%s/error?code=%d", c.base, e.code)
	}
	s.stats.tokenError(e.code)
	h := loginHeader(trace)
	if e.status == http.StatusTooManyRequests || e.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	return reply{status: e.status, header: h, body: body}
}

// loginHeader is what every answer of Entra carries.
func loginHeader(trace string) http.Header {
	h := http.Header{}
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("X-Ms-Request-Id", trace)
	h.Set("X-Content-Type-Options", "nosniff")
	return h
}
