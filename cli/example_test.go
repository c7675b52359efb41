package cli_test

import (
	"context"
	"fmt"
	"os"

	"github.com/gatehouse-sec/gatehouse/cli"
)

// The whole program is a function: a test or another program can run it
// without a process of its own.
func ExampleMain() {
	status := cli.Main(context.Background(), cli.Process{
		Args:   []string{"permissions", "--for", "scores.read", "--output", "csv"},
		Stdout: os.Stdout, Stderr: os.Stderr,
	})
	fmt.Println("exit status", status)
	// Output:
	// choice,permission,resource,api,id,resourceAppId
	// grant this,Score.Read.All,WindowsDefenderATP,mde,02b005dd-f804-43b4-8fc7-078460413f74,fc780465-2017-40d4-a0c5-307022471b92
	// exit status 0
}
