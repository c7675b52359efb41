package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gatehouse-sec/gatehouse/api"
)

// judge says what is wrong with an answer, by the document.
type judge struct {
	document *document
	compiled map[string]*jsonschema.Schema
	upstream bool // Defender fails on purpose: 502 and 503 are right answers
}

func newJudge(d *document) *judge {
	return &judge{document: d, compiled: map[string]*jsonschema.Schema{}}
}

// schemaAt compiles the schema at a place of the document, once.
func (j *judge) schemaAt(place string) (*jsonschema.Schema, error) {
	if s := j.compiled[place]; s != nil {
		return s, nil
	}
	s, err := j.document.compiler.Compile(place)
	j.compiled[place] = s
	return s, err
}

// check validates JSON against the schema at a place of the document.
func (j *judge) check(place string, text []byte) error {
	s, err := j.schemaAt(place)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return s.Validate(v)
}

// allows reports whether the schema of an operation allows a body. It knows no
// better than to say so of an operation that has none. A member that is null counts
// as absent.
func (j *judge) allows(op *operation, text []byte) bool {
	var v any
	if json.Unmarshal(text, &v) == nil {
		text, _ = json.Marshal(withoutNulls(v)) // it came from JSON
	}
	return op.RequestBody == nil || j.check(documentURL+"#/"+pointer("paths", op.path, strings.ToLower(op.method), "requestBody", "content", "application/json", "schema"), text) == nil
}

// faults lists what is wrong with an answer.
func (j *judge) faults(q question, resp *http.Response, text []byte) (found []string) {
	say := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	upstream := j.upstream && (resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusServiceUnavailable) ||
		resp.StatusCode == http.StatusBadGateway && refusedByEntra(text)
	say(resp.StatusCode < http.StatusInternalServerError || upstream, "a fault of the server")
	say(resp.Header.Get("X-Request-ID") != "", "no X-Request-Id")
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	say(err == nil || len(text) == 0, "content type %q", resp.Header.Get("Content-Type"))
	if resp.StatusCode >= http.StatusBadRequest && q.method != http.MethodHead {
		found = append(found, problemFaults(resp, kind, text)...)
	}
	say(!q.invalid || resp.StatusCode >= http.StatusBadRequest, "taken, though the schema of the body does not allow it")
	if q.op == nil {
		return found
	}
	declared, place := j.document.answer(q.op, strconv.Itoa(resp.StatusCode))
	if declared == nil {
		return append(found, "the document does not declare the status "+strconv.Itoa(resp.StatusCode))
	}
	if len(text) == 0 {
		say(len(declared.Content) == 0 || declared.Content["text/event-stream"].Schema != nil, "no body, where one is declared")
		return found
	}
	content, ok := declared.Content[kind]
	say(ok, "the document does not declare the content type %q", kind)
	if ok && len(content.Schema) > 0 && strings.HasSuffix(kind, "json") {
		err := j.check(place+"/content/"+pointer(kind, "schema"), text)
		say(err == nil, "against the schema: %v", err)
		found = append(found, j.undeclared(content.Schema, text)...)
	}
	return found
}

// undeclared lists the members of an answer that its schema does not have. It may
// have more by the schema, since members will be added; today's must be declared.
func (j *judge) undeclared(schemaText, text []byte) []string {
	var s schema
	var v any
	if json.Unmarshal(schemaText, &s) != nil || json.Unmarshal(text, &v) != nil { //nolint:musttag // the names differ in case alone
		return []string{"cannot be decoded"}
	}
	return j.strangers(&s, v, "")
}

// strangers does the work of undeclared, below one place.
func (j *judge) strangers(s *schema, v any, at string) (found []string) {
	if s == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = j.document.Components.Schemas[name]
	}
	switch v := v.(type) {
	case map[string]any:
		if len(s.Properties) == 0 {
			return nil // of any shape
		}
		for name, member := range v {
			declared, ok := s.Properties[name]
			if !ok {
				found = append(found, "the document does not declare the member "+at+"."+name)
			}
			found = append(found, j.strangers(declared, member, at+"."+name)...)
		}
	case []any:
		for _, item := range v {
			found = append(found, j.strangers(s.Items, item, at+"[]")...)
		}
	}
	return found
}

// refusedByEntra reports whether an answer is that of an account that cannot sign in:
// some integrations are made unchecked.
func refusedByEntra(text []byte) bool {
	var p api.Problem
	return json.Unmarshal(text, &p) == nil && p.Upstream != nil && p.Upstream.API == "entra" && strings.HasPrefix(p.Upstream.Code, "AADSTS")
}

// problemFaults lists what is wrong with a problem.
func problemFaults(resp *http.Response, kind string, text []byte) (found []string) {
	var p api.Problem
	if err := json.Unmarshal(text, &p); err != nil || kind != "application/problem+json" {
		return []string{"no problem, but " + kind}
	}
	for member, ok := range map[string]bool{
		"code": p.Code != "", "mend": p.Mend != "" || p.Detail != "", "status": p.Status == resp.StatusCode, "title": p.Title != "",
		"type": p.Type == "urn:gatehouse:problem:"+string(p.Code), "requestId": p.RequestID == resp.Header.Get("X-Request-ID"),
		"instance": p.Instance == asJSON(resp.Request.URL.Path),
	} {
		if !ok {
			found = append(found, "the problem's "+member+" is not right")
		}
	}
	if wait := resp.Header.Get("Retry-After"); wait == "" && resp.StatusCode == http.StatusTooManyRequests {
		found = append(found, "429 without Retry-After")
	}
	return found
}

// asJSON is a text as it comes through JSON, which has no place for what is not
// UTF-8.
func asJSON(text string) (through string) {
	encoded, _ := json.Marshal(text)      // it is a text
	_ = json.Unmarshal(encoded, &through) // as above
	return through
}

// withoutNulls drops the members of objects that are null.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
			} else {
				v[name] = withoutNulls(member)
			}
		}
	case []any:
		for n := range v {
			v[n] = withoutNulls(v[n])
		}
	}
	return v
}
