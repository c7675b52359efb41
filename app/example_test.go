package app_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

func Example() {
	if err := example(context.Background()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// devices: healthy, 30 held
}

func example(ctx context.Context) error {
	tenant, err := emulator.Start(emulator.Options{Size: emulator.Size{Devices: 30}})
	if err != nil {
		return err
	}
	defer tenant.Close()
	dir, err := os.MkdirTemp("", "gatehouse")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	a, err := app.New(ctx, app.Options{Data: dir, HTTPClient: tenant.Client()})
	if err != nil {
		return err
	}
	defer a.Close()
	if _, _, err := a.AddIntegration(ctx, newIntegration("contoso", tenant.DefaultTenant())); err != nil {
		return err
	}
	status, err := a.SyncOnce(ctx, "contoso", []gatehouse.Stream{stream.Devices}, nil)
	if err != nil {
		return err
	}
	for _, h := range status {
		if h.State != gatehouse.StreamPending {
			fmt.Printf("%s: %s, %d held\n", h.Stream, h.State, h.Held)
		}
	}
	return nil
}
