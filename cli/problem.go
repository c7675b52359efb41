package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
)

// problemStatus is the exit status of a problem that the API of Gatehouse
// answers with.
func problemStatus(p *api.Problem) int {
	switch p.Code {
	case api.CodeUnauthenticated:
		return exitSignIn
	case api.CodeScope, api.CodePermission:
		return exitPermission
	case api.CodeRateLimited, api.CodeUpstreamThrottled:
		return exitThrottled
	case api.CodeNotFound:
		return exitNotFound
	case api.CodeCheckFailed:
		return exitFindings
	case api.CodeBadRequest, api.CodeInvalid, api.CodeUnknownFilter, api.CodeBadCursor, api.CodeConflict, api.CodeIdempotency,
		api.CodeIdempotencyMissing, api.CodePrecondition, api.CodeTooLarge, api.CodeAmbiguous:
		return exitUsage
	case api.CodeUpstream, api.CodeUnavailable, api.CodeInternal:
	}
	return exitFailure
}

// problemOf finds the problem in an error.
func problemOf(err error) (*api.Problem, bool) {
	var p *api.Problem
	ok := errors.As(err, &p)
	return p, ok
}

// namingServer says which server could not be asked, in place of the address of
// one route, and where to look.
func (p *program) namingServer(err error, text string) string {
	lost, ok := errors.AsType[*url.Error](err)
	if !ok || p.config == nil || !p.remote() {
		return text
	}
	return strings.Replace(text, lost.Error(), fmt.Sprintf("server %s: %v; see whether gatehouse serve runs there, and whether --server is right", p.config.server, lost.Err), 1)
}

// inCommands names commands in place of the routes that do the same.
func inCommands(text string) string {
	return strings.NewReplacer("GET /v1/actions", "gatehouse actions list", "GET /v1/keys", "gatehouse keys list",
		"GET /v1/integrations", "gatehouse integrations list", "GET /v1/devices", "gatehouse devices list",
		"GET /v1/alerts", "gatehouse alerts list", "GET /v1/cves", "gatehouse vulnerabilities list",
		"; live=true asks Defender", "", "; see upstream", "", "; see fields, and /openapi.json", "").Replace(text)
}

// describeProblem is a problem in one line: what is wrong, what the ambiguous name
// may have meant, and how to mend it.
func describeProblem(p *api.Problem) string {
	text := orElse(p.Detail, p.Title)
	var parts []string
	for _, f := range p.Fields {
		if f.Message != "" && !strings.Contains(text, f.Message) {
			parts = append(parts, f.Message)
		}
	}
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	if p.Code == api.CodeAmbiguous && len(p.Candidates) > 0 {
		text = describeCandidates(p)
	}
	if p.Upstream != nil && p.Upstream.Message != "" && !strings.Contains(text, p.Upstream.Message) {
		text += " (Microsoft: " + p.Upstream.Message + ")"
	}
	switch {
	case p.Code == api.CodeUnauthenticated:
		text = "the server takes no such API key: it is unknown, expired or revoked; see GATEHOUSE_API_KEY or --api-key-file"
	case p.Mend != "":
		text += "; " + p.Mend
	}
	return inCommands(text)
}

// describeCandidates lists what a name may have meant: id, name, platform and when
// it was last seen.
func describeCandidates(p *api.Problem) string {
	const most = 5
	var list []string
	for _, c := range p.Candidates[:min(most, len(p.Candidates))] {
		list = append(list, c.ID+" ("+joinNotEmpty(", ", c.Name, c.Detail)+")")
	}
	if len(p.Candidates) > most {
		list = append(list, "…")
	}
	name, _, _ := strings.Cut(p.Detail, " may mean ")
	return name + " means more than one: give the id of one: " + strings.Join(list, ", ")
}

// joinNotEmpty joins the texts that say something.
func joinNotEmpty(between string, texts ...string) string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, between)
}
