package api

import "github.com/gatehouse-sec/gatehouse"

// Capabilities says what can be asked of this server, and what each
// integration can do.
type Capabilities struct {
	Resources    []ResourceInfo            `json:"resources"`
	Actions      []ActionKind              `json:"actions"`
	Integrations []IntegrationCapabilities `json:"integrations"`
}

// ResourceInfo says how a resource can be filtered and sorted.
type ResourceInfo struct {
	Name    string           `json:"name" example:"devices"`
	Title   string           `json:"title"`
	Stream  gatehouse.Stream `json:"stream"`
	Class   string           `json:"ocsfClass,omitempty" doc:"The OCSF class of its records." example:"5001 Device Inventory Info"`
	Filters []FilterInfo     `json:"filters"`
	Sorts   []string         `json:"sorts"`
}

// FilterInfo is one field that a resource can be filtered by.
type FilterInfo struct {
	Field     string   `json:"field" example:"risk"`
	Type      string   `json:"type" doc:"text, number, time or bool."`
	Operators []string `json:"operators" doc:"Of eq, ne, in, lt, le, gt, ge, prefix, contains, exists."`
	Values    []string `json:"values,omitempty" doc:"What Microsoft documents; other values are allowed."`
	Doc       string   `json:"doc,omitempty"`
}

// IntegrationCapabilities is what one integration can do.
type IntegrationCapabilities struct {
	Integration  string            `json:"integration"`
	Name         string            `json:"name"`
	Capabilities []CapabilityState `json:"capabilities"`
	Actions      []ActionState     `json:"actions"`
	Problem      *Problem          `json:"problem,omitempty" doc:"Why it is not known what this integration can do; the others are here all the same."`
}

// ActionState says whether an integration may carry out an action.
type ActionState struct {
	Action  string   `json:"action" example:"isolate"`
	OK      bool     `json:"ok"`
	API     string   `json:"api,omitempty"`
	Missing []string `json:"missing,omitempty" doc:"Permissions of which one would allow it."`
}

// Streams is the catalogue of what is mirrored.
type Streams struct {
	Items []StreamInfo `json:"items"`
}

// StreamInfo is one kind of record that is mirrored.
type StreamInfo struct {
	Name        gatehouse.Stream `json:"name"`
	Title       string           `json:"title"`
	Docs        string           `json:"docs" doc:"Microsoft's page."`
	Mode        string           `json:"mode" doc:"snapshot, incremental or export."`
	Interval    string           `json:"interval" example:"15m0s"`
	Reconcile   string           `json:"reconcile,omitempty"`
	Permissions []string         `json:"permissions" doc:"Any one of them opens it."`
}
