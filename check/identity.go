package check

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// The AADSTS numbers that have a finding of their own. Microsoft says that they
// change: an unknown one is SignInFailed, with Entra's own words.
func signInCodes() map[int]Code {
	return map[int]Code{
		90002: TenantNotFound, 900023: TenantNotFound, 900021: TenantNotFound,
		90038: WrongCloud, 900382: WrongCloud, 900432: WrongCloud,
		700016: AppNotInTenant, 700011: AppNotInTenant,
		70001: AppDisabled, 7000112: AppDisabled,
		7000215: SecretWrong,
		7000222: SecretExpired,
		700027:  CertificateNotRegistered, 700030: CertificateNotRegistered, 50012: CertificateNotRegistered,
		700024: AssertionTime,
		53003:  SignInBlocked, 530032: SignInBlocked, 53011: SignInBlocked,
		500011: NoLicence, 50001: NoLicence, 650052: NoLicence,
	}
}

// checkCredential builds the credential. Nothing is sent yet.
func (c *run) checkCredential(context.Context) (bool, error) {
	o := c.o.Credential
	if o.Authority == "" {
		o.Authority = c.base.Cloud.Authority
	}
	if o.Client == nil {
		o.Client = c.o.Client
	}
	cred, err := entra.NewCredential(o)
	if errors.Is(err, entra.ErrCertificateExpired) {
		c.report.Credential = string(entra.KindCertificate)
		c.report.add(c.expiredCertificate(o))
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c.cred = cred
	c.report.Credential = string(cred.Kind())
	return true, nil
}

// expiredCertificate names a certificate whose time is over.
func (c *run) expiredCertificate(o entra.CredentialOptions) Finding {
	v := vars{"thumbprint": "unknown", "date": "an unknown day"}
	if cert, err := entra.ParseCertificate(o.Certificate, o.CertificatePassword); err == nil {
		v = vars{"thumbprint": cert.Thumbprint(), "date": cert.NotAfter().Format(time.DateOnly)}
	}
	return newFinding(CertificateExpired, o.ClientID, v)
}

// checkTenant asks Entra's discovery document, which anybody may read, whether
// the tenant exists and in which cloud it lives.
func (c *run) checkTenant(ctx context.Context) (bool, error) {
	if c.cred.Kind() == entra.KindManagedIdentity {
		return true, nil // the machine's identity knows its tenant itself
	}
	tenant, err := entra.Discover(ctx, c.o.Client, c.cred.Authority(), c.cred.TenantID())
	if err != nil {
		c.explainTenant(ctx, err)
		return false, nil
	}
	cloud, known := tenant.Cloud()
	if known && cloud != c.base.Cloud.Name {
		f := c.wrongCloud(cloud)
		sameAuthority := f.Severity == Warning
		c.report.add(f)
		return sameAuthority, nil
	}
	c.report.add(newFinding(TenantOK, c.cred.TenantID(), vars{"detail": c.base.Cloud.Title + " cloud"}))
	return true, nil
}

// explainTenant tells a tenant that nobody knows from one that another cloud
// knows, and both from an Entra that cannot be asked.
func (c *run) explainTenant(ctx context.Context, err error) {
	refusal, ok := entra.AsTokenError(err)
	if !ok {
		c.report.add(unreachable("sign-in", err))
		return
	}
	if cloud, found := c.findTenant(ctx); found {
		c.report.add(c.wrongCloud(cloud))
		return
	}
	c.report.add(c.refused(refusal, c.base.Cloud.MDE.Resource))
}

// findTenant asks the other clouds' sign-in hosts for the tenant.
func (c *run) findTenant(ctx context.Context) (cloud string, found bool) {
	asked := map[string]bool{c.cred.Authority(): true}
	for _, other := range entra.Clouds() {
		if asked[other.Authority] {
			continue
		}
		asked[other.Authority] = true
		tenant, err := entra.Discover(ctx, c.o.Client, other.Authority, c.cred.TenantID())
		if err != nil {
			continue
		}
		if name, known := tenant.Cloud(); known {
			return name, true
		}
		return other.Name, true
	}
	return "", false
}

// wrongCloud says where the tenant lives. Two clouds that share a sign-in host
// are worth a warning only: that the discovery document tells them apart is not
// documented.
func (c *run) wrongCloud(name string) Finding {
	actual, err := entra.CloudByName(name)
	if err != nil {
		actual = entra.Cloud{Name: name, Title: name, MDE: entra.Service{URL: "of that cloud"}}
	}
	f := newFinding(WrongCloud, c.cred.TenantID(), vars{
		"actual": actual.Title, "given": c.base.Cloud.Title, "host": actual.MDE.URL, "cloud": actual.Name,
	})
	if actual.Authority == c.base.Cloud.Authority {
		f.Severity = Warning
	}
	return f
}

// refused turns Entra's refusal of a token into a finding.
func (c *run) refused(e *entra.TokenError, resource string) Finding {
	code, ok := signInCodes()[e.Code]
	switch {
	case !ok && e.Transient():
		code = UpstreamError
	case !ok:
		code = SignInFailed
	case code == SecretWrong && entra.LooksLikeSecretID(c.o.Credential.Secret):
		code = SecretIDPasted
	case code == WrongCloud:
		f := newFinding(WrongCloud, c.cred.TenantID(), vars{
			"actual": "another cloud", "given": c.base.Cloud.Title, "host": "of your cloud's host", "cloud": "its name",
		})
		f.Upstream = e.Error()
		return f
	}
	f := newFinding(code, c.subjectOf(code, resource), vars{
		"tenant": c.cred.TenantID(), "authority": hostOf(c.cred.Authority()),
		"thumbprint": c.cred.Thumbprint(), "detail": sentence(e.Description),
	})
	f.Upstream = e.Error()
	return f
}

// subjectOf says what a refusal is about.
func (c *run) subjectOf(code Code, resource string) string {
	switch code {
	case TenantNotFound:
		return c.cred.TenantID()
	case NoLicence, SignInFailed, UpstreamError:
		return resource
	default:
		return c.cred.ClientID()
	}
}

// checkExpiry looks at the end of the credential, where it can be known.
func (c *run) checkExpiry(context.Context) (bool, error) {
	kind := map[entra.CredentialKind]string{
		entra.KindClientSecret: "client secret", entra.KindCertificate: "certificate",
	}[c.cred.Kind()]
	end, known := c.cred.Expires()
	switch left := end.Sub(c.o.Now()); {
	case !known && kind != "":
		c.report.add(newFinding(CredentialExpiryUnknown, kind, vars{"kind": kind}))
	case known && left < soon:
		days := strconv.Itoa(int(left / (24 * time.Hour)))
		c.report.add(newFinding(CredentialExpiry, kind, vars{"kind": kind, "date": end.Format(time.DateOnly), "days": days}))
	}
	return true, nil
}

// soon is when the end of a credential is worth a warning.
const soon = 30 * 24 * time.Hour

// checkRetirement says which capabilities stop on the retirement date, and what
// to grant now so that they do not.
func (c *run) checkRetirement(context.Context) (bool, error) {
	for _, s := range c.report.Capabilities {
		if s.State != Works || s.API == gatehouse.APIGraph {
			continue
		}
		entry, err := entra.CapabilityByName(string(s.Capability))
		if err != nil {
			return false, fmt.Errorf("check: %w", err)
		}
		if mend, needed := beforeRetirement(entry, s); needed {
			c.report.add(newFinding(Retirement, string(s.Capability), vars{
				"api": apiTitle(s.API), "date": gatehouse.Retirement, "detail": mend,
			}))
		}
	}
	return true, nil
}

// beforeRetirement says what to do about a capability that runs over an API
// which ends; nothing when Graph can take over with the permissions held.
func beforeRetirement(entry entra.CapabilityEntry, s CapabilityStatus) (mend string, needed bool) {
	door, ok := entry.DoorOf(gatehouse.APIGraph)
	if !ok {
		return "Nothing can be granted yet: Microsoft has announced no replacement in Graph; watch the release notes of Gatehouse.", true
	}
	for _, d := range s.Doors {
		if d.API == gatehouse.APIGraph && d.Open {
			return "", false
		}
	}
	return fmt.Sprintf("Grant the application permission %s on %s now, and %s goes on over Graph.",
		door.AnyOf[0].Name, door.AnyOf[0].Resource, s.Capability), true
}

// apiTitle is the name of an API as people know it.
func apiTitle(api gatehouse.API) string {
	return map[gatehouse.API]string{
		gatehouse.APIMDE: "Defender for Endpoint", gatehouse.APIXDR: "Defender XDR", gatehouse.APIGraph: "Microsoft Graph",
	}[api]
}
