package mcp

import (
	"net/url"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
)

// portalOf is Microsoft's portal for a cloud.
func portalOf(cloud string) string {
	switch cloud {
	case "gcc-high":
		return "https://security.microsoft.us"
	case "dod":
		return "https://security.apps.mil"
	}
	return "https://security.microsoft.com"
}

// onPortal links to the page of a record by its id.
func onPortal(path string) func(string, api.Record, map[string]any) string {
	return func(portal string, r api.Record, _ map[string]any) string {
		return portal + path + url.PathEscape(r.ID)
	}
}

// linked takes the link that Microsoft gives with a record, where it leads to the
// portal, and otherwise makes one.
func linked(member string, otherwise func(string, api.Record, map[string]any) string) func(string, api.Record, map[string]any) string {
	return func(portal string, r api.Record, document map[string]any) string {
		if given, ok := lookup(document, []string{member}).(string); ok && strings.HasPrefix(given, portal+"/") {
			return given
		}
		return otherwise(portal, r, document)
	}
}
