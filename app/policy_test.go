package app_test

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse/app"
)

// What a server was told about approval binds every process on the same data, until
// another server is told otherwise.
func TestApprovalBindsTheData(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	local, err := app.New(t.Context(), app.Options{Data: data})
	must(t, err)
	t.Cleanup(func() { must(t, local.Close()) })
	for _, c := range []struct {
		name string
		o    app.Options
		want string
	}{
		{"a server", app.Options{ApproveDangerous: true, API: app.APIOptions{Listen: "127.0.0.1:0"}}, "dangerous"},
		{"a sync beside it", app.Options{}, "dangerous"},
		{"a server that cannot listen", app.Options{API: app.APIOptions{Listen: "127.0.0.1:65536"}}, "dangerous"},
		{"another server", app.Options{API: app.APIOptions{Listen: "127.0.0.1:0"}}, ""},
	} {
		c.o.Data = data
		a, err := app.New(t.Context(), c.o)
		must(t, err)
		_ = a.Start(t.Context()) // what cannot listen fails
		must(t, a.Close())
		if got, err := local.Store().Setting(t.Context(), "actions.approval"); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}
