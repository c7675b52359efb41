package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/store/storetest"
)

// server is the PostgreSQL of this package's tests.
var server pgtest.Shared

func TestMain(m *testing.M) {
	if options, child := childOptions(); child {
		os.Exit(runChild(options))
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// databases are what every test of this package runs on.
func databases() map[string]func(testing.TB) store.Options {
	return map[string]func(testing.TB) store.Options{
		"sqlite":   sqliteOptions,
		"postgres": postgresOptions,
	}
}

func sqliteOptions(t testing.TB) store.Options {
	return store.Options{Path: filepath.Join(t.TempDir(), "a folder?", "gatehouse #1.db")}
}

func postgresOptions(t testing.TB) store.Options {
	return store.Options{DatabaseURL: server.Database(t)}
}

// onEach runs a test on each database.
func onEach(t *testing.T, test func(*testing.T, func(testing.TB) store.Options)) {
	for name, fresh := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh)
		})
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	onEach(t, storetest.Run)
}
