package kql_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/kql"
)

var update = flag.Bool("update", false, "write what the queries return into the golden files")

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
			var updated []string
			for c := range strings.SplitSeq(string(text), "====\n") {
				query, want, _ := strings.Cut(c, "----\n")
				got := outcome(run(db, query))
				updated = append(updated, query+"----\n"+got)
				if diff := cmp.Diff(want, got); diff != "" && !*update {
					t.Errorf("%s\n(-want +got)\n%s", query, diff)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(updated, "====\n")), 0o600); err != nil {
					t.Fatal(err)
				}
			}
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
