package kql_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
	"github.com/gatehouse-sec/gatehouse/kql"
)

// TestGolden runs the cases in testdata. A file holds cases between lines of
// ====; a case is a query, a line of ----, and the columns and rows it returns,
// or the error.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "*.kql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	db := openFixture(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".kql"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var cases []string
			for c := range strings.SplitSeq(string(text), "====\n") {
				query, _, _ := strings.Cut(c, "----\n")
				cases = append(cases, query+"----\n"+outcome(run(db, query)))
			}
			golden.Check(t, file, strings.Join(cases, "====\n"))
		})
	}
}

// outcome prints a result or its error.
func outcome(r result, err error) string {
	var e *kql.Error
	switch {
	case errors.As(err, &e):
		return e.Error() + "\n"
	case err != nil:
		return "FAILED: " + err.Error() + "\n"
	}
	return r.String()
}
