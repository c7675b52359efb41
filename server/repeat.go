package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// maxIdempotencyKey is how long an idempotency key may be.
const maxIdempotencyKey = 255

// repeatable runs a handler so that a POST with an idempotency key takes effect
// once, and a repeat of it gets the answer of the first.
func (s *Server) repeatable(out *recorder, req *http.Request, r route, next http.HandlerFunc) {
	key := req.Header.Get("Idempotency-Key")
	if req.Method != http.MethodPost || key == "" || r.idempotency == own || !r.changes() {
		next(out, req)
		return
	}
	ctx := req.Context()
	if len(key) > maxIdempotencyKey {
		s.refuse(ctx, out, req, invalid("header.Idempotency-Key", "it is longer than 255 letters", ""))
		return
	}
	asked := fingerprint(req, key)
	kept, token, err := s.store.BeginAnswer(ctx, asked)
	switch {
	case errors.Is(err, store.ErrBusy):
		s.refuse(ctx, out, req, newProblem(api.CodeConflict, "the same request is being worked on", "repeat it in a moment: it will get the same answer"))
	case err != nil:
		s.refuse(ctx, out, req, s.problem(ctx, err))
	case token == "":
		noteOf(ctx).written = true // a repeat does nothing
		s.replay(out, req, kept)
	default:
		s.answerOnce(out, req, r, next, asked, token)
	}
}

// fingerprint says what was asked for. It reads the body and puts it back.
func fingerprint(req *http.Request, key string) store.AnswerRequest {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body) // it is in memory
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	h := sha256.New()
	for _, part := range []string{req.Method, req.URL.Path, req.URL.RawQuery, req.Header.Get("If-Match"), string(body)} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return store.AnswerRequest{Key: callerOf(req.Context()).id, IdempotencyKey: key, Fingerprint: gatehouse.Hash(h.Sum(nil))}
}

// answerOnce runs the handler and keeps its answer, if it was a success. After
// anything else the same request is worked on anew.
func (s *Server) answerOnce(out *recorder, req *http.Request, r route, next http.HandlerFunc, asked store.AnswerRequest, token string) {
	ctx := context.WithoutCancel(req.Context())
	kept := false
	defer func() {
		if kept {
			return
		}
		if err := s.store.AbandonAnswer(ctx, asked, token); err != nil {
			s.log.WarnContext(ctx, "an idempotency key stays taken for a minute", "request", requestID(ctx), "error", err)
		}
	}()
	next(out, req)
	if out.code() >= http.StatusMultipleChoices || out.committed {
		return
	}
	answer := store.Answer{Status: out.code(), ContentType: out.Header().Get("Content-Type"), Body: bytes.Clone(out.body.Bytes())}
	if r.idempotency == once {
		answer.Status, answer.Body = http.StatusConflict, nil
	}
	if err := s.store.FinishAnswer(ctx, asked, token, answer); err != nil {
		s.log.WarnContext(ctx, "an answer could not be kept for a repeat", "request", requestID(ctx), "error", err)
		return
	}
	kept = true
}

// replay gives a kept answer again, if it held no secret.
func (s *Server) replay(out *recorder, req *http.Request, kept store.Answer) {
	out.Header().Set("Idempotency-Replayed", "true")
	if kept.Status == http.StatusConflict {
		s.refuse(req.Context(), out, req, newProblem(api.CodeConflict, "this was done already, and its answer held a secret that is shown once", "list the keys, and rotate or revoke the one whose text was lost"))
		return
	}
	out.Header().Set("Content-Type", kept.ContentType)
	out.WriteHeader(kept.Status)
	_, _ = out.Write(kept.Body) // it is held back
}
