package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpTopics are pages of the help that belong to no command.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-status", Short: "Exit statuses of every command", Long: exitStatusHelp()},
		{Use: "configuration", Short: "Flags, environment and configuration file", Long: configurationHelp()},
	}
}

func exitStatusHelp() string {
	var page strings.Builder
	page.WriteString("Every command ends with one of these statuses.\n\n")
	for _, e := range exits() {
		fmt.Fprintf(&page, "  %3d  %s\n", e.status, e.meaning)
	}
	return strings.TrimSuffix(page.String(), "\n")
}

func configurationHelp() string {
	var page strings.Builder
	page.WriteString(`A setting may stand in four places. The first that has it wins:

  1. a flag                            --tenant-id ID
  2. the environment, by our name      GATEHOUSE_TENANT_ID=ID
  3. the environment, the usual name   AZURE_TENANT_ID=ID
  4. the configuration file            tenant-id: ID

The file is $XDG_CONFIG_HOME/gatehouse/config.yaml (~/.config by default), or
the one that --config or GATEHOUSE_CONFIG names. It is YAML with the names of
the flags as keys; a key that is not known is refused. Paths in it are relative
to it. Secrets and passwords do not stand in it: it names the files that hold
them.

The credential is taken whole from the first place that has one, so that a
--certificate is not mixed with a secret of the environment.

  name                         in the environment
`)
	for _, s := range settings() {
		names := s.environment()
		if s.azure != "" {
			names += ", " + s.azure
		}
		fmt.Fprintf(&page, "  %-27s  %s\n", s.name, names)
	}
	page.WriteString(`
GATEHOUSE_EMULATOR and GATEHOUSE_EMULATOR_CA send every call to an emulator on
this machine ("gatehouse emulate" prints both).`)
	return page.String()
}
