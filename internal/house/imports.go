package house

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// layer says what one folder, and all below it, may import of ours.
type layer struct {
	dir string   // folder relative to the root of the module; "." is the root package
	may []string // folders it may import; itself and what is below it always
	why string   // the reason, printed with a finding
}

// layers is the whole table of the house. Imports go down only. A folder that
// is not named here is itself a finding: whoever adds a package says where it
// stands.
func layers() []layer {
	return []layer{
		{dir: ".", why: "the root holds the words alone, standard library only"},
		{dir: "kql", why: "a query language knows nothing of the product"},
		{dir: "entra", may: []string{".", "internal/plain"}, why: "clouds, credentials and permissions stand below every SDK"},
		{dir: "internal/rest", may: []string{".", "entra", "internal/plain"}, why: "what the SDKs share knows no API"},
		{dir: "defender", may: []string{".", "entra", "internal/rest"}, why: "an SDK knows no other API and no engine"},
		{dir: "graph", may: []string{".", "entra", "internal/rest"}, why: "an SDK knows no other API and no engine"},
		{dir: "emulator", may: []string{"kql", "internal/testkey"}, why: "a wrong JSON tag must not be wrong on both sides"},
		{dir: "ocsf", why: "a schema knows nothing of the product"},
		{dir: "store", may: []string{"."}, why: "what is kept is said in the words of the root"},
		{dir: "normalize", may: []string{".", "defender", "graph", "ocsf"}, why: "a mapping is a pure function of what Microsoft sent"},
		{dir: "stream", may: []string{".", "defender", "graph"}, why: "a stream is read through the public SDKs and knows no engine"},
		{dir: "action", may: []string{".", "defender", "graph"}, why: "a response action is carried out through the public SDKs and keeps nothing"},
		{dir: "respond", may: []string{".", "store", "action", "internal/pause"}, why: "the one path of every action knows what is kept and what can be done"},
		{dir: "api", may: []string{"."}, why: "what goes over the wire is said in the words of the root"},
		{dir: "server", may: []string{".", "api", "store", "respond", "action", "stream", "normalize", "ocsf", "kql"}, why: "the REST API stands on what is kept; what it needs of the application it asks for through interfaces of its own"},
		{dir: "client", may: []string{".", "api", "internal/pause"}, why: "a client knows the wire and no more"},
		{dir: "mcp", may: []string{".", "api", "client"}, why: "agents get what every other client gets"},
		{dir: "engine", may: []string{".", "store", "internal/plain"}, why: "the engine moves pages; what is in them is the streams' affair"},
		{dir: "app", may: []string{".", "entra", "defender", "graph", "check", "stream", "store", "engine", "action", "respond", "api", "server", "client", "mcp"}, why: "the only package that knows them all"},
		{dir: "check", may: []string{".", "entra", "defender", "graph"}, why: "the check proves an account through the public SDKs"},
		{dir: "cli", may: []string{".", "entra", "defender", "graph", "check", "emulator", "app", "store", "ocsf", "stream", "normalize", "action", "api", "client", "mcp", "internal/plain", "internal/pause"}, why: "commands stand on the public packages"},
		{dir: "cmd", may: []string{"cli"}, why: "main only exits with what cli.Main returns"},
		{dir: "internal/plain", why: "a text for people knows nothing of the product"},
		{dir: "internal/pause", why: "a pause knows nothing of the product"},
		{dir: "internal/testkey", why: "a key for tests knows nothing of the product"},
		{dir: "internal/golden", why: "a comparison with a file knows nothing of the product"},
		{dir: "internal/emulated", may: []string{".", "entra", "defender", "graph", "emulator", "internal/testkey"}, why: "what a test needs to reach an emulator through the SDKs"},
		{dir: "internal/sdktest", may: []string{"internal/rest", "internal/golden"}, why: "what the tests of the SDKs share is about what the SDKs share"},
		{dir: "internal/pgtest", why: "a private PostgreSQL for tests knows nothing of the product"},
		{dir: "internal/house", why: "the rules read source, they do not use it"},
	}
}

// CheckImports returns every import below root that the table of layers does
// not allow. Test files may import what they like, but for those of emulator:
// a test there that used our SDK would share its mistakes.
func CheckImports(root fs.FS) ([]Finding, error) {
	files, err := parse(root)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, f := range files {
		l, ok := layerOf(f.dir)
		if !ok {
			found = append(found, Finding{f.path + ":1", fmt.Sprintf("folder %s stands in no layer; add it to layers() in internal/house/imports.go", f.dir)})
			continue
		}
		if f.test && l.dir != "emulator" {
			continue
		}
		found = append(found, badImports(f, l)...)
	}
	return found, nil
}

// badImports lists the imports of one file that its layer does not allow.
func badImports(f file, l layer) []Finding {
	var found []Finding
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused it already
		}
		switch dir, ours := folder(name); {
		case ours && !allowed(l, dir):
			found = append(found, Finding{f.position(spec), fmt.Sprintf("%s must not import %s: %s", l.dir, dir, l.why)})
		case !ours && l.dir == "." && !f.test && strings.Contains(name, "."):
			found = append(found, Finding{f.position(spec), fmt.Sprintf("the root must not import %s: %s", name, l.why)})
		}
	}
	return found
}

// folder turns an import path into a folder of this module.
func folder(importPath string) (dir string, ours bool) {
	if importPath == Module {
		return ".", true
	}
	dir, ours = strings.CutPrefix(importPath, Module+"/")
	return dir, ours
}

// layerOf finds the layer of a folder: the longest entry that it is or lies
// below.
func layerOf(dir string) (layer, bool) {
	best, ok := layer{}, false
	for _, l := range layers() {
		if within(dir, l.dir) && (!ok || len(l.dir) > len(best.dir)) {
			best, ok = l, true
		}
	}
	return best, ok
}

// allowed tells whether a layer may import a folder.
func allowed(l layer, dir string) bool {
	return within(dir, l.dir) || slices.ContainsFunc(l.may, func(m string) bool { return within(dir, m) })
}

// within tells whether dir is base or lies below it. Nothing lies below the
// root package: the folders of the module are layers of their own.
func within(dir, base string) bool {
	return dir == base || (base != "." && strings.HasPrefix(dir, base+"/"))
}
