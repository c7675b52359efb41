package engine_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/engine"
	"github.com/gatehouse-sec/gatehouse/store"
)

func Example() {
	if err := example(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// full run: 3 rows, 3 created, complete true
}

func example(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "gatehouse")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "gatehouse.db")})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	i, err := s.AddIntegration(ctx, gatehouse.Integration{Name: "contoso"})
	if err != nil {
		return err
	}
	e := engine.New(s, newUpstream(3), engine.Options{})
	return e.Sync(ctx, i.ID, nil, func(p engine.Progress) {
		if p.Done {
			fmt.Printf("%s run: %d rows, %d created, complete %t\n", p.Run.Mode, p.Run.Rows, p.Run.Created, p.Run.Complete)
		}
	})
}
