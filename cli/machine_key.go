package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/store"
)

// machineKeyFile holds the API key of whoever works on the machine of the mirror,
// beside it. Who can read it can read the mirror and its sealing key as well.
const machineKeyFile = "local.key"

// machineKeyName is what the list of keys calls it.
const machineKeyName = "this machine"

// machineKey is the key that commands on the mirror's own machine go by when none
// is given, so that they pass the same gate as everybody: scopes, approval by
// another, the audit log. It is made at its first use, and has no more than the
// scope respond.
func (p *program) machineKey(ctx context.Context, a *app.App) (gatehouse.Secret, error) {
	place, err := p.mirrorPlace()
	if err != nil {
		return gatehouse.Secret{}, err
	}
	if place.url != "" {
		return gatehouse.Secret{}, usagef("who asks? On a database that several machines share it takes an API key: set GATEHOUSE_API_KEY or --api-key-file (gatehouse keys add makes one)")
	}
	path := filepath.Join(place.data, machineKeyFile)
	text, err := os.ReadFile(path) //nolint:gosec // the folder is that of the mirror
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return gatehouse.Secret{}, err
	}
	key := strings.TrimSpace(string(text))
	switch k, err := a.Store().KeyByHash(ctx, sha256.Sum256([]byte(key))); {
	case err == nil && k.Live(p.now()):
		p.stderr.hide(key)
		return gatehouse.NewSecret(key), nil
	case err == nil:
		return gatehouse.Secret{}, usagef("the key %s in %s was revoked: give another with GATEHOUSE_API_KEY, or remove the file for a new one", k.ID, path)
	case !errors.Is(err, store.ErrNotFound):
		return gatehouse.Secret{}, err
	}
	return p.newMachineKey(ctx, a, path)
}

// newMachineKey makes the key and keeps it where its owner alone can read it.
func (p *program) newMachineKey(ctx context.Context, a *app.App, path string) (gatehouse.Secret, error) {
	k, key, err := a.AddKey(ctx, app.NewKey{Name: machineKeyName, Scopes: []gatehouse.Scope{gatehouse.ScopeRespond}, Life: -1})
	if err != nil {
		return key, err
	}
	p.stderr.hide(key.Reveal())
	if err := replaceFile(path, []byte(key.Reveal()+"\n")); err != nil {
		_, revoked := a.RevokeKey(context.WithoutCancel(ctx), k.ID) // nobody will ever know its text
		return gatehouse.Secret{}, errors.Join(err, revoked)
	}
	return key, nil
}

// replaceFile puts a whole file in place that its owner alone can read.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
