package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/testkey"
)

const graphBase = "https://graph.microsoft.com"

// world is a running emulator with data and tokens for everything.
type world struct {
	t             testing.TB
	s             *Server
	clock         *FakeClock
	mde, xdr, msg string // tokens
	truth         Truth
}

// newWorld starts an emulator with the default tenant in the given size.
func newWorld(t testing.TB, size Size) *world {
	t.Helper()
	return newTenantWorld(t, TenantSpec{Size: size})
}

// newTenantWorld starts an emulator with the default tenant, of which the size and the order of lists may be others.
func newTenantWorld(t testing.TB, spec TenantSpec) *world {
	t.Helper()
	clock := NewFakeClock(epoch)
	standard := defaultTenant(spec.Size)
	standard.ByUpdate = spec.ByUpdate
	s, err := Start(Options{Key: testkey.RSA(), Clock: clock, Tenants: []TenantSpec{standard}, NoLimits: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	roles := append(MDERoles("User.Read.All", "File.Read.All", "Ip.Read.All", "Url.Read.All"), append(MirrorRoles(), ResponseRoles()...)...)
	if err := s.Grant(defaultTenantID, defaultClientID, roles...); err != nil {
		t.Fatal(err)
	}
	return &world{
		t: t, s: s, clock: clock, truth: s.Truth(defaultTenantID),
		mde: tokenFor(t, s, mdeResource), xdr: tokenFor(t, s, "https://api.security.microsoft.com"), msg: tokenFor(t, s, graphBase),
	}
}

// send calls a route; a target that begins with a slash is one of MDE, with /v1.0 one of Graph.
func (w *world) send(method, target, body string, header ...string) answer {
	w.t.Helper()
	token := w.mde
	switch {
	case strings.HasPrefix(target, "/v1.0/"):
		target, token = graphBase+target, w.msg
	case strings.HasPrefix(target, "/api/advancedhunting"), strings.HasPrefix(target, "/api/incidents"):
		target, token = mdeBase+target, w.xdr
	case strings.HasPrefix(target, "/"):
		target = mdeBase + target
	case strings.HasPrefix(target, graphBase):
		token = w.msg
	case strings.HasPrefix(target, mdeBase+"/api/incidents"):
		token = w.xdr
	}
	return fetch(w.t, w.s, method, strings.ReplaceAll(target, " ", "%20"), body, append([]string{"Authorization", "Bearer " + token}, header...)...)
}

// object is a JSON object of an answer.
type object = map[string]any

// read is a GET that must succeed.
func (w *world) read(target string, header ...string) object {
	w.t.Helper()
	got := w.send(http.MethodGet, target, "", header...)
	if got.status != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", target, got.status, got.body)
	}
	return parse(w.t, got.body)
}

// parse reads an object.
func parse(t testing.TB, text string) object {
	t.Helper()
	o := object{}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&o); err != nil {
		t.Fatalf("%v in %.200q", err, text)
	}
	return o
}

// rowsOf gives the rows of a collection.
func rowsOf(t testing.TB, o object) []object {
	t.Helper()
	list, ok := o["value"].([]any)
	if !ok {
		t.Fatalf("no value in %v", o)
	}
	rows := make([]object, len(list))
	for i := range list {
		rows[i], ok = list[i].(object)
		if !ok {
			t.Fatalf("row %d is %v", i, list[i])
		}
	}
	return rows
}

// pages follows nextLinks to the end and returns all rows and the number of pages.
func (w *world) pages(target string) (rows []object, pages int) {
	w.t.Helper()
	for target != "" {
		o := w.read(target)
		rows = append(rows, rowsOf(w.t, o)...)
		pages++
		target, _ = o["@odata.nextLink"].(string)
		if pages > 10000 {
			w.t.Fatalf("%s never ends", target)
		}
	}
	return rows, pages
}

// texts gives one member of all rows.
func texts(rows []object, member string) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i], _ = row[member].(string)
	}
	return list
}

// refused holds that a call is refused with a status and a code.
func (w *world) refused(method, target, body string, status int, code string) string {
	w.t.Helper()
	got := w.send(method, target, body)
	var e struct {
		Error struct{ Code, Message, Target string }
	}
	if got.status != status {
		w.t.Fatalf("%s %s %s: status %d, want %d: %s", method, target, body, got.status, status, got.body)
	}
	decode(w.t, got.body, &e)
	if e.Error.Code != code || e.Error.Message == "" {
		w.t.Errorf("%s %s %s: code %q (%s), want %q", method, target, body, e.Error.Code, e.Error.Message, code)
	}
	return e.Error.Message
}

// filterURL puts a filter into a path.
func filterURL(path, filter string) string { return path + "?$filter=" + url.QueryEscape(filter) }
