package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gatehouse-sec/gatehouse/app"
)

// documentURL is where the served document stands for references within it.
const documentURL = "https://gatehouse.invalid/openapi.json"

// document is the OpenAPI document, in the parts that these tests read.
type document struct {
	raw        any
	compiler   *jsonschema.Compiler
	Paths      map[string]map[string]*operation
	Components struct {
		Schemas   map[string]*schema
		Responses map[string]*response
	}
	Tags []struct{ Name string }
}

// operation is one method of one path.
type operation struct {
	method, path string // not of the document
	OperationID  string
	Summary      string
	Description  string
	Tags         []string
	Parameters   []parameter
	RequestBody  *struct {
		Required bool
		Content  map[string]struct {
			Schema  *schema
			Example json.RawMessage
		}
	}
	Responses map[string]*response
	Security  []map[string][]string
	Scope     string `json:"x-gatehouse-scope"`
}

// parameter is a parameter of a query, path or header.
type parameter struct {
	Name, In, Description string
	Required              bool
	Explode               bool
	Schema                *schema
}

// response is an answer.
type response struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     map[string]any
	Content     map[string]struct{ Schema json.RawMessage }
}

// schema is a schema, as far as values are made from it.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Format               string
	Description          string
	Pattern              string
	Enum                 []any
	Examples             []any
	Items                *schema
	Properties           map[string]*schema
	Required             []string
	AdditionalProperties any
	Minimum, Maximum     *float64
	MinLength, MaxLength *int
	MinItems, MaxItems   *int
}

// readDocument decodes an OpenAPI document.
func readDocument(t testing.TB, text []byte) *document {
	t.Helper()
	d := &document{compiler: jsonschema.NewCompiler()}
	must(t, json.Unmarshal(text, d)) //nolint:musttag // the names differ in case alone
	var err error
	d.raw, err = jsonschema.UnmarshalJSON(bytes.NewReader(text))
	must(t, err)
	d.compiler.AssertFormat()
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	must(t, d.compiler.AddResource(documentURL, d.raw))
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
		}
	}
	return d
}

// operations are all operations, in the order of their ids.
func (d *document) operations() []*operation {
	var all []*operation
	for _, methods := range d.Paths {
		all = slices.AppendSeq(all, maps.Values(methods))
	}
	slices.SortFunc(all, func(a, b *operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// answer finds what an operation declares for a status, and where it stands in the
// document; nil when it declares nothing.
func (d *document) answer(op *operation, status string) (*response, string) {
	r := op.Responses[status]
	if r == nil {
		return nil, ""
	}
	if r.Ref != "" {
		return d.Components.Responses[r.Ref[strings.LastIndex(r.Ref, "/")+1:]], documentURL + r.Ref
	}
	return r, documentURL + "#/" + pointer("paths", op.path, strings.ToLower(op.method), "responses", status)
}

// pointer joins the tokens of a JSON pointer.
func pointer(tokens ...string) string {
	for n, token := range tokens {
		tokens[n] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(token)
	}
	return strings.Join(tokens, "/")
}

// served is the document of a server that has nothing yet.
func served(t testing.TB) []byte {
	t.Helper()
	a, err := app.New(t.Context(), app.Options{Data: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { must(t, a.Close()) })
	rest, err := a.REST()
	must(t, err)
	return fetch(t, rest.Handler(), "/openapi.json")
}

// The document is what OpenAPI 3.1 asks for, by the schema of the OpenAPI
// Initiative, and each of its schemas by that of JSON Schema 2020-12.
func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	d := readDocument(t, served(t))
	const name = "testdata/openapi-3.1.schema.json"
	file, err := os.Open(name)
	must(t, err)
	defer file.Close()
	meta, err := jsonschema.UnmarshalJSON(file)
	must(t, err)
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("file:///"+name, meta))
	compiled, err := c.Compile("file:///" + name)
	must(t, err)
	must(t, compiled.Validate(d.raw))
	for name := range d.Components.Schemas {
		if _, err := d.compiler.Compile(documentURL + "#/components/schemas/" + name); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
}

// What any client may lean on is in the document, for every operation and every
// member.
func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()
	d := readDocument(t, served(t))
	for _, op := range d.operations() {
		for _, finding := range d.lint(op) {
			t.Errorf("%s %s (%s): %s", op.method, op.path, op.OperationID, finding)
		}
	}
	for name, s := range d.Components.Schemas {
		lintSchema(t, name, s)
	}
	if len(d.Tags) < 10 {
		t.Errorf("%d tags are declared", len(d.Tags))
	}
	walk(d.raw, "#", func(at string, v map[string]any) {
		if ref, ok := v["$ref"].(string); ok && !resolves(d.raw, ref) {
			t.Errorf("%s: %s leads nowhere", at, ref)
		}
		if _, ok := v["$schema"]; ok && at != "#" {
			t.Errorf("%s: a member $schema", at)
		}
	})
}

// lint lists what one operation lacks.
func (d *document) lint(op *operation) (found []string) {
	say := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	say(op.OperationID != "", "no id")
	say(op.Summary != "" && !strings.HasSuffix(op.Summary, "."), "summary %q", op.Summary)
	say(len(op.Tags) == 1 && op.Tags[0] != "", "tags %q", op.Tags)
	say(len(op.Security) == 1, "security %v", op.Security)
	wanted := []string{"400", "401", "429", "500", "503", "default"}
	if op.Scope != "any" {
		wanted = append(wanted, "403")
	}
	if strings.Contains(op.path, "{") {
		wanted = append(wanted, "404")
	}
	if op.RequestBody != nil {
		wanted = append(wanted, "413", "415", "422")
		example := op.RequestBody.Content["application/json"].Example
		say(len(example) > 2 && newJudge(d).allows(op, example), "no example of a body, or one that the schema does not allow: %s", example)
	}
	for _, p := range op.Parameters {
		say(p.Description != "", "parameter %s is not described", p.Name)
		say(p.Schema != nil && !nullable(p.Schema), "parameter %s may be null", p.Name)
		say(p.In != "path" || p.Required && strings.Contains(op.path, "{"+p.Name+"}"), "path parameter %s", p.Name)
		if p.In == "query" {
			wanted = append(wanted, "422")
		}
	}
	for _, status := range wanted {
		r, _ := d.answer(op, status)
		if say(r != nil, "no answer %s", status); r == nil {
			continue
		}
		content, ok := r.Content["application/problem+json"]
		say(ok && len(r.Content) == 1 && strings.Contains(string(content.Schema), "schemas/Problem"), "answer %s is no problem", status)
	}
	for status := range op.Responses {
		r, _ := d.answer(op, status)
		say(r.Description != "", "answer %s is not described", status)
		say(r.Headers["X-Request-Id"] != nil, "answer %s has no X-Request-Id", status)
	}
	return found
}

// lintSchema says what a schema lacks.
func lintSchema(t *testing.T, at string, s *schema) {
	t.Helper()
	if s.Type == "array" && s.Items == nil {
		t.Errorf("%s: an array of what?", at)
	}
	if nullable(s) {
		t.Errorf("%s: may be null", at)
	}
	for name, member := range s.Properties {
		if member.Description == "" {
			t.Errorf("%s.%s is not described", at, name)
		}
		lintSchema(t, at+"."+name, member)
	}
	for _, name := range s.Required {
		if s.Properties[name] == nil {
			t.Errorf("%s: %s is required and is not there", at, name)
		}
	}
}

// nullable reports whether a schema lets null be.
func nullable(s *schema) bool {
	several, _ := s.Type.([]any)
	return slices.Contains(several, any("null"))
}

// walk visits every object of a JSON value.
func walk(v any, at string, visit func(string, map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(at, v)
		for name, member := range v {
			walk(member, at+"/"+pointer(name), visit)
		}
	case []any:
		for n, item := range v {
			walk(item, fmt.Sprintf("%s/%d", at, n), visit)
		}
	}
}

// resolves reports whether a reference within a document leads anywhere.
func resolves(v any, ref string) bool {
	path, ok := strings.CutPrefix(ref, "#/")
	for token := range strings.SplitSeq(path, "/") {
		object, _ := v.(map[string]any)
		if v = object[token]; v == nil {
			return false
		}
	}
	return ok
}

// fetch gets a file of the server.
func fetch(t testing.TB, h http.Handler, path string) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	must(t, err)
	h.ServeHTTP(w, req)
	text, err := io.ReadAll(w.Result().Body)
	must(t, err)
	return text
}
