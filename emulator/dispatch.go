package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxRequest bounds the body of a request.
const maxRequest = 32 << 20

// counted notes status and size of an answer.
type counted struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (w *counted) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write counts.
func (w *counted) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets a response controller reach the connection.
func (w *counted) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// serve answers every request of the listener.
func (s *Server) serve(raw http.ResponseWriter, r *http.Request) {
	s.done.Add(1)
	defer s.done.Done()
	w := &counted{ResponseWriter: raw, status: http.StatusOK}
	seen := Call{Method: r.Method, Host: r.Host, Path: r.URL.Path}
	defer func() { s.served(seen, w) }()
	at, known := s.hosts.of(r)
	if s.hosts.dead(at.name) {
		panic(http.ErrAbortHandler) // an old connection to a host that has died since
	}
	if sni := r.TLS.ServerName; !known || sni != "" && !strings.EqualFold(sni, at.name) {
		s.stats.violation("host and TLS name differ")
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	packaged := at.unwrapped(r)
	fam, path := at.familyAt(r.URL.EscapedPath())
	if packaged {
		fam, path = apiBlob, r.URL.EscapedPath()
	}
	rt, vars, allow, err := s.router.find(fam, r.Method, path)
	if err == nil && !packaged && !at.serves(rt.api) && rt.api != apiIdentity {
		err = errNoRoute // such as an XDR route on the host of MDE
	}
	c := &call{r: r, vars: vars, now: s.now(), base: baseOf(r), blobs: s.blobsAt(at)}
	if err != nil {
		s.stats.unknown(r.Method + " " + r.URL.Path)
		s.lost(w, c, fam, allow, err)
		return
	}
	seen.Route = rt.name()
	s.stats.request(rt.name())
	s.misplaced(r, rt)
	hit := s.plan.Load().strikes(rt, r)
	defer s.leave(c, rt)
	s.write(w, c, rt, s.answer(c, rt, at, hit), hit)
}

// Call is one request as it went by, for logs. Its query is left out: it can hold the signature of a download link.
type Call struct {
	// Method, Host and Path are the request's.
	Method, Host, Path string
	// Route is the route it found, as Stats names it; empty when there is none.
	Route string
	// Status is the answer's; a broken connection keeps that of the answer that was begun, 200 if there was none.
	Status int
	// Bytes is the size of the body sent.
	Bytes int64
}

// served counts an answer and shows it to the observer.
func (s *Server) served(seen Call, w *counted) {
	s.stats.answer(w.status, w.bytes)
	if s.observe != nil {
		seen.Status, seen.Bytes = w.status, w.bytes
		s.observe(seen)
	}
}

// baseOf is the scheme and host as the client addressed them.
func baseOf(r *http.Request) string { return "https://" + r.Host }

// blobsAt is the base of download links for a client that came to a host.
func (s *Server) blobsAt(at host) string {
	switch {
	case at.self:
		return "https://" + s.Addr() + "/blob"
	case at.government():
		return "https://onboardedexports.blob.core.usgovcloudapi.net"
	}
	return "https://onboardedexports.blob.core.windows.net"
}

// lost answers a request without a route: MDE with an empty body (recorded), Graph in its envelope (general knowledge).
func (s *Server) lost(w http.ResponseWriter, c *call, fam string, allow []string, err error) {
	rep := reply{status: http.StatusNotFound}
	if fam == apiGraph {
		last := c.r.URL.Path[strings.LastIndexByte(c.r.URL.Path, '/')+1:]
		rep = fail(http.StatusBadRequest, "BadRequest", fmt.Sprintf("Resource not found for the segment '%s'.", last))
	}
	if errors.Is(err, errWrongVerb) {
		slices.Sort(allow)
		rep = reply{status: http.StatusMethodNotAllowed}
		if fam == apiGraph {
			rep = fail(http.StatusMethodNotAllowed, "UnknownError", fmt.Sprintf("The requested resource does not support http method '%s'.", c.r.Method))
		}
		rep.header = http.Header{"Allow": {strings.Join(allow, ", ")}}
	}
	api := fam
	if fam == "api" {
		api = apiMDE
	}
	s.write(w, c, &route{api: api}, rep, nil)
}

// misplaced counts a bearer token that reached a host which must never see one.
func (s *Server) misplaced(r *http.Request, rt *route) {
	if rt.api != apiBlob && rt.api != apiLogin && rt.api != apiIdentity {
		return
	}
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		s.stats.violation("token sent to a " + rt.api + " host")
	}
}

// answer passes a call through every check to its handler.
func (s *Server) answer(c *call, rt *route, at host, hit map[FaultKind]Fault) reply {
	if r := s.interfere(c, rt, hit); r != nil {
		return *r
	}
	if needsToken(rt.api) {
		if r := s.admit(c, rt, at, hit); r != nil {
			return *r
		}
	}
	query, r := s.readQuery(c.r, rt)
	if r != nil {
		return *r
	}
	c.query = query
	if rt.api == apiBlob {
		if c.r.Header.Get("Authorization") != "" {
			return blobError(http.StatusBadRequest, "InvalidAuthenticationInfo",
				"Authentication information is not given in the correct format. Check the value of Authorization header.", "")
		}
		c.tenant = s.ownerOf(c.r.URL.Path)
	}
	_, c.empty = hit[FaultEmptyPage]
	if f, ok := hit[FaultSnapshotGone]; ok && (rt.api == apiBlob || query.Has("$skiptoken")) {
		s.stats.fault(f.Kind)
		return snapshotGone(rt.api)
	}
	c.hit = hit
	rep := rt.handle(c)
	if c.empty {
		s.stats.fault(FaultEmptyPage)
	}
	if rt.writes() && rep.status < http.StatusBadRequest {
		return s.written(c, rt, rep)
	}
	return rep
}

// written notes a write that took effect, and plays the faults of such.
func (s *Server) written(c *call, rt *route, rep reply) reply {
	for _, kind := range []FaultKind{FaultLateAction, FaultFailedAction} {
		if _, struck := c.hit[kind]; struck {
			s.stats.fault(kind)
		}
	}
	lost, struck := c.hit[FaultLostAnswer]
	c.note(rt, struck)
	if !struck {
		return rep
	}
	s.stats.fault(FaultLostAnswer)
	if lost.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	return serverError(rt.api, lost.Status)
}

// needsToken tells whether the routes of a door want an access token.
func needsToken(api string) bool { return api == apiMDE || api == apiXDR || api == apiGraph }

// admit checks token, audience, licence, role and budget, in this order.
func (s *Server) admit(c *call, rt *route, at host, hit map[FaultKind]Fault) *reply {
	b, refused := s.authorise(c.r, rt, at)
	if refused != nil {
		return refused
	}
	if f, ok := hit[FaultExpiredToken]; ok {
		s.stats.fault(f.Kind)
		s.dead.add(b.id)
		return badToken(rt.api, errExpiredToken)
	}
	c.leave = s.crew.enter(b.tenant.id+"/"+b.app.clientID, workerOf(c.r))
	if refused := s.overBudget(rt, b); refused != nil {
		return refused
	}
	c.tenant, c.app = b.tenant.data().viewAt(c.now), b.app
	return nil
}

// readQuery reads the query options, with their names in lower case, and refuses what the route does not document. A
// parameter without a name is what the malformed links of 2022 consist of: the service passed over it.
func (s *Server) readQuery(r *http.Request, rt *route) (url.Values, *reply) {
	raw, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badQuery(rt.api, "the query string is malformed")
	}
	query := url.Values{}
	for name, values := range raw {
		name = strings.ToLower(name)
		switch {
		case name == "":
			s.stats.violation("followed a malformed link")
			continue
		case rt.options != nil && !slices.Contains(rt.options, name), rt.options == nil && needsToken(rt.api):
			s.stats.violation("undocumented query option")
			return nil, badQuery(rt.api, fmt.Sprintf("the query option '%s' is not supported", name))
		case len(values) > 1 || query.Has(name):
			return nil, badQuery(rt.api, fmt.Sprintf("the query option '%s' was specified more than once, but it must be specified at most once", name))
		}
		query[name] = values
	}
	return query, nil
}

// badQuery refuses a query.
func badQuery(api, detail string) *reply {
	code := "ODataError"
	if api == apiGraph {
		code = "BadRequest"
	}
	r := fail(http.StatusBadRequest, code, "Invalid OData URI query "+detail+".")
	return &r
}
