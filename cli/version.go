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
			_, err := fmt.Fprintln(p.stdout, versionLine(debug.ReadBuildInfo))
			return err
		},
	})
}

// versionLine says which source and which Go built this program, from what the
// Go linker recorded.
func versionLine(read func() (*debug.BuildInfo, bool)) string {
	version, commit, dirty := "(unknown)", "", ""
	if info, ok := read(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = ", commit " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = ", modified"
			}
		}
	}
	return fmt.Sprintf("gatehouse %s%s%s, %s, %s/%s", version, commit, dirty, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
