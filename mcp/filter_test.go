package mcp_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
)

// Every parameter of a list of records is one that the API knows: each is asked for
// by itself.
func TestEveryFilterIsKnown(t *testing.T) {
	t.Parallel()
	a := raise(t).agent(gatehouse.ScopeRead)
	tools := a.tools()
	asked := 0
	for _, name := range []string{
		"list_devices", "list_alerts", "list_incidents", "list_vulnerabilities", "list_cves", "list_software", "list_recommendations", "list_machine_actions",
	} {
		properties := tools[name].InputSchema.(map[string]any)["properties"].(map[string]any)
		for _, parameter := range slices.Sorted(maps.Keys(properties)) {
			if slices.Contains([]string{"integrations", "device", "filter", "sort", "cursor", "live", "limit", "count", "fields", "detail"}, parameter) {
				continue
			}
			asked++
			if out, failed := a.try(name, map[string]any{parameter: sample(parameter, properties[parameter].(map[string]any))}); failed {
				t.Errorf("%s with %s: %v", name, parameter, out)
			}
		}
	}
	if asked < 40 {
		t.Errorf("%d filters alone", asked)
	}
}

// sample is a value that a parameter takes.
func sample(name string, schema map[string]any) any {
	if items, ok := schema["items"].(map[string]any); ok {
		return []any{sample(name, items)}
	}
	if values, ok := schema["enum"].([]any); ok {
		return values[0]
	}
	switch {
	case schema["type"] == "boolean":
		return true
	case schema["type"] == "number" || schema["type"] == "integer":
		return 1
	case strings.HasSuffix(name, "_since"):
		return "2026-11-01"
	}
	return "x"
}
