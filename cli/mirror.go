package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/store"
)

// mirrorFile is the name of the mirror's file in the data folder. Package app
// uses the same.
const mirrorFile = "gatehouse.db"

// usualDataFolder follows the XDG base directory rules; %LocalAppData% stands
// in for them on Windows.
func usualDataFolder(environ environment) string {
	if dir := environ.firstOf("XDG_DATA_HOME", "LocalAppData", "LOCALAPPDATA"); dir != "" {
		return filepath.Join(dir, "gatehouse")
	}
	if home := environ.firstOf("HOME", "USERPROFILE"); home != "" {
		return filepath.Join(home, ".local", "share", "gatehouse")
	}
	return ""
}

// mirrorPlace is where the mirror is.
type mirrorPlace struct {
	data string // folder
	url  string // of PostgreSQL; then the folder is not used
	key  string // reference, or "" for the default
}

func (m mirrorPlace) file() string { return filepath.Join(m.data, mirrorFile) }

// mirrorPlace reads the settings. Nothing is opened or made.
func (p *program) mirrorPlace() (mirrorPlace, error) {
	m := mirrorPlace{data: orElse(p.config.data, usualDataFolder(p.env)), url: p.config.databaseURL}
	if p.config.keyFile != "" {
		m.key = "file:" + p.config.keyFile
	}
	if m.url == "" && m.data == "" {
		return m, usagef("no place for the mirror: set --data or GATEHOUSE_DATA to a folder")
	}
	if what, err := os.Stat(m.data); m.url == "" && err == nil && !what.IsDir() {
		return m, usagef("the mirror stands in a folder, and %s is a file: name its folder with --data or GATEHOUSE_DATA", m.data)
	}
	return m, nil
}

// wantKeyFile refuses the name of a key file that is not there, before every secret
// that it should open counts as withdrawn.
func (p *program) wantKeyFile() error {
	if p.config.keyFile == "" {
		return nil
	}
	if _, err := os.Stat(p.config.keyFile); err != nil {
		return usagef("--key-file: %w: name the file with the key that sealed the secrets of this mirror", err)
	}
	return nil
}

// there says whether a mirror was made already. A database always counts: only
// it can tell.
func (m mirrorPlace) there() bool {
	if m.url != "" {
		return true
	}
	_, err := os.Stat(m.file())
	return !errors.Is(err, fs.ErrNotExist)
}

// freshMirror returns what takes a mirror away again that was not there before, as
// long as there is nothing in it.
func (p *program) freshMirror() (forget func(context.Context), err error) {
	place, err := p.mirrorPlace()
	if err != nil || place.there() {
		return func(context.Context) {}, err
	}
	_, err = os.Stat(place.data)
	folderToo := errors.Is(err, fs.ErrNotExist)
	return func(ctx context.Context) {
		if !p.isEmpty(ctx) {
			return
		}
		for _, end := range []string{"", "-wal", "-shm", ".key"} {
			_ = os.Remove(place.file() + end) // most are not there
		}
		if folderToo {
			_ = os.Remove(place.data) // it goes only when nothing is in it
		}
	}, nil
}

// isEmpty says whether the mirror holds neither an integration nor a key.
func (p *program) isEmpty(ctx context.Context) bool {
	empty := false
	_ = p.useMirror(ctx, func(held *store.Store) error { // what cannot be read is not empty
		all, err := held.Integrations(ctx)
		keys, keysErr := held.Keys(ctx)
		empty = len(all)+len(keys) == 0 && err == nil && keysErr == nil
		return nil
	})
	return empty
}

// named says which file it is that could not be opened. The address of a database
// is not told, since there may be a password in it.
func (m mirrorPlace) named(err error) error {
	if m.url != "" {
		return err
	}
	return fmt.Errorf("%w; the mirror is %s", err, m.file())
}

// errNoMirror says that nothing is mirrored here yet.
func (m mirrorPlace) errNoMirror() error {
	return usagef("no mirror at %s: gatehouse integrations add NAME makes one, and --data names another folder", m.data)
}

// useMirror opens the mirror that is there, calls use, and closes it.
func (p *program) useMirror(ctx context.Context, use func(*store.Store) error) error {
	place, err := p.mirrorPlace()
	if err != nil {
		return err
	}
	if !place.there() {
		return place.errNoMirror()
	}
	held, err := store.Open(ctx, place.options(p))
	if err != nil {
		return place.named(err)
	}
	return closing(use(held), held.Close)
}

func (m mirrorPlace) options(p *program) store.Options {
	if m.url != "" {
		return store.Options{DatabaseURL: m.url, Key: m.key, Now: p.now}
	}
	return store.Options{Path: m.file(), Key: m.key, Now: p.now}
}

// useApp opens the application, calls use, and closes it. Unless it may make a
// mirror, there must be one.
func (p *program) useApp(ctx context.Context, mayMake bool, o app.Options, use func(*app.App) error) error {
	place, err := p.mirrorPlace()
	if err != nil {
		return err
	}
	if !mayMake && !place.there() {
		return place.errNoMirror()
	}
	client, err := p.httpClient()
	if err != nil {
		return err
	}
	o.Data, o.DatabaseURL, o.Key = place.data, place.url, place.key
	o.HTTPClient, o.UserAgent, o.Now = client, userAgent, p.now
	if o.Log == nil {
		o.Log = p.log
	}
	a, err := app.New(ctx, o)
	if err != nil {
		return place.named(err)
	}
	return closing(use(a), a.Close)
}

// closing closes what was used; the error of the use comes first.
func closing(err error, closeIt func() error) error {
	if closeErr := closeIt(); err == nil {
		return closeErr
	}
	return err
}

// hidePassword keeps the password of a database URL from standard error.
func (p *program) hidePassword(databaseURL string) {
	if parsed, err := url.Parse(databaseURL); err == nil && parsed.User != nil {
		password, _ := parsed.User.Password()
		p.stderr.hide(password)
	}
}

// chosenIntegration is the one that --integration names, or the only one there
// is.
func (p *program) chosenIntegration(ctx context.Context, held *store.Store) (gatehouse.Integration, error) {
	all, err := held.Integrations(ctx)
	if err != nil {
		return gatehouse.Integration{}, err
	}
	return p.chosenAmong(all)
}

// chosenAmong is the same among those that are known.
func (p *program) chosenAmong(all []gatehouse.Integration) (gatehouse.Integration, error) {
	name := p.config.integration
	if name == "" && len(all) == 1 {
		return all[0], nil
	}
	if name == "" && len(all) > 1 {
		return gatehouse.Integration{}, usagef("which integration? Give --integration %s", joinOr(namesOf(all)))
	}
	return integrationNamed(all, name)
}

// integrationNamed finds an integration by name or id.
func integrationNamed(all []gatehouse.Integration, name string) (gatehouse.Integration, error) {
	if len(all) == 0 {
		return gatehouse.Integration{}, usagef("no integrations yet: gatehouse integrations add NAME adds one")
	}
	for _, i := range all {
		if i.Name == name || i.ID == name {
			return i, nil
		}
	}
	names := namesOf(all)
	return gatehouse.Integration{}, usagef("no integration %q: choose %s%s", name, joinOr(names), didYouMean(name, names))
}

func namesOf(all []gatehouse.Integration) []string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = one.Name
	}
	return names
}

// completeIntegrations offers the names of the integrations for a shell. It
// never makes a mirror and never complains.
func (p *program) completeIntegrations(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 && !strings.Contains(cmd.Use, "...") {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.completeFromMirror(cmd.Context(), func(held *store.Store) []string {
		all, _ := held.Integrations(cmd.Context())
		return namesOf(all)
	})
}

// completeFromMirror reads names that only the mirror knows. Settings are not
// read yet when a shell asks.
func (p *program) completeFromMirror(ctx context.Context, names func(*store.Store) []string) ([]string, cobra.ShellCompDirective) {
	var found []string
	flags, err := p.flags.given()
	if err == nil {
		p.config, _, err = loadConfig(flags, p.env)
	}
	if err == nil {
		_ = p.useMirror(ctx, func(held *store.Store) error {
			found = names(held)
			return nil
		})
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
