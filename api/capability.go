package api

import "github.com/gatehouse-sec/gatehouse"

// Capabilities says what can be asked of this server, and what each
// integration can do.
type Capabilities struct {
	Resources    []ResourceInfo            `json:"resources" doc:"What can be listed, and how."`
	Actions      []ActionKind              `json:"actions" doc:"The catalogue of response actions."`
	Integrations []IntegrationCapabilities `json:"integrations" doc:"What each integration can do."`
}

// ResourceInfo says how a resource can be filtered and sorted.
type ResourceInfo struct {
	Name    string           `json:"name" doc:"The path of its list, behind /v1/." example:"devices"`
	Title   string           `json:"title" doc:"A name for people."`
	Stream  gatehouse.Stream `json:"stream" doc:"The stream that fills it."`
	Class   string           `json:"ocsfClass,omitempty" doc:"The OCSF class of its records." example:"5001 Device Inventory Info"`
	Filters []FilterInfo     `json:"filters" doc:"What it can be filtered by."`
	Sorts   []string         `json:"sorts" doc:"What it can be sorted by."`
}

// FilterInfo is one field that a resource can be filtered by.
type FilterInfo struct {
	Field     string   `json:"field" doc:"The name of the field." example:"risk"`
	Type      string   `json:"type" doc:"text, number, time or bool."`
	Operators []string `json:"operators" doc:"Of eq, ne, in, lt, le, gt, ge, prefix, contains, exists."`
	Values    []string `json:"values,omitempty" doc:"What Microsoft documents; other values are allowed."`
	Doc       string   `json:"doc,omitempty" doc:"What it means."`
}

// IntegrationCapabilities is what one integration can do.
type IntegrationCapabilities struct {
	Integration  string            `json:"integration" doc:"Id of the integration."`
	Name         string            `json:"name" doc:"Its name."`
	Capabilities []CapabilityState `json:"capabilities" doc:"What its permissions open."`
	Actions      []ActionState     `json:"actions" doc:"Which response actions its permissions open."`
	Problem      *Problem          `json:"problem,omitempty" doc:"Why it is not known what this integration can do; the others are here all the same."`
}

// ActionState says whether an integration may carry out an action.
type ActionState struct {
	Action  string   `json:"action" doc:"The name of the action." example:"isolate"`
	OK      bool     `json:"ok" doc:"Whether its permissions open it."`
	API     string   `json:"api,omitempty" doc:"The API of Microsoft that it goes through: mde, xdr or graph."`
	Missing []string `json:"missing,omitempty" doc:"Permissions of which one would allow it."`
}

// Streams is the catalogue of what is mirrored.
type Streams struct {
	Items []StreamInfo `json:"items" doc:"What was found; an empty list when there is nothing."`
}

// StreamInfo is one kind of record that is mirrored.
type StreamInfo struct {
	Name        gatehouse.Stream `json:"name" doc:"The name of the stream."`
	Title       string           `json:"title" doc:"A name for people."`
	Docs        string           `json:"docs" doc:"Microsoft's page."`
	Mode        string           `json:"mode" doc:"snapshot, incremental or export."`
	Interval    string           `json:"interval" doc:"How often it is read, as 5m0s." example:"15m0s"`
	Reconcile   string           `json:"reconcile,omitempty" doc:"How often it is read whole, as 24h0m0s."`
	Permissions []string         `json:"permissions" doc:"Any one of them opens it."`
}
