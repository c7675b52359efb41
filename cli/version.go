package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "version", Short: "Print the version",
		Example: "  gatehouse version",
		Args:    wants(),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, versionLine(version, debug.ReadBuildInfo))
			return err
		},
	})
}

// version is what the Makefile has the linker write here; without it the build
// information tells.
var version string //nolint:gochecknoglobals // the linker writes to nothing else

// versionLine says which source and which Go built this program, from what the
// Go linker recorded.
func versionLine(set string, read func() (*debug.BuildInfo, bool)) string {
	name, commit, dirty := "(unknown)", "", ""
	if info, ok := read(); ok {
		name = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = ", commit " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = ", modified"
			}
		}
	}
	return fmt.Sprintf("gatehouse %s%s%s, %s, %s/%s", orElse(set, name), commit, dirty, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
