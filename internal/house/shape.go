package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"strings"
)

// The sizes that no file and no function of ours may pass. A longer one has a
// second noun, or a second reason to change, in it.
const (
	MaxFileLines     = 500
	MaxFunctionLines = 80
)

// CheckShape returns every file and function below root that is too long and
// every init function. Test files are held to the file size only.
func CheckShape(root fs.FS) ([]Finding, error) {
	files, err := parse(root)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, f := range files {
		if n := f.lines(); n > MaxFileLines && !f.test && !ast.IsGenerated(f.ast) {
			found = append(found, Finding{f.path + ":1", fmt.Sprintf("%d lines, at most %d: is there a second noun in it?", n, MaxFileLines)})
		}
		if !f.test {
			found = append(found, badFunctions(f)...)
		}
	}
	return found, nil
}

// badFunctions lists the functions of a file that are too long or run by
// themselves.
func badFunctions(f file) []Finding {
	var found []Finding
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if fn.Name.Name == "init" && fn.Recv == nil {
			found = append(found, Finding{f.position(fn), "an init function: wire it where it is used, in sight"})
		}
		n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
		if n > MaxFunctionLines {
			found = append(found, Finding{f.position(fn), fmt.Sprintf("%s has %d lines, at most %d", fn.Name.Name, n, MaxFunctionLines)})
		}
	}
	return found
}

// CheckDocs returns every exported name and every package below root that has
// no doc comment.
func CheckDocs(root fs.FS) ([]Finding, error) {
	files, err := parse(root)
	if err != nil {
		return nil, err
	}
	var found []Finding
	documented := map[string]bool{}
	first := map[string]file{}
	for _, f := range files {
		if f.test {
			continue
		}
		documented[f.dir] = documented[f.dir] || f.ast.Doc != nil
		if _, ok := first[f.dir]; !ok {
			first[f.dir] = f
		}
		for _, d := range f.ast.Decls {
			found = append(found, undocumented(f, d)...)
		}
	}
	for dir, f := range first {
		if !documented[dir] {
			found = append(found, Finding{f.path + ":1", "package " + f.ast.Name.Name + " has no doc comment"})
		}
	}
	return found, nil
}

// undocumented lists the exported names of one declaration without a comment.
func undocumented(f file, d ast.Decl) []Finding {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
			return []Finding{{f.position(d), "exported " + d.Name.Name + " has no doc comment"}}
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT {
			return nil
		}
		var found []Finding
		for _, spec := range d.Specs {
			found = append(found, undocumentedSpec(f, d, spec)...)
		}
		return found
	}
	return nil
}

// undocumentedSpec lists the exported names of one type, constant or variable
// without a comment of their own, above, behind or on the whole group.
func undocumentedSpec(f file, group *ast.GenDecl, spec ast.Spec) []Finding {
	var found []Finding
	miss := func(n *ast.Ident, docs ...*ast.CommentGroup) {
		for _, d := range docs {
			if d != nil {
				return
			}
		}
		if n.IsExported() {
			found = append(found, Finding{f.position(n), "exported " + n.Name + " has no doc comment"})
		}
	}
	switch s := spec.(type) {
	case *ast.TypeSpec:
		miss(s.Name, group.Doc, s.Doc)
	case *ast.ValueSpec:
		for _, n := range s.Names {
			miss(n, group.Doc, s.Doc, s.Comment)
		}
	}
	return found
}

// exportedReceiver tells whether a function is reachable from outside: it has
// no receiver or one of an exported type.
func exportedReceiver(fn *ast.FuncDecl) bool {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return true
	}
	name := strings.Builder{}
	ast.Inspect(fn.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name.Len() == 0 {
			name.WriteString(id.Name)
		}
		return true
	})
	return ast.IsExported(name.String())
}
