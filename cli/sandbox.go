package cli

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// sandbox is a running emulator with one tenant and one application, and what
// a program needs in order to connect to it.
type sandbox struct {
	server *emulator.Server
	lab    lab
	dir    string // where its files are
	remove bool   // the folder is ours and goes when the sandbox closes
}

// sandboxOptions say what to start.
type sandboxOptions struct {
	addr    string
	seed    uint64
	size    emulator.Size
	dir     string  // "" makes a folder that is removed at the end
	mistake mistake // the zero mistake sets everything up right
	faults  emulator.Faults
	now     time.Time
}

// lab is what a sandbox is made from. A mistake changes it before the start.
type lab struct {
	tenant   emulator.TenantSpec
	pair     keyPair
	identity identity
	// settings are further variables to export, beside those of the identity.
	settings []variable
	// certificateFirst says that the mistake shows with the certificate only.
	certificateFirst bool
	faults           emulator.Faults
	retired          []string // hosts that no longer answer
}

// identity is what the client is told, right or wrong.
type identity struct{ tenantID, clientID, secret string }

func (l *lab) app() *emulator.AppSpec { return &l.tenant.Apps[0] }

// newLab sets a tenant up as the guide says: the seven permissions, those of
// Graph for the same work, what the mirror and the response actions need, a
// secret, a certificate and a federated credential.
func newLab(o sandboxOptions) (lab, error) {
	pair, err := newKeyPair(o.now)
	if err != nil {
		return lab{}, err
	}
	random := rand.New(rand.NewPCG(o.seed, 0x6761746568)) //nolint:gosec // ids, not secrets
	id := identity{tenantID: seededGUID(random), clientID: seededGUID(random), secret: "emulator~" + randomText(22)}
	tenant := emulator.TenantSpec{
		ID: id.tenantID, Size: o.size, Seed: o.seed,
		Apps: []emulator.AppSpec{{
			ClientID:     id.clientID,
			Secrets:      []emulator.SecretSpec{{ID: seededGUID(random), Value: id.secret}},
			Certificates: [][]byte{pair.certificate},
			Federated:    []emulator.FederatedSpec{{}},
			Roles:        slices.Concat(emulator.GuideRoles(), emulator.GraphSecurityRoles(), mirrorRoles(), emulator.ResponseRoles()),
		}},
	}
	l := lab{tenant: tenant, pair: pair, identity: id, faults: o.faults}
	if o.mistake.make != nil {
		return l, o.mistake.make(&l, o.now)
	}
	return l, nil
}

// mirrorRoles are what the streams of the mirror need beyond those.
func mirrorRoles() []emulator.Role {
	return append(emulator.MDERoles("Software.Read.All", "SecurityRecommendation.Read.All"), emulator.GraphRoles("SecurityIncident.Read.All")...)
}

func seededGUID(random *rand.Rand) string {
	a, b := random.Uint64(), random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// startSandbox starts the emulator and writes the files.
func startSandbox(o sandboxOptions) (*sandbox, error) {
	l, err := newLab(o)
	if err != nil {
		return nil, err
	}
	server, err := emulator.Start(emulator.Options{Addr: o.addr, Seed: o.seed, Tenants: []emulator.TenantSpec{l.tenant}, Faults: l.faults})
	if err != nil {
		return nil, err
	}
	s := &sandbox{server: server, lab: l, dir: o.dir, remove: o.dir == ""}
	if err := s.prepare(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *sandbox) prepare() error {
	for _, host := range s.lab.retired {
		if err := s.server.RetireHost(host); err != nil {
			return err
		}
	}
	return s.writeFiles()
}

// close stops the emulator and removes the folder if it is ours.
func (s *sandbox) close() {
	_ = s.server.Close()
	if s.remove && s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// tokenLifetime is how long the federated token of a sandbox counts.
const tokenLifetime = 30 * 24 * time.Hour

// The files of a sandbox.
const (
	fileCA          = "ca.pem"
	fileCertificate = "client.pem"
	filePublic      = "client-public.pem"
	filePFX         = "client.pfx"
	filePassword    = "pfx-password"
	fileSecret      = "secret"
	fileToken       = "federated-token"
	fileEnv         = "env.sh"             // connects with the secret
	fileEnvCert     = "env-certificate.sh" // connects with the certificate
)

func (s *sandbox) writeFiles() error {
	if err := s.makeFolder(); err != nil {
		return err
	}
	assertion, err := s.server.FederatedAssertion(emulator.AssertionOptions{Lifetime: tokenLifetime})
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
	}{
		{fileCA, s.server.CA()},
		{fileCertificate, s.lab.pair.private},
		{filePublic, s.lab.pair.certificate},
		{filePFX, s.lab.pair.pfx},
		{filePassword, []byte(s.lab.pair.password + "\n")},
		{fileSecret, []byte(s.lab.identity.secret + "\n")},
		{fileToken, []byte(assertion + "\n")},
		{fileEnvCert, s.environmentFile(true)},
		{fileEnv, s.environmentFile(s.lab.certificateFirst)}, // last: what it names is there
	} {
		if err := os.WriteFile(s.path(file.name), file.content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// environmentFile is a file for a POSIX shell to source. It first forgets what
// an earlier one may have set.
func (s *sandbox) environmentFile(withCertificate bool) []byte {
	return []byte(forgetLine + exportLines(s.exports(withCertificate)))
}

const forgetLine = "unset AZURE_CLIENT_SECRET AZURE_CLIENT_CERTIFICATE_PATH AZURE_FEDERATED_TOKEN_FILE GATEHOUSE_RESOURCE GATEHOUSE_BASE_URL\n"

func (s *sandbox) makeFolder() error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "gatehouse-emulator-")
		s.dir = dir
		return err
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	return os.MkdirAll(dir, 0o700)
}

func (s *sandbox) path(name string) string { return filepath.Join(s.dir, name) }

// exports are the variables that connect to the sandbox, with the certificate
// or with the secret.
func (s *sandbox) exports(withCertificate bool) []variable {
	out := []variable{
		{"GATEHOUSE_EMULATOR", s.server.Addr()},
		{"GATEHOUSE_EMULATOR_CA", s.path(fileCA)},
		{"AZURE_TENANT_ID", s.lab.identity.tenantID},
		{"AZURE_CLIENT_ID", s.lab.identity.clientID},
	}
	out = append(out, s.lab.settings...)
	if withCertificate {
		return append(out, variable{"AZURE_CLIENT_CERTIFICATE_PATH", s.path(fileCertificate)})
	}
	return append(out, variable{"AZURE_CLIENT_SECRET", s.lab.identity.secret})
}
