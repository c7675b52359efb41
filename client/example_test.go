package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

func Example() {
	// A server that knows one device; yours is at https://gatehouse.example.com.
	server := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/v1/devices" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"code":"not-found","detail":"there is no device \"pc-2\"","mend":"list the devices"}`)
			return
		}
		_, _ = io.WriteString(w, `{"items":[{"id":"1e5bc9d7","integration":"contoso"}],"mirrors":[]}`)
	}))
	ctx := context.Background()
	c, err := client.New("http://localhost", client.Options{
		Key: gatehouse.NewSecret("gh_…"), HTTPClient: &http.Client{Transport: server},
	})
	if err != nil {
		panic(err)
	}
	for device, err := range c.Devices.List(ctx, client.Query{Filter: []string{"risk[eq]High"}, Sort: "-lastSeen"}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(device.Integration, device.ID)
	}
	_, err = c.Devices.Get(ctx, "contoso", "pc-2", client.Query{})
	if p, ok := errors.AsType[*api.Problem](err); ok {
		fmt.Println(p.Code, p.Mend)
	}
	// Output:
	// contoso 1e5bc9d7
	// not-found list the devices
}
