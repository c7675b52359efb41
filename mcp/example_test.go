package mcp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/mcp"
)

func Example() {
	// A server that knows one key, for reading, and one response action.
	rest := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer := map[string]string{
			"/v1/me":           `{"kind":"key","id":"key_1","name":"agent","scopes":["read"]}`,
			"/v1/action-kinds": `{"items":[{"name":"isolate","target":"device","risk":"dangerous","parameters":[],"permissions":[]}]}`,
		}[req.URL.Path]
		_, _ = io.WriteString(w, answer)
	})
	c, err := client.New("http://localhost", client.Options{
		Key: gatehouse.NewSecret("gh_…"), HTTPClient: &http.Client{Transport: client.InProcess(rest)},
	})
	if err != nil {
		panic(err)
	}
	server, err := mcp.New(context.Background(), c, mcp.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println("list_devices:", slices.Contains(server.Tools(), "list_devices"))
	fmt.Println("isolate_device:", slices.Contains(server.Tools(), "isolate_device"))
	// Output:
	// list_devices: true
	// isolate_device: false
}
