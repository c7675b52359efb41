package server

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// keysEvery is how often the keys of an issuer are fetched at most: a token names
// its key before anything about it is checked, so that anyone could have them
// fetched without end.
const keysEvery = 10 * time.Second

// errSeldom says that an issuer was asked a moment ago.
var errSeldom = errors.New("the issuer was asked for its keys a moment ago")

// seldom asks for each address once in a while, when it was answered well.
type seldom struct {
	http.RoundTripper

	now func() time.Time

	mu    sync.Mutex
	asked map[string]time.Time
}

var _ http.RoundTripper = (*seldom)(nil)

// seldomClient is a client that fetches the same thing seldom.
func seldomClient(c *http.Client, now func() time.Time) *http.Client {
	next := *c
	if next.Transport == nil {
		next.Transport = http.DefaultTransport
	}
	next.Transport = &seldom{RoundTripper: next.Transport, now: now, asked: map[string]time.Time{}}
	return &next
}

// RoundTrip asks, or says that it is too soon.
func (s *seldom) RoundTrip(r *http.Request) (*http.Response, error) {
	address := r.URL.String()
	s.mu.Lock()
	last, known := s.asked[address]
	s.mu.Unlock()
	if passed := s.now().Sub(last); known && passed >= 0 && passed < keysEvery {
		return nil, errSeldom
	}
	resp, err := s.RoundTripper.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK {
		s.mu.Lock()
		s.asked[address] = s.now()
		s.mu.Unlock()
	}
	return resp, err
}
