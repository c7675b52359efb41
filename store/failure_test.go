package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/store/storetest"
)

// opened opens a store with one integration and a run.
func opened(t testing.TB, o store.Options) (*store.Store, gatehouse.SyncRun) {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	i, err := s.AddIntegration(context.Background(), gatehouse.Integration{Name: "contoso"})
	if err != nil {
		t.Fatal(err)
	}
	run, err := s.BeginRun(context.Background(), i.ID, "devices", gatehouse.SyncFull)
	if err != nil {
		t.Fatal(err)
	}
	return s, run
}

// heavy is a page of about a megabyte.
func heavy(run gatehouse.SyncRun, n int) store.Page {
	p := store.Page{Run: run, Checkpoint: &gatehouse.Checkpoint{Phase: fmt.Sprint(n)}}
	for i := range 100 {
		p.Records = append(p.Records, store.PageRecord{Key: fmt.Sprintf("%d.%d", n, i), Document: fmt.Appendf(nil, `"%d %s"`, n, strings.Repeat("x", 10_000))})
	}
	return p
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	s, run := opened(t, sqliteOptions(t))
	limit := func(pages int) {
		t.Helper()
		// The limit raises the very error of a full disk.
		if _, err := s.DB().ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(1000) // 4 MB
	n := 0
	var err error
	for ; err == nil; n++ {
		_, err = s.CommitPage(t.Context(), heavy(run, n))
	}
	var typed *store.Error
	if !errors.Is(err, store.ErrFull) || !errors.As(err, &typed) || !typed.Temporary() || !strings.Contains(err.Error(), "make room") {
		t.Fatalf("got %v", err)
	}
	n-- // the page that failed
	sound(t, s, run, n)
	limit(1_000_000)
	if _, err := s.CommitPage(t.Context(), heavy(run, n)); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	sound(t, s, run, n+1)
}

// sound looks whether exactly so many pages were written.
func sound(t *testing.T, s *store.Store, run gatehouse.SyncRun, pages int) {
	t.Helper()
	if err := errors.Join(storetest.Verify(t.Context(), s), storetest.VerifyNumbers(t.Context(), s)); err != nil {
		t.Error(err)
	}
	count, err := s.Count(t.Context(), run.Integration, run.Stream)
	last, lastErr := s.LastEvent(t.Context())
	c, checkpointErr := s.Checkpoint(t.Context(), run.Integration, run.Stream)
	if err := errors.Join(err, lastErr, checkpointErr); err != nil {
		t.Fatal(err)
	}
	if count != int64(pages*100) || last != count || c.Phase != fmt.Sprint(pages-1) {
		t.Errorf("%d records, %d events, checkpoint %q after %d pages of 100", count, last, c.Phase, pages)
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	o := sqliteOptions(t)
	o.LockWait = 50 * time.Millisecond
	s, run := opened(t, o)
	other, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	tx, err := other.DB().BeginTx(t.Context(), nil) // takes the lock of the file
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CommitPage(t.Context(), heavy(run, 0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CommitPage(t.Context(), heavy(run, 0)); err != nil {
		t.Error(err)
	}
	sound(t, s, run, 1)
}

// The database goes away in good order and by a crash, and comes back.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	pg := pgtest.New(t, pgtest.Options{})
	address, err := pg.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, run := opened(t, store.Options{DatabaseURL: address})
	pages := 0
	for _, end := range []func() error{pg.Stop, pg.Kill} {
		if _, err := s.CommitPage(t.Context(), heavy(run, pages)); err != nil {
			t.Fatal(err)
		}
		pages++
		if err := end(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := s.CommitPage(t.Context(), heavy(run, pages)); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		}
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("ping: got %v", err)
		}
		if err := pg.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		sound(t, s, run, pages)
	}
	// In the midst of commits, again and again.
	for range 3 {
		over := make(chan int)
		go func() {
			n := pages
			for {
				if _, err := s.CommitPage(context.Background(), heavy(run, n)); err != nil {
					if !errors.Is(err, store.ErrUnavailable) {
						t.Errorf("got %v", err)
					}
					over <- n
					return
				}
				n++
			}
		}()
		<-time.After(300 * time.Millisecond)
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		pages = <-over
		if err := pg.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Whether the page under way was committed nobody knows: commit it again.
		if _, err := s.CommitPage(t.Context(), heavy(run, pages)); err != nil {
			t.Fatal(err)
		}
		pages++
		sound(t, s, run, pages)
	}
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Options) {
		o := fresh(t)
		s, _ := opened(t, o)
		if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, $1)", true); err != nil {
			t.Fatal(err)
		}
		_, err := store.Open(t.Context(), o)
		if !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), "99") {
			t.Errorf("got %v", err)
		}
	})
}

// Many open a new database at once, as processes that start together do.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Options) {
		o := fresh(t)
		over := make(chan error)
		for range 4 {
			go func() {
				s, err := store.Open(context.Background(), o)
				if err == nil {
					err = s.Close()
				}
				over <- err
			}()
		}
		for range 4 {
			if err := <-over; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	const password = "hunter2secret"
	for name, tt := range map[string]struct {
		options store.Options
		want    error
	}{
		"nothing":        {store.Options{}, store.ErrInvalid},
		"not a database": {store.Options{Path: text}, store.ErrDamaged},
		"a folder":       {store.Options{Path: dir}, store.ErrUnavailable},
		"below a file":   {store.Options{Path: filepath.Join(text, "x.db")}, store.ErrUnavailable},
		"bad address":    {store.Options{DatabaseURL: "postgres://u:" + password + "@h:port/x"}, store.ErrInvalid},
		"nobody there":   {store.Options{DatabaseURL: "postgres://u:" + password + "@127.0.0.1:1/x?connect_timeout=2"}, store.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), tt.options)
			if !errors.Is(err, tt.want) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), password) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDefaultKey(t *testing.T) {
	t.Parallel()
	o := sqliteOptions(t)
	s, run := opened(t, o)
	keyFile := o.Path + ".key"
	if _, err := os.Stat(keyFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key is made before it is needed: %v", err)
	}
	if err := s.PutSecret(t.Context(), run.Integration, store.SecretCredential, store.NewSecret("tell nobody")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(keyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v", info, err)
	}
	if left, err := filepath.Glob(keyFile + ".*"); err != nil || len(left) != 0 {
		t.Errorf("drafts left behind: %v, %v", left, err)
	}
	again, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := again.Secret(t.Context(), run.Integration, store.SecretCredential)
	if err = errors.Join(err, again.Close()); err != nil || got.Reveal() != "tell nobody" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, file := range []string{o.Path, o.Path + "-wal"} {
		b, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "tell nobody") {
			t.Errorf("%s holds the secret", filepath.Base(file))
		}
	}
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	lost, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lost.Close() })
	if _, err := lost.Secret(t.Context(), run.Integration, store.SecretCredential); !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v", err)
	}
}

func TestNoDefaultKeyOnPostgres(t *testing.T) {
	t.Parallel()
	s, run := opened(t, postgresOptions(t))
	err := s.PutSecret(t.Context(), run.Integration, store.SecretCredential, store.NewSecret("tell nobody"))
	if !errors.Is(err, store.ErrKey) || !strings.Contains(err.Error(), "env:NAME") {
		t.Errorf("got %v", err)
	}
}

func TestReadReference(t *testing.T) {
	t.Setenv("GATEHOUSE_STORE_TEST", "value")
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("from a file\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A file in DER, as PFX files are, may end in what looks like the end of a line.
	der := filepath.Join(t.TempDir(), "certificate.pfx")
	if err := os.WriteFile(der, []byte("\x30\x82\x01\x03\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for reference, want := range map[string]string{
		"env:GATEHOUSE_STORE_TEST": "value", "file:" + path: "from a file", "file:" + der: "\x30\x82\x01\x03\r\n",
	} {
		if got, err := store.ReadReference(reference); err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v", reference, got.Reveal(), err)
		}
	}
	for reference, want := range map[string]error{"env:GATEHOUSE_NOT_SET": store.ErrNotFound, "file:" + path + "x": store.ErrNotFound, "my~secret": store.ErrInvalid, "": store.ErrInvalid} {
		if _, err := store.ReadReference(reference); !errors.Is(err, want) || strings.Contains(err.Error(), "my~secret") {
			t.Errorf("%q: got %v, want %v", reference, err, want)
		}
	}
}

// Both schemas have the same tables with the same columns, and the same indexes.
func TestSameSchema(t *testing.T) {
	t.Parallel()
	columns := func(o store.Options, query string) string {
		s, _ := opened(t, o)
		rows, err := s.DB().QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		return joined(t, rows)
	}
	lite := columns(sqliteOptions(t), "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'goose%' ORDER BY m.name, c.cid")
	post := columns(postgresOptions(t), `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' ORDER BY table_name COLLATE "C", ordinal_position`)
	if lite != post || !strings.Contains(lite, "records.seen_run") {
		t.Errorf("sqlite:\n%s\npostgres:\n%s", lite, post)
	}
	lite = columns(sqliteOptions(t), "SELECT tbl_name || '.' || name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%' ORDER BY tbl_name, name")
	post = columns(postgresOptions(t), `SELECT tablename || '.' || indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname !~ '_(pkey|key[0-9]*)$' AND tablename NOT LIKE 'goose%'
		OR indexname = 'records_key' ORDER BY tablename COLLATE "C", indexname COLLATE "C"`)
	if lite != post || !strings.Contains(lite, "records.records_key") {
		t.Errorf("sqlite:\n%s\npostgres:\n%s", lite, post)
	}
}

// joined reads rows of one text.
func joined(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// What is mirrored is for nobody else on the machine, whatever folder it is put in.
func TestFileOfOneUser(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("rights of files are those of their folder there")
	}
	o := sqliteOptions(t)
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o755); err != nil {
		t.Fatal(err)
	}
	opened(t, o)
	for _, end := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(o.Path + end)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s: %v", filepath.Base(info.Name()), got)
		}
	}
}
