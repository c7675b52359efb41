package emulator

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"
)

// The doors a route can belong to. The door decides which token audience a call needs and which error envelope it gets.
const (
	apiMDE   = "mde"   // WindowsDefenderATP, /api/...
	apiXDR   = "xdr"   // Microsoft Threat Protection, /api/...
	apiGraph = "graph" // Microsoft Graph, /v1.0/...
	apiBlob  = "blob"  // download hosts: no token at all, the link itself is the right to read
)

// route is one operation of Microsoft's API.
type route struct {
	method, path       string // path in lower case with {name} segments, or {name...} as the last; matching ignores case
	api                string // apiMDE, apiXDR, apiGraph or apiBlob
	roles              []string
	perMinute, perHour int      // 0 is not limited
	quota              string   // the limit that routes share, if they do
	options            []string // query options accepted, in lower case; anything else is refused with 400
	needs              string   // licence: "" or "tvm"
	handle             func(c *call) reply
}

// name is how statistics, faults and errors call the route.
func (r *route) name() string { return r.method + " " + r.path }

// call is one request that passed every check and reaches the handler of its route.
type call struct {
	r      *http.Request
	tenant *tenant
	app    *application
	vars   map[string]string // path variables, decoded
	query  url.Values        // keys in lower case
	base   string            // scheme://host as the client addressed it, for nextLinks and @odata.context
	now    time.Time

	blobs string              // base of download links; see blobBase
	leave func()              // tells the crew that the call is over
	hit   map[FaultKind]Fault // the faults that strike the call
	wrote []Accepted          // what the call changed; empty is the record that its path names
	empty bool                // a fault makes this page empty, with a link to where it stood
}

// blobBase is what the URL of a downloadable file begins with: a host of Azure Blob storage of the tenant's cloud, or
// the emulator's own address and /blob when the client addressed the emulator by its own address. A path of a blob
// route is appended to it.
func (c *call) blobBase() string { return c.blobs }

// pattern is a route's path cut into segments.
type pattern struct {
	route    *route
	segments []string
	tail     bool // the last segment takes the rest of the path
}

// router finds the route of a request.
type router struct {
	patterns map[string][]pattern // by door family: "api", "graph", "blob"
}

// newRouter cuts the paths of all routes. Patterns with more fixed segments come first, so that
// /api/machines/findbyip is not taken for /api/machines/{id}.
func newRouter(routes []route) *router {
	rt := &router{patterns: map[string][]pattern{}}
	for i := range routes {
		r := &routes[i]
		p := pattern{route: r, segments: segments(r.path)}
		p.tail = len(p.segments) > 0 && strings.HasSuffix(p.segments[len(p.segments)-1], "...}")
		family := familyOf(r.api)
		rt.patterns[family] = append(rt.patterns[family], p)
	}
	for _, list := range rt.patterns {
		sort.SliceStable(list, func(i, j int) bool { return list[i].weight() > list[j].weight() })
	}
	return rt
}

// familyOf groups the doors by the place their paths live in.
func familyOf(api string) string {
	if api == apiMDE || api == apiXDR {
		return "api"
	}
	return api
}

// weight orders patterns: fixed segments first, from the left.
func (p pattern) weight() string {
	var b strings.Builder
	for _, s := range p.segments {
		switch {
		case strings.HasSuffix(s, "...}"):
			b.WriteByte('0')
		case strings.HasPrefix(s, "{"):
			b.WriteByte('1')
		case strings.Contains(s, "{"):
			b.WriteByte('2')
		default:
			b.WriteByte('3')
		}
	}
	return b.String()
}

// segments cuts a path at its slashes; leading and trailing ones do not count.
func segments(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// match compares the pattern with the segments of a request, still escaped, and returns the decoded variables.
func (p pattern) match(path []string) (map[string]string, bool) {
	if len(path) != len(p.segments) && (!p.tail || len(path) < len(p.segments)) {
		return nil, false
	}
	vars := map[string]string{}
	for i, want := range p.segments {
		got := path[i]
		if p.tail && i == len(p.segments)-1 {
			got = strings.Join(path[i:], "/")
		}
		value, err := url.PathUnescape(got)
		if err != nil || !matchSegment(want, value, vars) {
			return nil, false
		}
	}
	return vars, true
}

// matchSegment compares one segment and notes its variables. A segment may hold fixed text and variables in turn, as in
// findbyip(ip='{ip}',timestamp={timestamp}); a variable ends where the fixed text after it begins.
func matchSegment(want, got string, vars map[string]string) bool {
	for {
		fixed, rest, more := strings.Cut(want, "{")
		if len(got) < len(fixed) || !strings.EqualFold(got[:len(fixed)], fixed) {
			return false
		}
		got = got[len(fixed):]
		if !more {
			return got == ""
		}
		name, after, _ := strings.Cut(rest, "}")
		stop, _, _ := strings.Cut(after, "{")
		end := len(got)
		if stop != "" {
			end = strings.Index(strings.ToLower(got), stop)
		}
		if end <= 0 || end > len(got) {
			return false
		}
		vars[strings.TrimSuffix(name, "...")], want, got = got[:end], after, got[end:]
	}
}

// errNoRoute and errWrongVerb tell the two ways of finding no route.
var (
	errNoRoute   = errors.New("no such route")
	errWrongVerb = errors.New("the route has no such verb")
)

// find returns the route for a verb and an escaped path within a family, with its variables; for a wrong verb the
// verbs that exist.
func (rt *router) find(family, method, path string) (*route, map[string]string, []string, error) {
	parts := segments(path)
	if family == "api" {
		parts = dropVersion(parts)
	}
	var allow []string
	best := ""
	for _, p := range rt.patterns[family] {
		if best != "" && p.weight() != best {
			break // a less exact pattern does not lend its verbs to a more exact one
		}
		vars, ok := p.match(parts)
		if !ok {
			continue
		}
		best = p.weight()
		if p.route.method == method {
			return p.route, vars, nil, nil
		}
		if !slices.Contains(allow, p.route.method) {
			allow = append(allow, p.route.method)
		}
	}
	if best == "" {
		return nil, nil, nil, errNoRoute
	}
	return nil, nil, allow, errWrongVerb
}

// dropVersion takes the optional version segment out: /api/v1.0/alerts is /api/alerts.
func dropVersion(parts []string) []string {
	if len(parts) > 1 && strings.EqualFold(parts[0], "api") && strings.EqualFold(parts[1], "v1.0") {
		return append([]string{"api"}, parts[2:]...)
	}
	return parts
}

// reply is the answer of a handler.
type reply struct {
	status int // 0 is 200
	header http.Header
	body   any                     // encoded by encoding/json; or
	stream func(w io.Writer) error // written as it goes (large pages, files)
}

// failure is the body of an error: the envelope is chosen when it is written, by the door of the route.
type failure struct {
	code, message string
}

// fail is an error reply in the envelope of the door the call came through.
func fail(status int, code, message string) reply {
	return reply{status: status, body: failure{code: code, message: message}}
}
