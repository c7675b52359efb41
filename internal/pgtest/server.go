package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the role with all rights on a test server. The socket lies in a folder that
// only the server's account may enter, so no password is needed.
const superuser = "gatehouse"

// Options says how a server runs.
type Options struct {
	// Durable keeps fsync on, as a real server has it. By default it is off: what
	// a killed server has committed is still there, only a power failure would
	// lose it.
	Durable bool
}

// Server is a running PostgreSQL.
type Server struct {
	bin     string
	dir     string // data and socket
	account account
	options Options

	mu      sync.Mutex
	keeper  io.WriteCloser // closing it, or our death, stops the server
	done    chan struct{}
	log     bytes.Buffer
	counter int
}

// Start makes a new server and waits until it answers.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	who, err := serverAccount()
	if err != nil {
		return nil, err
	}
	// Not a test's own folder: only its owner may enter that, and a socket's
	// path may not be longer than about 100 bytes.
	dir, err := os.MkdirTemp("", "ghpg")
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, account: who, options: o}
	if err := errors.Join(who.own(dir), s.initialize(ctx)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.Run(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// initialize makes the data folder.
func (s *Server) initialize(ctx context.Context) error {
	//nolint:gosec // the program is the one that was found installed
	c := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	c.Dir = s.dir
	c.SysProcAttr = s.account.attributes()
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// settings are the command line of the server.
func (s *Server) settings() []string {
	set := []string{
		"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=",
		"-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB", "-c", "log_min_messages=warning",
	}
	if !s.options.Durable {
		set = append(set, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	return set
}

// keep runs the server and ends it with the signal that comes on the standard
// input, or with INT when that is closed: also when the test is killed.
const keep = `"$@" </dev/null & p=$!; read -r how; kill -"${how:-INT}" $p 2>/dev/null; wait $p`

// Run starts the server again after [Server.Stop] or [Server.Kill].
func (s *Server) Run(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper != nil {
		return errors.New("pgtest: the server runs already")
	}
	s.log.Reset()
	args := append([]string{"-c", keep, "keep", filepath.Join(s.bin, "postgres")}, s.settings()...)
	//nolint:gosec,noctx // the arguments are ours; it outlives the call, so it is not bound to ctx
	c := exec.Command("/bin/sh", args...)
	c.Dir = s.dir
	c.SysProcAttr = s.account.attributes()
	c.Stdout, c.Stderr = &s.log, &s.log
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	s.keeper, s.done = in, done
	go func() {
		_ = c.Wait() // how it exits says nothing that matters
		close(done)
	}()
	if err := s.await(ctx); err != nil {
		err = errors.Join(err, s.end("QUIT"))
		return fmt.Errorf("%w; its log: %s", err, bytes.TrimSpace(s.log.Bytes()))
	}
	return nil
}

// startLimit is how long a server may take to answer.
const startLimit = 60 * time.Second

// await asks the server until it answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("pgtest: the server does not answer: %w", err)
		case <-again.C:
		}
	}
}

// URL is the address of a database on the server.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://%s@/%s?host=%s", superuser, database, url.QueryEscape(s.dir))
}

// Create makes an empty database and returns its address.
func (s *Server) Create(ctx context.Context) (string, error) {
	s.mu.Lock()
	s.counter++
	name := fmt.Sprintf("test%d", s.counter)
	s.mu.Unlock()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return s.URL(name), errors.Join(err, conn.Close(ctx))
}

// Stop ends the server in good order: connections are cut, data is written.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end("INT")
}

// Kill ends the server at once, without writing anything, as a crash would.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end("QUIT")
}

// end sends a signal to the server and waits for it to go.
func (s *Server) end(signal string) error {
	if s.keeper == nil {
		return nil
	}
	_, err := io.WriteString(s.keeper, signal+"\n")
	err = errors.Join(err, s.keeper.Close())
	s.keeper = nil
	<-s.done
	return err
}

// Close stops the server and deletes all of it.
func (s *Server) Close() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.dir))
}

// programs finds the folder of initdb and postgres.
func programs() (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin") // Debian keeps them off the PATH
	if err != nil {
		return "", err
	}
	folders = append(folders, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range folders {
		if runnable(filepath.Join(dir, "initdb")) && runnable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errors.New("pgtest: no PostgreSQL server is installed: install Debian's package postgresql (apt-get install postgresql), or set GATEHOUSE_TEST_POSTGRES=off to go without these tests; looked in " + strings.Join(folders, ", "))
}

// runnable tells whether there is a program.
func runnable(path string) bool {
	info, err := os.Stat(path) //nolint:gosec // a folder of the PATH
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}
