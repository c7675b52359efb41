package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/app"
)

func newIntegrationsResealCommand(p *program) *cobra.Command {
	var keyFile string
	cmd := withExits(&cobra.Command{
		Use: "reseal", Short: "Seal the secrets that are kept with another key",
		Long: `Open every secret that is kept with the key at hand (--key-file, or the file beside
the mirror) and seal it with the first key of another file, all or nothing. When
one does not open, nothing is changed. To change the key:

  head -c 32 /dev/urandom | base64 > new.key; chmod 600 new.key
  gatehouse integrations reseal --new-key-file new.key

From then on every process needs the new key: restart those that run with
--key-file new.key, or with its content in the place of the old key. A process
that runs on with the old one cannot sign in to Microsoft.`,
		Example: "  gatehouse integrations reseal --new-key-file new.key\n  gatehouse integrations reseal --key-file old.key --new-key-file new.key",
		Args:    wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if keyFile == "" {
				return usagef("which key? Give --new-key-file FILE (head -c 32 /dev/urandom | base64 makes one)")
			}
			if _, err := os.Stat(keyFile); err != nil {
				return usagef("--new-key-file: %w: make a key with: head -c 32 /dev/urandom | base64", err)
			}
			if err := p.wantKeyFile(); err != nil {
				return err
			}
			return p.useApp(cmd.Context(), false, app.Options{}, func(a *app.App) error {
				n, err := a.Reseal(cmd.Context(), keyFile)
				if err == nil {
					p.sayf("sealed %s anew: from now on give --key-file %s, and restart what runs", plural(n, "secret"), keyFile)
				}
				return err
			})
		},
	})
	cmd.Flags().StringVar(&keyFile, "new-key-file", "", "`FILE` whose first key seals the secrets from now on")
	return cmd
}
