package store_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func Example() {
	if err := example(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 created, 0 updated
	// 0 created, 1 updated
	// 1 created m1 version 1
	// 2 created m2 version 1
	// 3 updated m1 version 2
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
	run, err := s.BeginRun(ctx, i.ID, "devices", gatehouse.SyncFull)
	if err != nil {
		return err
	}
	for _, page := range [][]store.PageRecord{
		{{Key: "m1", Document: []byte(`{"riskScore":"Low"}`)}, {Key: "m2", Document: []byte(`{"riskScore":"Low"}`)}},
		{{Key: "m1", Document: []byte(`{"riskScore":"High"}`)}, {Key: "m2", Document: []byte(`{"riskScore":"Low"}`)}},
	} {
		r, err := s.CommitPage(ctx, store.Page{Run: run, Records: page})
		if err != nil {
			return err
		}
		fmt.Printf("%d created, %d updated\n", r.Created, r.Updated)
	}
	for e, err := range s.Events(ctx, 0, store.EventFilter{}, 0) {
		if err != nil {
			return err
		}
		fmt.Println(e.Number, e.Kind, e.Key, "version", e.Version)
	}
	return nil
}
