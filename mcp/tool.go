package mcp

import (
	"context"
	"slices"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/gatehouse-sec/gatehouse/api"
)

// tool is one thing that an agent can do.
type tool struct {
	name, title string
	about       string // one or two sentences; never a word from outside
	scope       api.Scope
	hints       hints
	params      []param
	run         func(context.Context, *session, arguments) (any, error)

	described *sdk.Tool
}

// hints are what a client may tell its user before a call.
type hints struct {
	changes     bool // something, somewhere
	destructive bool // and not only by adding to it
	// outside: it asks Microsoft, or its result holds text that others wrote.
	outside bool
}

// reading are the hints of what reads Gatehouse's own words, fromOutside of what
// reads text that others wrote.
func reading() hints     { return hints{} }
func fromOutside() hints { return hints{outside: true} }

// described fills in how tools are shown.
func described(all []tool) []tool {
	for i, t := range all {
		all[i].described = &sdk.Tool{
			Name: t.name, Title: t.title, Description: t.about, InputSchema: schemaOf(t.params),
			Annotations: &sdk.ToolAnnotations{
				Title: t.title, ReadOnlyHint: !t.hints.changes, DestructiveHint: &all[i].hints.destructive,
				IdempotentHint: true, OpenWorldHint: &all[i].hints.outside,
			},
		}
	}
	return all
}

// catalogueOf are all tools, given the catalogue of response actions.
func catalogueOf(kinds []api.ActionKind) []tool {
	return described(slices.Concat(
		integrationTools(), recordTools(), scoreTools(), eventTools(), readActionTools(), readHuntTools(),
		runHuntTools(), kindTools(kinds), decisionTools(), rivalTools(),
	))
}

// handler answers calls of a tool. What goes wrong is a result that says so, with
// a code and what to do: a model can then mend its call.
func (s *session) handler(t tool) sdk.ToolHandler {
	return func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		given, err := argumentsOf(t.params, req.Params.Arguments)
		if err != nil {
			return failure(err), nil
		}
		out, err := t.run(ctx, s, given)
		if err != nil {
			return failure(err), nil
		}
		return success(out), nil
	}
}
