package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// InProcess is a transport that hands every request to a handler of this process,
// so that a client of the API works without a network:
//
//	c, err := client.New("http://localhost", client.Options{Key: key, HTTPClient: &http.Client{Transport: client.InProcess(handler)}})
//
// Answers are passed on as they are written. An answer that the handler breaks off
// is an error, as it is over a network.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ handler http.Handler }

var _ http.RoundTripper = inProcess{}

// RoundTrip has the handler answer one request.
func (t inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	r, w := io.Pipe()
	out := &pipedAnswer{request: req, header: http.Header{}, begun: make(chan *http.Response, 1), done: make(chan struct{}), reader: r, writer: w, cancel: cancel}
	go out.serve(t.handler, received(ctx, req))
	select {
	case res := <-out.begun:
		if res == nil {
			cancel()
			return nil, errBroken
		}
		return res, nil
	case <-ctx.Done():
		err := errors.Join(ctx.Err(), r.CloseWithError(ctx.Err()))
		cancel()
		<-out.done
		return nil, err
	}
}

// errBroken says that the handler gave no answer.
var errBroken = errors.New("the answer broke off")

// received is a request as a server has it.
func received(ctx context.Context, req *http.Request) *http.Request {
	in := req.Clone(ctx)
	in.RequestURI = in.URL.RequestURI()
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// pipedAnswer is an answer on its way from the handler to who asked.
type pipedAnswer struct {
	request *http.Request
	header  http.Header
	once    sync.Once
	begun   chan *http.Response // nil: there is none
	done    chan struct{}       // closed when the handler has ended
	reader  *io.PipeReader
	writer  *io.PipeWriter
	cancel  context.CancelFunc
}

var _ http.Flusher = (*pipedAnswer)(nil)

// serve runs the handler to its end.
func (a *pipedAnswer) serve(h http.Handler, in *http.Request) {
	defer close(a.done)
	defer func() {
		_ = in.Body.Close()
		if fault := recover(); fault != nil {
			a.once.Do(func() { a.begun <- nil })
			_ = a.writer.CloseWithError(fmt.Errorf("%w: %w", errBroken, io.ErrUnexpectedEOF)) // never fails
			return
		}
		a.WriteHeader(http.StatusOK)
		_ = a.writer.Close() // never fails
	}()
	h.ServeHTTP(a, in)
}

// Header returns the headers, which may be changed until they are written.
func (a *pipedAnswer) Header() http.Header { return a.header }

// WriteHeader begins the answer.
func (a *pipedAnswer) WriteHeader(status int) {
	if status < http.StatusOK {
		return // more is to come
	}
	a.once.Do(func() {
		a.begun <- &http.Response{
			Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: a.header.Clone(), ContentLength: -1, Request: a.request, Body: &pipedBody{a.reader, a.cancel, a.done},
		}
	})
}

// Write passes a part of the body on, and waits until it is read.
func (a *pipedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.request.Method == http.MethodHead {
		return len(p), nil
	}
	return a.writer.Write(p)
}

// Flush begins the answer. What is written is passed on at once anyway.
func (a *pipedAnswer) Flush() { a.WriteHeader(http.StatusOK) }

// pipedBody is the body of an answer; to close it tells the handler that nobody
// listens any more.
type pipedBody struct {
	*io.PipeReader

	cancel context.CancelFunc
	done   <-chan struct{}
}

// Close ends the request, and waits for the handler to have ended: what it stands
// on may be closed afterwards.
func (b *pipedBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.done
	return err
}
