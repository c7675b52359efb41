package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/api"
)

// recorder holds an answer back until it is whole, so that it can get an ETag, be
// kept for a repeat, or be replaced by a problem. One that passes holds nothing
// back.
type recorder struct {
	http.ResponseWriter
	passing   bool
	status    int
	body      bytes.Buffer
	problem   api.Code
	committed bool // the header is sent
	sent      int
}

var (
	_ http.ResponseWriter = (*recorder)(nil)
	_ http.Flusher        = (*recorder)(nil)
)

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	if r.passing && !r.committed {
		r.committed = true
		r.ResponseWriter.WriteHeader(status)
	}
}

// Write takes a part of the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if !r.passing {
		return r.body.Write(b)
	}
	n, err := r.ResponseWriter.Write(b)
	r.sent += n
	return n, err
}

// Flush sends what was written so far, where nothing is held back.
func (r *recorder) Flush() {
	if !r.passing {
		return
	}
	r.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(r.ResponseWriter).Flush() // a writer that cannot flush sends when it likes
}

// code is the status so far.
func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// problemCode is the code of the problem that is held back; empty for none.
func (r *recorder) problemCode() string {
	if r.problem == "" && r.code() >= http.StatusBadRequest {
		var p api.Problem
		if json.Unmarshal(r.body.Bytes(), &p) == nil {
			return string(p.Code)
		}
	}
	return string(r.problem)
}

// sendTime is how long whoever asked may take to fetch an answer.
const sendTime = time.Minute

// reset forgets an answer that is not sent yet.
func (r *recorder) reset() {
	r.status, r.problem = 0, ""
	r.body.Reset()
	r.Header().Del("ETag")
}

// release sends what was held back, or 304 when the caller has it already.
func (r *recorder) release(req *http.Request) {
	if r.committed {
		return
	}
	r.committed = true
	_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(sendTime)) // where there is a connection
	h := r.Header()
	if isRead(req) && r.code() == http.StatusOK && r.body.Len() > 0 {
		if h.Get("ETag") == "" {
			h.Set("ETag", etag(r.body.Bytes()))
		}
		if matches(req.Header.Get("If-None-Match"), h.Get("ETag")) {
			h.Del("Content-Type")
			r.status = http.StatusNotModified
			r.ResponseWriter.WriteHeader(r.status)
			return
		}
	}
	r.ResponseWriter.WriteHeader(r.code())
	r.sent, _ = r.ResponseWriter.Write(r.body.Bytes()) // whoever asked may be gone
}

// isRead reports whether a request only reads.
func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// etag is the version of an answer.
func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// etagOf is the version of what is encoded as JSON.
func etagOf(v any) (string, error) {
	text, err := json.Marshal(v)
	return etag(text), err
}

// matches reports whether a list of ETags, as in If-Match or If-None-Match, holds
// one. Weak ones count: a proxy that packs an answer makes them so.
func matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == "*" || one != "" && strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
