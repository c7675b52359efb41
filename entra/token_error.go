package entra

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// TokenError is a refusal of Entra's token endpoint or of its discovery
// document. Microsoft warns that codes and texts change; Err alone is a
// contract. Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
type TokenError struct {
	Code          int       // the number after AADSTS; 0 when there is none
	Err           string    // OAuth's error, for example "invalid_client"; may be empty
	Description   string    // Entra's sentence, without code and trace lines
	TraceID       string    // for Microsoft's support
	CorrelationID string    // for Microsoft's support
	Timestamp     time.Time // Entra's clock, UTC; zero when absent
	Status        int       // HTTP status
}

var (
	_ error          = (*TokenError)(nil)
	_ slog.LogValuer = (*TokenError)(nil)
)

// Error returns one line with code, OAuth error, status and Entra's sentence.
func (e *TokenError) Error() string {
	var b strings.Builder
	b.WriteString("entra refused the token request")
	if e.Code != 0 {
		fmt.Fprintf(&b, " with AADSTS%d", e.Code)
	}
	fmt.Fprintf(&b, " (%s)", strings.TrimPrefix(fmt.Sprintf("%s, http %d", e.Err, e.Status), ", "))
	if e.Description != "" {
		b.WriteString(": " + e.Description)
	}
	return b.String()
}

// LogValue groups the fields for slog.
func (e *TokenError) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("code", e.Code), slog.String("error", e.Err), slog.Int("status", e.Status),
		slog.String("description", e.Description), slog.String("trace_id", e.TraceID), slog.String("correlation_id", e.CorrelationID))
}

// Known returns the catalogue's entry for the code.
func (e *TokenError) Known() (KnownTokenError, bool) {
	known := KnownTokenErrors()
	i := slices.IndexFunc(known, func(k KnownTokenError) bool { return k.Code == e.Code })
	if i < 0 {
		return KnownTokenError{}, false
	}
	return known[i], true
}

// Transient reports whether the same request may succeed later.
func (e *TokenError) Transient() bool {
	known, ok := e.Known()
	return ok && known.Transient || e.Err == "temporarily_unavailable" ||
		e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// NonRetriable tells azcore's pipelines not to repeat the API request: the token
// request was already repeated below.
func (*TokenError) NonRetriable() {}

// scrub takes out what an authority repeated of what it was sent.
func (e *TokenError) scrub(secrets []Secret) {
	for _, field := range []*string{&e.Err, &e.Description, &e.TraceID, &e.CorrelationID} {
		*field = scrub(*field, secrets...)
	}
}

// AsTokenError finds Entra's refusal in err: a *TokenError of this package, or
// the answer inside azidentity's AuthenticationFailedError, for users who bring
// their own credential.
func AsTokenError(err error) (*TokenError, bool) {
	if own, ok := errors.AsType[*TokenError](err); ok {
		return own, true
	}
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	if !ok || failed.RawResponse == nil {
		return nil, false
	}
	body, err := runtime.Payload(failed.RawResponse)
	if err != nil {
		body = nil
	}
	return parseTokenError(failed.RawResponse.StatusCode, body), true
}

// wireTokenError is the body of a refusal.
type wireTokenError struct {
	Err         string         `json:"error"`
	Description string         `json:"error_description"`
	Codes       jsontext.Value `json:"error_codes"`
	Timestamp   string         `json:"timestamp"`
	Trace       string         `json:"trace_id"`
	Correlation string         `json:"correlation_id"`
}

// aadsts finds the code in a description.
var aadsts = regexp.MustCompile(`AADSTS(\d{1,9})`)

// traceLines begin the technical end of a description. Older answers put each on
// a line of its own, newer ones on the same line.
var traceLines = regexp.MustCompile(`\s*\b(Trace ID|Correlation ID|Timestamp): `)

// parseTokenError reads a refusal. A body that is not Entra's (a proxy's page)
// gives an error with the status alone.
func parseTokenError(status int, body []byte) *TokenError {
	e := &TokenError{Status: status}
	var w wireTokenError
	if json.Unmarshal(body, &w, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) != nil {
		e.Description = "the answer is not Entra's: look for a proxy in between"
		return e
	}
	e.Err, e.TraceID, e.CorrelationID = plain.Short(scrub(w.Err)), plain.Short(scrub(w.Trace)), plain.Short(scrub(w.Correlation))
	e.Code = firstCode(w.Codes, w.Description)
	e.Description = cleanDescription(w.Description)
	e.Timestamp = parseEntraTime(w.Timestamp)
	return e
}

// firstCode prefers the list of codes and falls back on the text.
func firstCode(codes jsontext.Value, description string) int {
	var list []int
	if json.Unmarshal(codes, &list) == nil && len(list) > 0 && list[0] > 0 {
		return list[0]
	}
	if m := aadsts.FindStringSubmatch(description); m != nil {
		n, _ := strconv.Atoi(m[1]) // nine digits always fit
		return n
	}
	return 0
}

func cleanDescription(s string) string {
	if at := traceLines.FindStringIndex(s); at != nil {
		s = s[:at[0]]
	}
	if m := aadsts.FindStringIndex(s); m != nil && m[0] == 0 {
		s = strings.TrimLeft(s[m[1]:], ": ")
	}
	return plain.Short(scrub(s))
}

// parseEntraTime reads "2026-01-02 15:04:05Z"; anything else is the zero time.
func parseEntraTime(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05Z07:00", s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
