package server

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// resource is one kind of record as the API lists it.
type resource struct {
	name   string // in paths
	one    string // in operation ids and texts
	many   string // in operation ids
	title  string
	stream gatehouse.Stream
	class  string // of OCSF, for the docs
	// aliases are the facets by which one record may be asked for in place of its id.
	aliases []string
	// within is the facet that the key of a record begins with; empty for none.
	within string
}

// recordResources are the resources whose records come from a stream. Whoever adds
// one adds its line here; the routes, the filters and the docs follow.
func recordResources() []resource {
	return []resource{
		{name: "devices", one: "device", many: "Devices", title: "Devices", stream: stream.Devices, class: "5001 Device Inventory Info", aliases: []string{"name", "ip", "aadDeviceId"}},
		{name: "alerts", one: "alert", many: "Alerts", title: "Alerts", stream: stream.Alerts, class: "2004 Detection Finding"},
		{name: "incidents", one: "incident", many: "Incidents", title: "Incidents", stream: stream.Incidents, class: "2005 Incident Finding"},
		{name: "vulnerabilities", one: "vulnerability", many: "Vulnerabilities", title: "Vulnerabilities of devices", stream: stream.Vulnerabilities, class: "2002 Vulnerability Finding", within: "device"},
		{name: "cves", one: "cve", many: "Cves", title: "CVEs that touch the tenant", stream: stream.CVEs, class: "2002 Vulnerability Finding"},
		{name: "software", one: "product", many: "Software", title: "Software", stream: stream.Software, class: "5020 Software Inventory Info"},
		{name: "recommendations", one: "recommendation", many: "Recommendations", title: "Recommendations", stream: stream.Recommendations, class: "2003 Compliance Finding"},
		{name: "machine-actions", one: "machineAction", many: "MachineActions", title: "Machine actions", stream: stream.MachineActions, class: "7001 Remediation Activity"},
		{name: "secure-score-controls", one: "secureScoreControl", many: "SecureScoreControls", title: "Secure score controls", stream: stream.SecureScoreControls, class: "2003 Compliance Finding"},
	}
}

// filterable are the facets that a resource can be filtered by: those of its stream
// and, where the key begins with one, that one by equality.
func (r resource) filterable() []stream.Facet {
	facets := stream.Facets(r.stream).Facets
	if r.within != "" {
		facets = append([]stream.Facet{{Name: r.within, Type: stream.FacetText, Doc: "id; the key of a record begins with it"}}, facets...)
	}
	return facets
}

// facet returns a facet that the resource can be filtered by.
func (r resource) facet(name string) (stream.Facet, bool) {
	for _, f := range r.filterable() {
		if f.Name == name {
			return f, true
		}
	}
	return stream.Facet{}, false
}

// operators are those that a facet of the resource may be asked with.
func (r resource) operators(f stream.Facet) []store.Op {
	if f.Name == r.within {
		return []store.Op{store.OpEqual}
	}
	switch f.Type {
	case stream.FacetText:
		return []store.Op{store.OpEqual, store.OpNotEqual, store.OpIn, store.OpPrefix, store.OpContains, store.OpExists}
	case stream.FacetWord:
		return []store.Op{store.OpEqual, store.OpNotEqual, store.OpIn, store.OpExists}
	case stream.FacetNumber, stream.FacetTime:
		return []store.Op{store.OpEqual, store.OpNotEqual, store.OpLess, store.OpLessOrEqual, store.OpGreater, store.OpGreaterOrEqual, store.OpExists}
	case stream.FacetBool:
		return []store.Op{store.OpEqual, store.OpNotEqual, store.OpExists}
	}
	return nil
}

// sorts are the names that the resource can be sorted by.
func (r resource) sorts() []string {
	names := []string{}
	for _, f := range stream.Facets(r.stream).Facets {
		names = append(names, f.Name)
	}
	return names
}

// info describes the resource for the capabilities.
func (r resource) info() api.ResourceInfo {
	info := api.ResourceInfo{Name: r.name, Title: r.title, Stream: r.stream, Class: r.class, Filters: []api.FilterInfo{}, Sorts: r.sorts()}
	for _, f := range r.filterable() {
		filter := api.FilterInfo{Field: f.Name, Type: typeName(f.Type), Values: f.Values, Doc: f.Doc}
		for _, op := range r.operators(f) {
			filter.Operators = append(filter.Operators, string(op))
		}
		info.Filters = append(info.Filters, filter)
	}
	return info
}

// typeName is a type of facets as it is shown: words are texts.
func typeName(t stream.FacetType) string {
	if t == stream.FacetWord {
		return string(stream.FacetText)
	}
	return string(t)
}
