package emulator

import (
	"encoding/hex"
	"net/http"
	"slices"
)

// The types of machine action that the API begins (core.md 6.3).
const (
	kindIsolate      = "Isolate"
	kindUnisolate    = "Unisolate"
	kindScan         = "RunAntiVirusScan"
	kindRestrict     = "RestrictCodeExecution"
	kindUnrestrict   = "UnrestrictCodeExecution"
	kindPackage      = "CollectInvestigationPackage"
	kindQuarantine   = "StopAndQuarantineFile"
	kindOffboard     = "Offboard"
	kindLiveResponse = "LiveResponse"
)

// scopeUnmanaged is the isolation that contains a device without a sensor.
const scopeUnmanaged = "UnManagedDevice"

// actionOp is one operation that begins a machine action.
type actionOp struct {
	path      string // last segment, in lower case
	kind      string // type of the action
	roles     []string
	perMinute int
	perHour   int

	scopeMember string            // member of the body that holds the scope
	scopes      map[string]osMask // its values, and where each one works
	scope       string            // the value when it is missing; "" makes it required
	systems     osMask            // where an action without scope works

	hash      bool   // Sha1 is required
	commands  bool   // Commands are required
	exclusive bool   // one at a time on a device: a repeat is refused always
	client    string // the oldest client that can do it
}

// everywhere are all systems.
const everywhere = osWindows | osLinux | osMacOS

// actionOps lists the operations (core.md 5.3 and 5.4). Microsoft's pages of the API name Windows 10 and 11 alone where it
// is osWindows here; that servers count among them is from its pages of the portal.
func actionOps() []actionOp {
	return []actionOp{
		{
			path: "isolate", kind: kindIsolate, roles: []string{"Machine.Isolate"}, client: "1703",
			scopeMember: "IsolationType", scope: "Full",
			scopes: map[string]osMask{"Full": osWindows | osLinux, "Selective": osWindows, scopeUnmanaged: everywhere},
		},
		{path: "unisolate", kind: kindUnisolate, roles: []string{"Machine.Isolate"}, systems: everywhere},
		{
			path: "runantivirusscan", kind: kindScan, roles: []string{"Machine.Scan"}, client: "1709",
			scopeMember: "ScanType", scopes: map[string]osMask{"Quick": everywhere, "Full": everywhere},
		},
		{path: "restrictcodeexecution", kind: kindRestrict, roles: []string{"Machine.RestrictExecution"}, systems: osWindows, client: "1709"},
		{path: "unrestrictcodeexecution", kind: kindUnrestrict, roles: []string{"Machine.RestrictExecution"}, systems: osWindows},
		{path: "collectinvestigationpackage", kind: kindPackage, roles: []string{"Machine.CollectForensics"}, systems: everywhere, exclusive: true, client: "1703"},
		{
			path: "stopandquarantinefile", kind: kindQuarantine, roles: []string{"Machine.StopAndQuarantine", "Machine.ReadWrite.All"},
			systems: osWindows, hash: true, client: "1703",
		},
		{path: "offboard", kind: kindOffboard, roles: []string{"Machine.Offboard"}, systems: osWindows},
		{
			path: "runliveresponse", kind: kindLiveResponse, roles: []string{"Machine.LiveResponse"}, perMinute: 10, perHour: -1,
			systems: everywhere, commands: true, exclusive: true, client: "1709",
		},
	}
}

// actionRoutes lists the operations that begin, end and read machine actions.
func actionRoutes() []route {
	var routes []route
	for _, op := range actionOps() {
		rt := route{
			method: http.MethodPost, path: "/api/machines/{id}/" + op.path, api: apiMDE, roles: op.roles,
			perMinute: orDefault(op.perMinute, 100), perHour: orDefault(op.perHour, 1500), handle: submitAction(op),
		}
		routes = append(routes, rt)
	}
	return append(routes,
		route{
			method: http.MethodPost, path: "/api/machineactions/{id}/cancel", api: apiMDE, perMinute: 100, perHour: 1500, handle: cancelAction,
			roles: []string{
				"Machine.CollectForensics", "Machine.Isolate", "Machine.RestrictExecution", "Machine.Scan", "Machine.Offboard",
				"Machine.StopAndQuarantine", "Machine.LiveResponse",
			},
		},
		route{method: http.MethodGet, path: "/api/machineactions/{id}/getpackageuri", api: apiMDE, roles: readMachines(), perMinute: 2, perHour: 120, handle: getPackageURI},
		route{method: http.MethodGet, path: "/api/machineactions/{id}/getliveresponseresultdownloadlink(index={index})", api: apiMDE, roles: readMachines(), perMinute: 100, perHour: 1500, handle: getLiveResponseLink},
		route{method: http.MethodGet, path: "/" + packageContainer + "/{path...}", api: apiBlob, options: sasOptions(), handle: downloadResult(packageContainer)},
		route{method: http.MethodGet, path: "/" + responseContainer + "/{path...}", api: apiBlob, options: sasOptions(), handle: downloadResult(responseContainer)},
	)
}

// begins tells whether an operation begins a machine action.
func (r *route) begins() bool {
	return slices.ContainsFunc(actionOps(), func(op actionOp) bool { return r.path == "/api/machines/{id}/"+op.path })
}

// actionBody is the body of every operation; an operation refuses the members of the others.
type actionBody struct {
	Comment       *string        `json:"Comment"`
	IsolationType *string        `json:"IsolationType"`
	ScanType      *string        `json:"ScanType"`
	SHA1          *string        `json:"Sha1"`
	Commands      *[]liveCommand `json:"Commands"`
}

// read reads and checks a body. What it returns has a comment, and the scope in its place.
func (op *actionOp) read(c *call) (body actionBody, scope string, refusal reply, ok bool) {
	if refusal, ok = readBody(c, &body); !ok {
		return body, "", refusal, false
	}
	members := map[string]*string{"IsolationType": body.IsolationType, "ScanType": body.ScanType}
	for name, value := range members {
		if value != nil && name != op.scopeMember {
			return body, "", badBody(c), false
		}
	}
	if body.SHA1 != nil && !op.hash || body.Commands != nil && !op.commands {
		return body, "", badBody(c), false
	}
	if body.Comment == nil || *body.Comment == "" {
		return body, "", missing("Comment"), false
	}
	scope = op.scope
	if value := members[op.scopeMember]; value != nil {
		scope = *value
	}
	if _, known := op.scopes[scope]; op.scopes != nil && !known {
		if scope == "" && members[op.scopeMember] == nil {
			return body, "", missing(op.scopeMember), false
		}
		return body, "", invalidInput(scope), false
	}
	if op.hash {
		if refusal, ok = checkHash(body.SHA1); !ok {
			return body, "", refusal, false
		}
	}
	if op.commands {
		if refusal, ok = checkCommands(c, body.Commands); !ok {
			return body, "", refusal, false
		}
	}
	return body, scope, reply{}, true
}

// checkHash refuses what is no SHA-1.
func checkHash(hash *string) (reply, bool) {
	if hash == nil || *hash == "" {
		return missing("Sha1"), false
	}
	if raw, err := hex.DecodeString(*hash); err != nil || len(raw) != 20 {
		return fail(http.StatusBadRequest, "InvalidHashValue", "Hash value "+*hash+" is invalid"), false
	}
	return reply{}, true
}

// fits refuses a device that cannot do the action: for its system, its client or its state. The caller holds the lock.
// The codes of the first two are Microsoft's; what it answers for a device without a sensor is not documented.
func (op *actionOp) fits(t *tenant, i int32, scope string) (reply, bool) {
	m := t.machines[i]
	kind := &t.platforms[m.platform]
	systems := op.systems
	if op.scopes != nil {
		systems = op.scopes[scope]
	}
	contained := op.kind == kindUnisolate && slices.Contains(t.folded(kindIsolate), m.machineID())
	switch {
	case scope == scopeUnmanaged && m.onboarding == 0:
		return fail(http.StatusBadRequest, "InvalidInput", "Invalid input IsolationType: the device is onboarded, only unmanaged devices can be contained"), false
	case scope == scopeUnmanaged, contained:
		return reply{}, true
	case m.onboarding != 0:
		return fail(http.StatusBadRequest, "InvalidInput", "Invalid input "+m.machineID()+": the device is not onboarded"), false
	case systems&kind.mask == 0:
		return fail(http.StatusBadRequest, "OsPlatformNotSupported", "OS Platform "+kind.platform+" isn't supported for this action"), false
	case m.old && op.client != "":
		return fail(http.StatusBadRequest, "ClientVersionNotSupported", op.kind+" is supported on client version "+op.client+" and above"), false
	case op.commands && t.groups[m.group].id == 0:
		return fail(http.StatusForbidden, "DisallowedOperation",
			"This device has no automation level assigned to it. You'll need to at least enable the minimum Remediation Level for a given Device Group."), false
	}
	return reply{}, true
}
