package emulator

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"
)

// The fixed ids of the default tenant.
const (
	defaultTenantID = "6c0f5a3e-2b84-4d1e-9a57-0e4b7d2c8f16"
	defaultClientID = "b7e19d42-58c3-4f0a-8e6d-93a1c4f0275b"
)

// defaultTenant is the one tenant of an emulator that was asked for none.
func defaultTenant(size Size) TenantSpec {
	return TenantSpec{
		ID: defaultTenantID, Domain: "contoso.example", Name: "Contoso", Size: size,
		Apps: []AppSpec{{
			ClientID: defaultClientID, Name: "Gatehouse",
			// A value of the shape of Entra's, new at each start, so that nobody comes to rely on it.
			Secrets:   []SecretSpec{{Value: "emu8Q~" + rand.Text() + rand.Text()[:8]}},
			Federated: []FederatedSpec{{}},
			Roles:     append(GuideRoles(), GraphSecurityRoles()...),
		}},
	}
}

// TenantAccess is everything a client needs to connect to the first application of the first tenant.
type TenantAccess struct {
	// TenantID and Domain name the tenant.
	TenantID, Domain string
	// ClientID is the application.
	ClientID string
	// SecretID and Secret are the id and the value of its first client secret; empty when it has none.
	SecretID, Secret string
	// CertificatePEM holds a registered certificate and its private key (PKCS #8).
	CertificatePEM []byte
	// CertificatePFX holds the same, protected by CertificatePassword.
	CertificatePFX []byte
	// CertificatePassword opens CertificatePFX.
	CertificatePassword string
	// FederatedAssertion is what a workload's token file holds. It counts for an hour from the first call; a fresh one
	// comes from Server.FederatedAssertion.
	FederatedAssertion string
}

// DefaultTenant gives access to the first application of the first tenant: the default one when Options.Tenants is
// empty. The first call makes a certificate and registers it; later calls return the same. It panics when the tenant
// has no application.
func (s *Server) DefaultTenant() TenantAccess { return s.access() }

// makeAccess does the work of DefaultTenant.
func (s *Server) makeAccess() TenantAccess {
	t := s.dir.tenants[0]
	app, ok := t.app(s.firstApp)
	if !ok {
		panic("emulator: the first tenant has no application")
	}
	a := TenantAccess{TenantID: t.id, Domain: t.domain, ClientID: app.clientID, CertificatePassword: rand.Text()}
	if len(app.secrets) > 0 {
		a.SecretID, a.Secret = app.secrets[0].ID, app.secrets[0].Value
	}
	if err := s.addCertificate(&a); err != nil {
		panic(fmt.Sprintf("emulator: making a certificate: %v", err)) // only a broken machine comes here
	}
	return a
}

// addCertificate makes a certificate and registers it.
func (s *Server) addCertificate(a *TenantAccess) error {
	key, cert, err := newSelfSigned("gatehouse.contoso.example", s.now(), s.key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: cert.Raw}, {Type: "PRIVATE KEY", Bytes: der}} {
		if err := pem.Encode(&text, block); err != nil {
			return err
		}
	}
	a.CertificatePEM = text.Bytes()
	if a.CertificatePFX, err = pkcs12.Modern.Encode(key, cert, nil, a.CertificatePassword); err != nil {
		return err
	}
	if a.FederatedAssertion, err = s.FederatedAssertion(AssertionOptions{}); err != nil {
		return err
	}
	return s.RegisterCertificate(a.TenantID, a.ClientID, a.CertificatePEM)
}
