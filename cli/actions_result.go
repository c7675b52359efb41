package cli

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newActionsResultCommand(p *program) *cobra.Command {
	var file string
	var target int
	cmd := acts(&cobra.Command{
		Use: "result ID", Short: "Fetch what an action brought, such as an investigation package",
		Long: `Fetch what an action brought for one of its targets, once it has succeeded: the
investigation package of collect-package, a ZIP archive. It holds data of a
device and of who uses it; that it was fetched stands in the audit log. The file
appears when it is whole.`,
		Example: `  gatehouse actions result act_4K7QJ2 --file package.zip
  gatehouse actions result act_4K7QJ2 --target 2 --file - > package.zip`,
		Args: wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return usagef("where to? Give --file NAME, or --file - for standard output")
			}
			if target < 1 {
				return usagef("--target is %d: targets are numbered from 1", target)
			}
			return p.useService(cmd.Context(), func(s *service) error { return s.fetch(cmd.Context(), args[0], target, file) })
		},
	})
	cmd.Flags().StringVar(&file, "file", "", "`FILE` to write; '-' is standard output")
	cmd.Flags().IntVar(&target, "target", 1, "`NUMBER` of the target")
	return cmd
}

// fetch writes a result where it is wanted. A part of it is left nowhere.
func (s *service) fetch(ctx context.Context, id string, target int, file string) error {
	if file == "-" {
		out := bufio.NewWriter(s.p.stdout)
		_, err := s.Actions.Result(ctx, id, target, out)
		return errors.Join(err, out.Flush())
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-") // 0600: it is about people
	if err != nil {
		return usagef("--file: %w", err)
	}
	n, err := s.Actions.Result(ctx, id, target, f)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	s.p.sayf("%s: %s bytes", file, thousands(int(n)))
	return nil
}
