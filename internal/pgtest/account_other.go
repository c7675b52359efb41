//go:build !unix

package pgtest

import "syscall"

// account is who runs the server: ourselves.
type account struct{}

func serverAccount() (account, error) { return account{}, nil }

func (account) own(string) error { return nil }

func (account) attributes() *syscall.SysProcAttr { return nil }
