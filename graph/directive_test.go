package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/graph"
)

// Every method of a service names its operation, its permissions and Microsoft's
// page, and every operation has a method.
func TestDirectives(t *testing.T) {
	t.Parallel()
	operations := map[string]graph.Operation{}
	for _, op := range graph.Operations() {
		if _, twice := operations[op.String()]; twice {
			t.Errorf("%s is listed twice", op)
		}
		operations[op.String()] = op
	}
	used := map[string]bool{}
	for _, fn := range serviceMethods(t) {
		_, name, ok := strings.Cut("\n"+docText(fn), "\n//api:operation ")
		name, _, _ = strings.Cut(name, "\n")
		op, known := operations[name]
		if !ok || !known {
			t.Errorf("%s: directive %q names no operation", fn.Name, name)
			continue
		}
		used[name] = true
		doc := fn.Doc.Text()
		if !strings.Contains(doc, "Docs: "+op.Docs+".") {
			t.Errorf("%s does not name %s", fn.Name, op.Docs)
		}
		for _, p := range op.Permissions {
			if !strings.Contains(doc, p) {
				t.Errorf("%s does not name permission %s", fn.Name, p)
			}
		}
	}
	for name := range operations {
		if !used[name] {
			t.Errorf("%s has no method", name)
		}
	}
}

func serviceMethods(t *testing.T) (methods []*ast.FuncDecl) {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.go")
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

func ofService(fn *ast.FuncDecl) bool {
	star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && strings.HasSuffix(id.Name, "Service")
}

// docText is the comment with its directives, which Text leaves out.
func docText(fn *ast.FuncDecl) string {
	var lines []string
	if fn.Doc != nil {
		for _, c := range fn.Doc.List {
			lines = append(lines, c.Text)
		}
	}
	return strings.Join(slices.Clip(lines), "\n")
}
