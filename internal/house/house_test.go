package house_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-sec/gatehouse/internal/house"
)

// rules are the checks of the house, each run on the real tree and on a
// planted mistake.
var rules = map[string]func(fs.FS) ([]house.Finding, error){
	"imports": house.CheckImports,
	"shape":   house.CheckShape,
	"docs":    house.CheckDocs,
}

func TestHouse(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../..")
	for name, check := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := check(root)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Error(f)
			}
		})
	}
}

func TestPlantedMistakes(t *testing.T) {
	t.Parallel()
	module := house.Module
	long := "package kql\n\nfunc long() {\n" + strings.Repeat("\t_ = 1\n", house.MaxFunctionLines) + "}\n"
	tests := []struct {
		name, rule, file, source, want string
	}{
		{"emulator imports the SDK", "imports", "emulator/x.go", "package emulator\nimport _ \"" + module + "/defender\"\n", "emulator must not import defender"},
		{"emulator's test imports the SDK", "imports", "emulator/x_test.go", "package emulator\nimport _ \"" + module + "/graph\"\n", "emulator must not import graph"},
		{"emulator imports the root", "imports", "emulator/x.go", "package emulator\nimport _ \"" + module + "\"\n", "emulator must not import ."},
		{"SDK imports the check", "imports", "defender/x.go", "package defender\nimport _ \"" + module + "/check\"\n", "defender must not import check"},
		{"SDK imports the other SDK", "imports", "graph/deep/x.go", "package deep\nimport _ \"" + module + "/defender\"\n", "graph must not import defender"},
		{"root imports a library", "imports", "x.go", "package gatehouse\nimport _ \"example.org/lib\"\n", "the root must not import"},
		{"new folder without a layer", "imports", "notes/x.go", "package notes\n", "stands in no layer"},
		{"long function", "shape", "kql/x.go", long, "long has 82 lines"},
		{"long file", "shape", "kql/x.go", "package kql\n" + strings.Repeat("\n", house.MaxFileLines), "lines, at most 500"},
		{"init", "shape", "kql/x.go", "package kql\nfunc init() {}\n", "an init function"},
		{"undocumented function", "docs", "kql/x.go", "// Package kql is.\npackage kql\nfunc Bare() {}\n", "exported Bare"},
		{"undocumented method", "docs", "kql/x.go", "// Package kql is.\npackage kql\n\n// T is.\ntype T[P any] struct{}\nfunc (*T[P]) Bare() {}\n", "exported Bare"},
		{"undocumented constant", "docs", "kql/x.go", "// Package kql is.\npackage kql\nconst Bare = 1\n", "exported Bare"},
		{"undocumented package", "docs", "kql/x.go", "package kql\n", "package kql has no doc comment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, err := rules[tt.rule](fstest.MapFS{tt.file: {Data: []byte(tt.source)}})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != 1 || !strings.Contains(found[0].String(), tt.want) {
				t.Errorf("got %v, want one finding with %q", found, tt.want)
			}
		})
	}
}

func TestSoundSourceHasNoFinding(t *testing.T) {
	t.Parallel()
	source := "// Package check is.\npackage check\n\nimport _ \"" + house.Module + "/entra\"\n\n// Run runs.\nfunc Run() {}\n\ntype hidden struct{}\n\nfunc (hidden) Exported() {}\n"
	for name, check := range rules {
		found, err := check(fstest.MapFS{"check/x.go": {Data: []byte(source)}})
		if err != nil || len(found) != 0 {
			t.Errorf("%s: got %v, %v, want nothing", name, found, err)
		}
	}
}
