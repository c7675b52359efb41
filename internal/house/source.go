package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// Module is the import path of this module.
const Module = "github.com/gatehouse-sec/gatehouse"

// Finding is one break of a rule.
type Finding struct {
	Position string // file:line, relative to the root of the module
	Text     string // what is wrong and how to mend it
}

// String returns "file:line: text".
func (f Finding) String() string { return f.Position + ": " + f.Text }

// file is one parsed Go file of the module.
type file struct {
	path string // slash-separated, relative to the root of the module
	dir  string // its folder; "." for the root
	test bool   // a _test.go file
	fset *token.FileSet
	ast  *ast.File
}

// position names the place of a node, relative to the root of the module.
func (f file) position(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// lines is the number of lines of the file.
func (f file) lines() int { return f.fset.File(f.ast.FileStart).LineCount() }

// parse reads every Go file below root, but for testdata, hidden folders and
// nested modules (the tools).
func parse(root fs.FS) ([]file, error) {
	var files []file
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, name)
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), fset: fset, ast: tree,
		})
		return nil
	})
	return files, err
}

// skipDir tells which folders hold no code of this module.
func skipDir(root fs.FS, name string) error {
	base := path.Base(name)
	if name == "." {
		return nil
	}
	if base == "testdata" || base == "node_modules" || strings.HasPrefix(base, ".") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}
