package emulator

import (
	"strings"
	"testing"
)

// TestRoutesAreWhole holds that every route says what the server needs to know of it, and can be reached.
func TestRoutesAreWhole(t *testing.T) {
	t.Parallel()
	routes := allRoutes()
	find := newRouter(routes)
	seen := map[string]bool{}
	for i := range routes {
		rt := &routes[i]
		if seen[rt.name()] {
			t.Errorf("%s is there twice", rt.name())
		}
		seen[rt.name()] = true
		if rt.handle == nil || rt.path != strings.ToLower(rt.path) && !strings.Contains(rt.path, "{") {
			t.Errorf("%s: no handler, or a path not in lower case", rt.name())
		}
		if needsToken(rt.api) != (len(rt.roles) > 0) {
			t.Errorf("%s: api %q, roles %v", rt.name(), rt.api, rt.roles)
		}
		path := strings.NewReplacer("{", "x", "...}", "x", "}", "x").Replace(rt.path)
		got, _, _, err := find.find(familyOf(rt.api), rt.method, path)
		if err != nil || got != rt {
			t.Errorf("%s is not reached by %s: %v", rt.name(), path, err)
		}
	}
}

func TestMatchSegment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		vars      string
		ok        bool
	}{
		{"machines", "Machines", "", true},
		{"machines", "machine", "", false},
		{"machines", "machinesx", "", false},
		{"{id}", "x", "id=x", true},
		{"{id}", "", "", false},
		{"f(ip='{ip}')", "F(ip='1.2.3.4')", "ip=1.2.3.4", true},
		{"f(ip='{ip}')", "f(ip='')", "", false},
		{"f(ip='{ip}')", "f(ip='1", "", false},
		{"{a}-{b}", "x-y-z", "a=x b=y-z", true},
	} {
		vars := map[string]string{}
		ok := matchSegment(c.want, c.got, vars)
		var text []string
		for _, name := range []string{"a", "b", "id", "ip"} {
			if v, there := vars[name]; there {
				text = append(text, name+"="+v)
			}
		}
		if ok != c.ok || ok && strings.Join(text, " ") != c.vars {
			t.Errorf("%s against %s: %v %v", c.want, c.got, ok, vars)
		}
	}
}
