//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is who runs the server: PostgreSQL refuses to run as root.
type account struct {
	other    bool // than ourselves
	uid, gid uint32
}

// serverAccount is ourselves or, for root, an account without rights.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		return account{other: true, uid: uint32(uid), gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return account{}, errors.New("pgtest: PostgreSQL does not run as root and there is no account postgres or nobody to run it as")
}

// own gives a folder to the account.
func (a account) own(dir string) error {
	if !a.other {
		return nil
	}
	return os.Chown(dir, int(a.uid), int(a.gid))
}

// attributes makes a process run as the account, in a group of its own so that
// an interrupt of the test does not reach it before the test has cleaned up.
func (a account) attributes() *syscall.SysProcAttr {
	s := &syscall.SysProcAttr{Setpgid: true}
	if a.other {
		s.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return s
}
