package sdktest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// Directives holds that in the package under test every method of a service names
// its operation by //api:operation, its permissions and Microsoft's page, and that
// every operation has a method.
func Directives(t *testing.T, list []rest.Operation) {
	t.Helper()
	operations := map[string]rest.Operation{}
	for _, op := range list {
		if _, twice := operations[op.String()]; twice {
			t.Errorf("%s is listed twice", op)
		}
		operations[op.String()] = op
	}
	used := map[string]bool{}
	for _, fn := range serviceMethods(t) {
		name := directive(fn)
		op, known := operations[name]
		if !known {
			t.Errorf("%s: directive %q names no operation", fn.Name, name)
			continue
		}
		used[name] = true
		for _, said := range append([]string{"Docs: " + op.Docs + "."}, op.Permissions...) {
			if !strings.Contains(fn.Doc.Text(), said) {
				t.Errorf("%s does not name %s", fn.Name, said)
			}
		}
	}
	for name := range operations {
		if !used[name] {
			t.Errorf("%s has no method", name)
		}
	}
}

// serviceMethods are the exported methods of services, from the files of the
// package under test.
func serviceMethods(t *testing.T) (methods []*ast.FuncDecl) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.IsExported() && ofService(fn) {
				methods = append(methods, fn)
			}
		}
	}
	return methods
}

// ofService tells whether the receiver is a pointer to a service.
func ofService(fn *ast.FuncDecl) bool {
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && strings.HasSuffix(id.Name, "Service")
}

// directive is what stands behind //api:operation; empty when there is none.
func directive(fn *ast.FuncDecl) string {
	if fn.Doc != nil {
		for _, c := range fn.Doc.List {
			if name, ok := strings.CutPrefix(c.Text, "//api:operation "); ok {
				return name
			}
		}
	}
	return ""
}
