package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/check"
)

func newIntegrationsCredentialCommand(p *program) *cobra.Command {
	f := &integrationFlags{}
	cmd := withExits(&cobra.Command{
		Use: "credential NAME", Short: "Give an account a new secret or certificate",
		Long: `Put the credential of the settings in the place of the one that the account has,
when a secret has expired or a certificate is renewed. The ids stay those of the
account. The check runs first: when it can read nothing with the new credential,
the old one stays. What is mirrored stays in any case, and a running "gatehouse
serve" takes the new credential up by itself.

--secret-ref is as in "gatehouse integrations add".`,
		Example: `  gatehouse integrations credential contoso --client-secret-file new-secret
  gatehouse integrations credential contoso --certificate renewed.pem
  gatehouse integrations credential contoso --secret-ref file:/run/secrets/contoso`,
		Args: wants("NAME"), ValidArgsFunction: p.completeIntegrations,
		RunE: func(cmd *cobra.Command, names []string) error {
			return p.useIntegrations(cmd.Context(), func(desk integrationDesk) error {
				return p.replaceCredential(cmd.Context(), desk, names[0], f)
			})
		},
	}, exitFindings, exitSignIn)
	f.addReferences(cmd)
	return cmd
}

// replaceCredential takes the credential of the settings, with the ids of the
// account, to where the account is looked after.
func (p *program) replaceCredential(ctx context.Context, desk integrationDesk, name string, f *integrationFlags) error {
	all, err := desk.integrations(ctx)
	if err != nil {
		return err
	}
	i, err := integrationNamed(all, name)
	if err != nil {
		return err
	}
	p.config.tenantID, p.config.clientID = i.Tenant, i.ClientID
	changed, report, err := desk.credential(ctx, p, i, f)
	p.out.progress.hide()
	if errors.Is(err, app.ErrCheckFailed) && report != nil {
		return p.checkRefuses(ctx, report, i.Name+" keeps the credential that it has: mend what the check has found")
	}
	if err != nil {
		return err
	}
	p.warnOf(report)
	if err := printOne(p, integrationView(), changed); err != nil {
		return err
	}
	p.sayf("%s has a new credential", i.Name)
	return nil
}

func (l localIntegrations) credential(ctx context.Context, p *program, i gatehouse.Integration, f *integrationFlags) (gatehouse.Integration, *check.Report, error) {
	n := app.NewIntegration{Integration: gatehouse.Integration{Tenant: i.Tenant, ClientID: i.ClientID}}
	if err := p.takeCredential(&n, f); err != nil {
		return i, nil, err
	}
	if err := p.needKey(n); err != nil {
		return i, nil, err
	}
	return l.app.ReplaceCredential(ctx, i.ID, app.NewCredential{Credential: n.Integration.Credential, Secret: n.Secret, Password: n.Password})
}

func (s *service) credential(ctx context.Context, p *program, i gatehouse.Integration, f *integrationFlags) (gatehouse.Integration, *check.Report, error) {
	if f.passwords != "" {
		return i, nil, usagef("--password-ref is not for a server: give the credential where it runs")
	}
	c, err := p.newCredential(f.secretRef)
	if err != nil {
		return i, nil, err
	}
	changed, err := s.Integrations.ReplaceCredential(ctx, i.ID, c)
	if problem, ok := problemOf(err); ok && problem.Check != nil {
		return i, reportFrom(problem.Check), app.ErrCheckFailed
	}
	return integrationFrom(changed.Integration), reportFrom(changed.Check), err
}
