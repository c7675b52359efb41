package defender_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// asEmulator is the variable that makes this binary an emulator, so that the
// memory of a client can be measured in a process of its own.
const asEmulator = "GATEHOUSE_TEST_EMULATOR"

func TestMain(m *testing.M) {
	if size := os.Getenv(asEmulator); size != "" {
		if err := serve(size); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// standing says where an emulator in another process stands.
type standing struct {
	Addr     string `json:"addr"`
	CA       []byte `json:"ca"`
	TenantID string `json:"tenantId"`
	ClientID string `json:"clientId"`
	Secret   string `json:"secret"`
	Rows     int    `json:"rows"` // of the software vulnerability export
}

// serve runs an emulator with so many devices and rows until standard input ends.
func serve(text string) error {
	size := emulator.Size{Alerts: -1, Events: -1}
	if _, err := fmt.Sscan(text, &size.Devices, &size.VulnerabilityRows); err != nil {
		return err
	}
	server, err := emulator.Start(emulator.Options{Size: size})
	if err != nil {
		return err
	}
	defer server.Close()
	tenant := server.DefaultTenant()
	rows := server.Truth(tenant.TenantID).VulnerabilityRows
	if err := json.NewEncoder(os.Stdout).Encode(standing{server.Addr(), server.CA(), tenant.TenantID, tenant.ClientID, tenant.Secret, rows}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
