package server

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// humaConfig is how Huma is to behave: JSON only, no routes of its own, and no
// member $schema in answers.
func (s *Server) humaConfig() huma.Config {
	c := huma.DefaultConfig("Gatehouse", s.options.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Transformers = []huma.Transformer{s.asProblem}
	c.Info.Description = "One EDR and XDR API over every connected Defender account, in OCSF 1.8."
	c.Info.License = &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "An API key, gh_…, or a token of the OpenID Connect issuer that the server trusts."},
	}
	return c
}

// document is the OpenAPI document as it is served.
type document struct{ json, yaml []byte }

// describe makes the OpenAPI document once every route is registered.
func (s *Server) describe() error {
	s.finish()
	text, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return fmt.Errorf("OpenAPI document: %w", err)
	}
	s.document.json = text
	if s.document.yaml, err = s.api.OpenAPI().YAML(); err != nil {
		return fmt.Errorf("OpenAPI document: %w", err)
	}
	return nil
}

// OpenAPI returns the OpenAPI 3.1 document of the API as YAML.
func (s *Server) OpenAPI() []byte { return s.document.yaml }
