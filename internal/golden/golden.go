// Package golden compares what a test made with a file that people read and
// review. With -update the test writes the file again.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// update is read when a file is compared, long after the flags were.
var update = flag.Bool("update", false, "write the golden files again")

// Check holds got against a file, and writes the file, with its folder, under
// -update.
func Check[T ~string | ~[]byte](tb testing.TB, path string, got T) {
	tb.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // the test names its own file
	if err != nil {
		tb.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		tb.Errorf("%s differs (-want +got); run the test with -update if that is meant:\n%s", path, diff)
	}
}
