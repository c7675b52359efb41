package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/gatehouse-sec/gatehouse/internal/pgtest"
)

func TestServer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := pgtest.New(t, pgtest.Options{})
	address, err := s.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run := func(query string) (err error) {
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, query)
		return err
	}
	if err := run("CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func() error{"stop": s.Stop, "kill": s.Kill} {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := run("SELECT 1"); err == nil {
			t.Errorf("%s: the server still answers", name)
		}
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if err := run("SELECT n FROM kept"); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
}
