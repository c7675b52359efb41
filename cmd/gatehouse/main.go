// Command gatehouse connects to a Microsoft Defender account, proves that it
// is wired right, and reads and updates what the granted permissions allow.
// Run "gatehouse help" for the commands; package cli holds them all.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/gatehouse-sec/gatehouse/cli"
)

func main() { os.Exit(run()) }

// run exists so that the signal handler is released before os.Exit.
func run() int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // the terminal goes away, and nobody has asked to outlive it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return cli.Main(ctx, cli.Process{
		Args: os.Args[1:], Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}
