package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// statusName is a status as the OpenAPI document names it.
func statusName(status int) string { return strconv.Itoa(status) }

// finishSuccesses completes the answers that are no problems.
func finishSuccesses(r route, op *huma.Operation) {
	for _, a := range op.Responses {
		if a.Headers == nil {
			a.Headers = map[string]*huma.Param{}
		}
		a.Headers["X-Request-Id"] = &huma.Param{Ref: "#/components/headers/RequestID"}
		rateHeaders(a.Headers)
		for _, h := range a.Headers {
			if h.Schema != nil && h.Description == "" {
				h.Description, h.Schema.Description = h.Schema.Description, ""
			}
		}
	}
	switch r.id {
	case "submitAction":
		ended := *op.Responses["202"]
		ended.Description = "The action has ended already: it was a dry run, or the repeat of one that has."
		op.Responses["200"] = &ended
		op.Responses["202"].Description = "The action is taken. Ask for it to learn what becomes of it."
	case "getActionResult":
		op.Responses["200"].Description = "The file, as Microsoft keeps it."
		op.Responses["200"].Content = map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{}}, "application/zip": {}, "application/gzip": {}, "application/octet-stream": {},
		}
	case "followEvents":
		op.Responses["200"].Description = "Changes as they come, as server-sent events: the data of each is an Event, its id the number to go on from."
		op.Responses["200"].Content = map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	if ok := op.Responses["200"]; ok != nil && r.method == http.MethodGet && !r.streams {
		ok.Headers["ETag"] = &huma.Param{Description: "The version of the answer, for If-None-Match.", Schema: &huma.Schema{Type: huma.TypeString}}
		op.Responses[statusName(http.StatusNotModified)] = &huma.Response{
			Description: "It is what If-None-Match says.",
			Headers:     map[string]*huma.Param{"X-Request-Id": {Ref: "#/components/headers/RequestID"}},
		}
	}
}

// finishParameters adds the headers that the gate reads.
func finishParameters(r route, op *huma.Operation) {
	text := func(most int) *huma.Schema {
		s := &huma.Schema{Type: huma.TypeString}
		if most > 0 {
			s.MaxLength = &most
		}
		return s
	}
	switch {
	case r.method == http.MethodGet && !r.streams:
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Description: "The ETag of an answer that is at hand: 304 says that it still holds.", Schema: text(0),
		})
	case r.method == http.MethodPost && r.changes() && r.idempotency != own:
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: text(maxIdempotencyKey),
			Description: "New for each new request, such as a UUID, and the same for its repeats: they take effect once and get the answer of the first.",
		})
	}
}

// finishSchemas completes the schemas: no array is null, whoever reads an answer has
// to bear members that came later, and problems are ours alone.
func finishSchemas(doc *huma.OpenAPI) {
	all := doc.Components.Schemas.Map()
	delete(all, "ErrorModel")
	delete(all, "ErrorDetail")
	asked := map[string]bool{}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, kind := range op.RequestBody.Content {
				reach(all, kind.Schema, asked)
			}
		}
	}
	for name, schema := range all {
		finishSchema(schema, !asked[name])
	}
}

// reach notes the names of all schemas that one refers to.
func reach(all map[string]*huma.Schema, s *huma.Schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok && !seen[name] {
		seen[name] = true
		reach(all, all[name], seen)
	}
	reach(all, s.Items, seen)
	for _, member := range s.Properties {
		reach(all, member, seen)
	}
}

// finishSchema completes a schema and what is within it.
func finishSchema(s *huma.Schema, open bool) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	if closed, ok := s.AdditionalProperties.(bool); ok && !closed && open {
		s.AdditionalProperties = nil
	}
	finishSchema(s.Items, open)
	for _, member := range s.Properties {
		finishSchema(member, open)
	}
}
