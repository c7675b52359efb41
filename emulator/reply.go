package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// The content types of Microsoft's answers.
const (
	odataType = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"
	graphType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
	plainJSON = "application/json; charset=utf-8"
)

// rawBody is a body that is sent as it is.
type rawBody string

// mdeEnvelope is the body of an error of MDE and XDR.
type mdeEnvelope struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Target  string `json:"target"`
	} `json:"error"`
}

// graphEnvelope is the body of an error of Graph.
type graphEnvelope struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Inner   struct {
			Date            string `json:"date"`
			RequestID       string `json:"request-id"`
			ClientRequestID string `json:"client-request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

// envelope puts an error into the form of its door. The id is what Microsoft's support would ask for.
func (f failure) envelope(api, id, clientID string, now time.Time) any {
	if api == apiGraph {
		var e graphEnvelope
		e.Error.Code, e.Error.Message = f.code, f.message
		e.Error.Inner.Date, e.Error.Inner.RequestID = now.UTC().Format("2006-01-02T15:04:05"), id
		e.Error.Inner.ClientRequestID = orText(clientID, id)
		return e
	}
	var e mdeEnvelope
	e.Error.Code, e.Error.Message, e.Error.Target = f.code, f.message, id
	return e
}

// blobError is an error of Blob storage, in XML.
func blobError(status int, code, message, detail string) reply {
	text := xml.Header + "<Error><Code>" + code + "</Code><Message>" + escapeXML(message) + "</Message>"
	if detail != "" {
		text += "<AuthenticationErrorDetail>" + escapeXML(detail) + "</AuthenticationErrorDetail>"
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/xml"}}, body: rawBody(text + "</Error>")}
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer does not fail
	return b.String()
}

// expiredDetail is what Blob storage says of a link that has expired.
func expiredDetail(now time.Time) string {
	const form = "Mon, 02 Jan 2006 15:04:05 GMT"
	return fmt.Sprintf("Signature not valid in the specified key time frame: Key start [%s] - Key expiry [%s] - Current [%s]",
		now.Add(-4*time.Hour).UTC().Format(form), now.Add(-time.Hour).UTC().Format(form), now.UTC().Format(form))
}

// write sends a reply with the headers of its door, compressed when the client asks for it.
func (s *Server) write(w http.ResponseWriter, c *call, rt *route, rep reply, hit map[FaultKind]Fault) {
	status := rep.status
	if status == 0 {
		status = http.StatusOK
	}
	id := s.ids.next()
	if f, ok := rep.body.(failure); ok {
		rep.body = f.envelope(rt.api, id, c.r.Header.Get("Client-Request-Id"), c.now)
	}
	h := w.Header()
	s.headers(h, c, rt.api, status, id, rep)
	maps.Copy(h, rep.header)
	produce := rep.producer()
	if produce == nil {
		h.Del("Content-Type")
		h.Set("Content-Length", "0")
		w.WriteHeader(status)
		return
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", plainJSON)
	}
	if !s.spoiled(w, c, status, produce, hit) {
		s.sendBody(w, c.r, status, produce)
	}
}

// producer is the function that writes the body; nil when there is none.
func (rep reply) producer() func(io.Writer) error {
	if rep.stream != nil {
		return rep.stream
	}
	if rep.body == nil {
		return nil
	}
	if raw, ok := rep.body.(rawBody); ok {
		return func(w io.Writer) error { _, err := io.WriteString(w, string(raw)); return err }
	}
	return func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(rep.body)
	}
}

// headers sets what every answer of a door carries.
func (s *Server) headers(h http.Header, c *call, api string, status int, id string, rep reply) {
	h.Set("Date", c.now.UTC().Format(http.TimeFormat))
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	own := rep.header.Get("Content-Type") != "" // the handler knows better, as hunting does
	switch api {
	case apiMDE, apiXDR:
		h.Set("Mise-Correlation-Id", id)
		h.Set("Content-Type", plainJSON)
		if status < http.StatusBadRequest && !own {
			h.Set("Content-Type", odataType)
			h.Set("OData-Version", "4.0")
		}
	case apiGraph:
		h.Set("Request-Id", id)
		h.Set("Client-Request-Id", orText(c.r.Header.Get("Client-Request-Id"), id))
		h.Set("Content-Type", "application/json")
		if status < http.StatusBadRequest && !own {
			h.Set("Content-Type", graphType)
			h.Set("OData-Version", "4.0")
		}
		if status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`)
		}
	case apiLogin, apiIdentity:
		h.Set("Content-Type", plainJSON)
	}
}

// compressible tells whether a body of this type is worth compressing, and is not compressed already.
func compressible(h http.Header) bool {
	t := h.Get("Content-Type")
	return h.Get("Content-Encoding") == "" && (strings.HasPrefix(t, "application/json") || strings.HasPrefix(t, "text/"))
}

// wantsGzip tells whether the client asked for gzip.
func wantsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

// sendBody streams a body, compressed when the client asked for it and the type is worth it. A body that fails halfway
// breaks the connection: it must not look whole.
func (s *Server) sendBody(w http.ResponseWriter, r *http.Request, status int, produce func(io.Writer) error) {
	if compressible(w.Header()) {
		w.Header().Add("Vary", "Accept-Encoding")
		if wantsGzip(r) {
			w.Header().Set("Content-Encoding", "gzip")
			produce = s.zipped(produce)
		}
	}
	w.WriteHeader(status)
	if err := produce(w); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// zipped puts a compressor between a body and its writer.
func (s *Server) zipped(produce func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		zip, ok := s.zips.Get().(*gzip.Writer)
		if !ok {
			var err error
			if zip, err = gzip.NewWriterLevel(nil, gzip.BestSpeed); err != nil {
				return err
			}
		}
		defer s.zips.Put(zip)
		zip.Reset(w)
		if err := produce(zip); err != nil {
			return err
		}
		return zip.Close()
	}
}

// linkFaults are the faults of @odata.nextLink.
func linkFaults() []FaultKind {
	return []FaultKind{FaultForeignLink, FaultPlainLink, FaultRepeatedLink, FaultMalformedLink}
}

// spoiled sends the body with the faults of bodies applied. It returns false when there is none, and nothing is sent.
// Only such a body is held in memory.
func (s *Server) spoiled(w http.ResponseWriter, c *call, status int, produce func(io.Writer) error, hit map[FaultKind]Fault) bool {
	_, truncate := hit[FaultTruncatedBody]
	_, cut := hit[FaultCutBody]
	_, nameless := hit[FaultNamelessRow]
	link := false
	for _, kind := range linkFaults() {
		_, ok := hit[kind]
		link = link || ok
	}
	if status >= http.StatusBadRequest || !truncate && !cut && !nameless && !link {
		return false
	}
	var body bytes.Buffer
	if err := produce(&body); err != nil {
		panic(http.ErrAbortHandler)
	}
	text := body.Bytes()
	for _, kind := range linkFaults() {
		if _, ok := hit[kind]; ok {
			text = s.breakLink(text, c, kind)
		}
	}
	if nameless {
		text = s.dropID(text)
	}
	if cut {
		s.stats.fault(FaultCutBody)
		text = text[:len(text)/2]
	}
	if !truncate {
		s.sendBody(w, c.r, status, func(w io.Writer) error { _, err := w.Write(text); return err })
		return true
	}
	s.stats.fault(FaultTruncatedBody)
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text[:len(text)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// dropID takes the id out of the first row of a list that has one.
func (s *Server) dropID(text []byte) []byte {
	id := regexp.MustCompile(`^([^\[]*"value":\[\{.*?)"id":"[^"]*",`)
	if !id.Match(text) {
		return text
	}
	s.stats.fault(FaultNamelessRow)
	return id.ReplaceAll(text, []byte("$1"))
}

// nextLinkMember finds the link of a page.
var nextLinkMember = regexp.MustCompile(`"@odata\.nextLink"\s*:\s*("(?:[^"\\]|\\.)*")`)

// breakLink spoils the link of a page that has one.
func (s *Server) breakLink(page []byte, c *call, kind FaultKind) []byte {
	at := nextLinkMember.FindSubmatchIndex(page)
	if at == nil {
		return page
	}
	var link string
	if json.Unmarshal(page[at[2]:at[3]], &link) != nil {
		return page
	}
	u, err := url.Parse(link)
	if err != nil {
		return page
	}
	switch kind {
	case FaultForeignLink:
		u.Host = "api.security.microsoft.com.evil.example"
	case FaultPlainLink:
		u.Scheme = "http"
	case FaultRepeatedLink:
		u, err = url.Parse(c.base + c.r.URL.RequestURI())
	case FaultMalformedLink:
		u.RawQuery = namelessQuery(u.RawQuery)
	}
	if err != nil {
		return page
	}
	quoted, err := json.Marshal(u.String())
	if err != nil {
		return page
	}
	s.stats.fault(kind)
	return bytes.Join([][]byte{page[:at[2]], quoted, page[at[3]:]}, nil)
}

// namelessQuery drops the names of all parameters but the position, and repeats the page size without a name, as in
// https://github.com/MicrosoftDocs/microsoft-365-docs/issues/8316.
func namelessQuery(raw string) string {
	var kept, lost []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && strings.HasPrefix(strings.ToLower(plain), "$skip") {
			kept = append(kept, pair)
			continue
		}
		lost = append(lost, "="+value)
	}
	return strings.Join(append(append(lost, "=10000"), kept...), "&")
}
