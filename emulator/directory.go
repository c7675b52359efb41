package emulator

import (
	"crypto/sha1" // x5t is a SHA-1 thumbprint by its standard, RFC 7515 4.1.7
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// outsideIssuer is the issuer of federated assertions that the emulator holds the key of.
const outsideIssuer = "https://issuer.emulator.example"

// The defaults of a federated credential.
const (
	outsideSubject  = "system:serviceaccount:default:gatehouse"
	outsideAudience = "api://AzureADTokenExchange"
)

// application is an application of one tenant at run time. The first group of fields never changes; the rest is
// guarded by the directory.
type application struct {
	clientID string
	name     string
	objectID string // of the service principal: oid and sub in tokens

	secrets      []SecretSpec
	certificates []*x509.Certificate
	federated    []FederatedSpec
	roles        []Role
	disabled     bool
	public       bool
	refuse       int
}

// directoryTenant is one tenant of the directory.
type directoryTenant struct {
	id, domain, cloud string
	org               string         // organisation id of Defender
	data              func() *tenant // made when it is first asked for
	made              atomic.Bool

	licences []string
	without  []string
	apps     map[string]*application // by client id in lower case
}

// directory is Entra's memory: tenants and their applications.
type directory struct {
	mu      sync.RWMutex
	tenants []*directoryTenant
}

// newDirectory checks the specifications and makes the tenants, with their data.
func newDirectory(specs []TenantSpec, seed uint64, now func() time.Time, rules ActionRules) (*directory, error) {
	d, common := &directory{}, newShared(now(), rules)
	for i := range specs {
		t, err := newDirectoryTenant(specs[i], seed, now, common)
		if err != nil {
			return nil, fmt.Errorf("tenant %d: %w", i+1, err)
		}
		if _, taken := d.tenant(t.id); taken {
			return nil, fmt.Errorf("tenant %d: id %s is used twice", i+1, t.id)
		}
		d.tenants = append(d.tenants, t)
	}
	return d, nil
}

func newDirectoryTenant(spec TenantSpec, seed uint64, now func() time.Time, common *shared) (*directoryTenant, error) {
	spec = spec.withDefaults(seed)
	if !validGUID(spec.ID) {
		return nil, fmt.Errorf("id %q is not a GUID", spec.ID)
	}
	if !slices.Contains([]string{cloudGlobal, cloudGCC, cloudGCCHigh, cloudDoD}, spec.Cloud) {
		return nil, fmt.Errorf("cloud %q is not one of global, gcc, gcc-high, dod", spec.Cloud)
	}
	t := &directoryTenant{
		id: strings.ToLower(spec.ID), domain: strings.ToLower(spec.Domain), cloud: spec.Cloud,
		licences: slices.Clone(spec.Licences), without: slices.Clone(spec.Without),
		apps: map[string]*application{},
	}
	for i, a := range spec.Apps {
		app, err := newApplication(a, t.id, now())
		if err != nil {
			return nil, fmt.Errorf("application %d: %w", i+1, err)
		}
		t.apps[strings.ToLower(app.clientID)] = app
	}
	t.org = (&tenant{id: spec.ID, seed: spec.Seed}).guid("organisation", 0)
	t.data = sync.OnceValue(func() *tenant {
		t.made.Store(true)
		return newTenant(spec, spec.Seed, now, common)
	})
	return t, nil
}

func newApplication(spec AppSpec, tenantID string, now time.Time) (*application, error) {
	if !validGUID(spec.ClientID) {
		return nil, fmt.Errorf("client id %q is not a GUID", spec.ClientID)
	}
	app := &application{
		clientID: spec.ClientID, name: spec.Name, objectID: derivedGUID(tenantID, spec.ClientID, "principal"),
		roles: slices.Clone(spec.Roles), disabled: spec.Disabled, public: spec.Public, refuse: spec.Refuse,
	}
	if app.name == "" {
		app.name = "Gatehouse"
	}
	for i, s := range spec.Secrets {
		if s.Value == "" {
			return nil, fmt.Errorf("secret %d has no value", i+1)
		}
		if s.ID == "" {
			s.ID = derivedGUID(tenantID, spec.ClientID, fmt.Sprint("secret", i))
		}
		if s.Expires.IsZero() {
			s.Expires = now.AddDate(2, 0, 0)
		}
		app.secrets = append(app.secrets, s)
	}
	for _, f := range spec.Federated {
		app.federated = append(app.federated, f.withDefaults())
	}
	for i, text := range spec.Certificates {
		if err := app.register(text); err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i+1, err)
		}
	}
	return app, nil
}

// register adds the certificates of a PEM text.
func (a *application) register(text []byte) error {
	found := false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		a.certificates = append(a.certificates, cert)
		found = true
	}
	if !found {
		return errors.New("no certificate in the PEM text")
	}
	return nil
}

// rolesOf lists the granted roles of a resource, sorted, as they stand in a token.
func (a *application) rolesOf(resource string) []string {
	var names []string
	for _, r := range a.roles {
		if r.Resource == resource {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// secretState tells whether a value is one of the secrets, and whether that one still counts.
func (a *application) secretState(value string, now time.Time) (known, expired bool) {
	for _, s := range a.secrets {
		if subtle.ConstantTimeCompare([]byte(s.Value), []byte(value)) == 1 {
			return true, !now.Before(s.Expires)
		}
	}
	return false, false
}

// certificateBy finds a registered certificate by a thumbprint, as the JOSE header names it.
func (a *application) certificateBy(name, thumbprint string) (*x509.Certificate, bool) {
	want, ok := decodeThumbprint(thumbprint)
	if !ok {
		return nil, false
	}
	for _, cert := range a.certificates {
		if name == "x5t" && string(want) == string(sha1Of(cert)) || name == "x5t#S256" && string(want) == string(sha256Of(cert)) {
			return cert, true
		}
	}
	return nil, false
}

func sha1Of(cert *x509.Certificate) []byte {
	sum := sha1.Sum(cert.Raw)
	return sum[:]
}

func sha256Of(cert *x509.Certificate) []byte {
	sum := sha256.Sum256(cert.Raw)
	return sum[:]
}

// decodeThumbprint reads a thumbprint. RFC 7515 wants base64url without padding; Microsoft's own Go library sends
// plain padded base64, and Entra takes both.
func decodeThumbprint(s string) ([]byte, bool) {
	s = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawURLEncoding.DecodeString(s)
	return b, err == nil
}

// tenant finds a tenant by id or domain.
func (d *directory) tenant(name string) (*directoryTenant, bool) {
	name = strings.ToLower(name)
	for _, t := range d.tenants {
		if t.id == name || t.domain == name {
			return t, true
		}
	}
	return nil, false
}

// app finds an application of a tenant.
func (t *directoryTenant) app(clientID string) (*application, bool) {
	a, ok := t.apps[strings.ToLower(clientID)]
	return a, ok
}

// licensed tells whether the tenant has a licence.
func (d *directory) licensed(t *directoryTenant, licence string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return slices.Contains(t.licences, licence)
}

// change finds an application and changes it under the lock.
func (d *directory) change(tenantID, clientID string, do func(*application) error) error {
	t, ok := d.tenant(tenantID)
	if !ok {
		return fmt.Errorf("emulator: no tenant %s", tenantID)
	}
	a, ok := t.app(clientID)
	if !ok {
		return fmt.Errorf("emulator: no application %s in tenant %s", clientID, tenantID)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return do(a)
}

// validGUID tells whether a text is a GUID in its usual form.
func validGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		}
	}
	_, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	return err == nil
}

// derivedGUID makes a GUID that always belongs to the same things.
func derivedGUID(parts ...string) string {
	return guidOf(sha256.Sum256([]byte(strings.Join(parts, "\x00"))))
}
