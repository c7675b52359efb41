package cli

import (
	"runtime/debug"
	"strings"
	"testing"
)

// The version is the one that the Makefile gives to the linker, or what Go knows of
// the source.
func TestVersionLine(t *testing.T) {
	t.Parallel()
	build := func() (*debug.BuildInfo, bool) {
		return &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
		}}, true
	}
	for set, want := range map[string]string{
		"":       "gatehouse v1.2.3, commit 0123456789ab, modified, go",
		"v1.2.4": "gatehouse v1.2.4, commit 0123456789ab, modified, go",
	} {
		if got := versionLine(set, build); !strings.HasPrefix(got, want) {
			t.Errorf("with %q it is %q, want %q", set, got, want)
		}
	}
	if got := versionLine("", func() (*debug.BuildInfo, bool) { return nil, false }); !strings.HasPrefix(got, "gatehouse (unknown), go") {
		t.Errorf("without build information it is %q", got)
	}
}
