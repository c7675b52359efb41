package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

// server starts the application on the mirror of the script, with the REST API on
// loopback at $SERVER, and makes a key of each scope in the files read.key,
// respond.key, second.key (respond as well) and admin.key.
func cmdServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: server")
	}
	o := app.Options{Data: ts.Getenv("GATEHOUSE_DATA"), API: app.APIOptions{Listen: "127.0.0.1:0"}}
	if s := *sandboxOf(ts); s != nil {
		o.HTTPClient = s.server.Client()
	}
	a, err := app.New(context.Background(), o)
	ts.Check(err)
	ts.Defer(func() { _ = a.Close() })
	for name, scope := range map[string]gatehouse.Scope{
		"read": gatehouse.ScopeRead, "respond": gatehouse.ScopeRespond, "second": gatehouse.ScopeRespond, "admin": gatehouse.ScopeAdmin,
	} {
		_, text, err := a.AddKey(context.Background(), app.NewKey{Name: name, Scopes: []gatehouse.Scope{scope}, Life: time.Hour})
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), name+".key"), []byte(text.Reveal()+"\n"), 0o600))
	}
	ts.Check(a.Start(context.Background()))
	ts.Setenv("SERVER", a.APIAddr())
}

// actionid NAME FILE sets a variable to the id of the action in a file.
func cmdActionID(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: actionid NAME FILE")
	}
	id := actionID().FindString(ts.ReadFile(args[1]))
	if id == "" {
		ts.Fatalf("%s has no id of an action", args[1])
	}
	ts.Setenv(args[0], id)
}

func actionID() *regexp.Regexp { return regexp.MustCompile(`act_[A-Z0-9]{26}`) }
