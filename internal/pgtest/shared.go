package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// Off reports whether GATEHOUSE_TEST_POSTGRES=off asks to go without.
func Off() bool { return os.Getenv("GATEHOUSE_TEST_POSTGRES") == "off" }

// New starts a server for one test and closes it at its end. It fails the test
// when no server can be started, and skips it when it is to go without.
func New(tb testing.TB, o Options) *Server {
	tb.Helper()
	if Off() {
		tb.Skip("GATEHOUSE_TEST_POSTGRES=off: not run on PostgreSQL")
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Shared is one server for all tests of a package, started when the first asks
// for it. Close it in TestMain.
type Shared struct {
	mu     sync.Mutex
	server *Server
	err    error
}

// Database makes an empty database for one test and returns its address. It
// fails or skips the test as [New] does.
func (s *Shared) Database(tb testing.TB) string {
	tb.Helper()
	if Off() {
		tb.Skip("GATEHOUSE_TEST_POSTGRES=off: not run on PostgreSQL")
	}
	s.mu.Lock()
	if s.server == nil && s.err == nil {
		s.server, s.err = Start(context.Background(), Options{})
	}
	server, err := s.server, s.err
	s.mu.Unlock()
	if err != nil {
		tb.Fatal(err)
	}
	address, err := server.Create(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	return address
}

// Run runs the tests of a package, closes the server behind them, and holds that no
// goroutine is left. It returns the exit status of the tests.
func (s *Shared) Run(m *testing.M) (status int) {
	status = m.Run()
	complain := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	complain(s.Close())
	if status == 0 {
		complain(goleak.Find())
	}
	return status
}

// Close stops the server, if there is one.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	if err := s.server.Close(); err != nil {
		return fmt.Errorf("pgtest: close: %w", err)
	}
	s.server = nil
	return nil
}
