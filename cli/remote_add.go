package cli

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/client"
)

// addThere has a server add the account that the settings describe. The server
// checks it, seals its secret, or keeps the reference, which is to a place there.
func (p *program) addThere(ctx context.Context, name string, f *integrationFlags) error {
	base, err := p.resolveBaseURL()
	if err != nil {
		return err
	}
	if len(p.config.allowHosts) > 0 || f.passwords != "" {
		return usagef("--allow-host and --password-ref are not for a server: add the account where it runs")
	}
	n := api.NewIntegration{
		Name: name, Tenant: p.config.tenantID, ClientID: p.config.clientID, Cloud: base.Cloud.Name, BaseURL: p.config.baseURL,
		Streams: f.streams.streams, SkipCheck: f.force,
	}
	if f.api.value != anyAPI {
		n.API = gatehouse.API(f.api.value)
	}
	if n.Credential, err = p.newCredential(f.secretRef); err != nil {
		return err
	}
	return p.useService(ctx, func(s *service) error {
		created, err := s.Integrations.Create(ctx, n, client.NewKey())
		if problem, ok := problemOf(err); ok && problem.Check != nil {
			return p.refusedByCheck(ctx, name, reportFrom(problem.Check))
		}
		if err != nil {
			return err
		}
		p.warnOf(reportFrom(created.Check))
		if err := printOne(p, integrationView(), integrationFrom(created.Integration)); err != nil {
			return err
		}
		p.sayf("added %s; the server mirrors it", name)
		return nil
	})
}

// newCredential is the credential of the settings as the API takes it.
func (p *program) newCredential(reference string) (api.NewCredential, error) {
	if reference != "" {
		return api.NewCredential{Reference: reference}, nil
	}
	o, err := p.credentialOptions()
	if err != nil {
		return api.NewCredential{}, err
	}
	c := api.NewCredential{Secret: o.Secret.Reveal(), Password: o.CertificatePassword.Reveal()}
	switch certificate := o.Certificate.Reveal(); {
	case o.ManagedIdentity:
		c.Kind = string(gatehouse.CredentialManagedIdentity)
	case o.FederatedTokenFile != "":
		c.Kind, c.Reference = string(gatehouse.CredentialWorkloadIdentity), "file:"+o.FederatedTokenFile
	case strings.Contains(certificate, "-----BEGIN "):
		c.Certificate = certificate
	case certificate != "":
		c.Certificate = base64.StdEncoding.EncodeToString([]byte(certificate))
	}
	return c, nil
}

// reportFrom is what a check has found, as the check says it.
func reportFrom(c *api.Check) *check.Report {
	if c == nil {
		return nil
	}
	report := &check.Report{}
	for _, f := range c.Findings {
		report.Findings = append(report.Findings, check.Finding{
			Severity: check.Severity(f.Severity), Code: check.Code(f.Code), Subject: f.Subject, What: f.What, Why: f.Why, Mend: f.Mend,
		})
	}
	return report
}
