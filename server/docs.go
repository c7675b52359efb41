package server

import (
	_ "embed" // the page
	"net/http"
)

//go:embed page/docs.html
var docsHTML []byte

//go:embed page/docs.css
var docsCSS []byte

//go:embed page/docs.js
var docsJS []byte

// docsPolicy lets the page use what the server itself serves and nothing else.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// addDocsRoutes registers the OpenAPI document and the page that shows it. They
// load nothing from anywhere else.
func addDocsRoutes(s *Server) {
	for _, file := range []struct {
		path, id, kind string
		content        func() []byte
	}{
		{"/openapi.json", "openapiJSON", "application/openapi+json", func() []byte { return s.document.json }},
		{"/openapi.yaml", "openapiYAML", "application/openapi+yaml", func() []byte { return s.document.yaml }},
		{"/docs", "docs", "text/html; charset=utf-8", func() []byte { return docsHTML }},
		{"/docs/docs.css", "docsStyle", "text/css; charset=utf-8", func() []byte { return docsCSS }},
		{"/docs/docs.js", "docsScript", "text/javascript; charset=utf-8", func() []byte { return docsJS }},
	} {
		addPlain(s, route{method: http.MethodGet, path: file.path, id: file.id}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file.kind)
			w.Header().Set("Content-Security-Policy", docsPolicy)
			_, _ = w.Write(file.content()) // it is held back
		})
	}
}
