package emulator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// TestMicrosoftsOwnClient signs in with Microsoft's library as it is, instance
// discovery included: an emulator that only its author's client can talk to
// proves nothing.
func TestMicrosoftsOwnClient(t *testing.T) {
	t.Parallel()
	server, err := emulator.Start(emulator.Options{Size: emulator.Size{Devices: 1, Alerts: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	access := server.DefaultTenant()
	options := azcore.ClientOptions{Transport: server.Client()}
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(access.FederatedAssertion), 0o600); err != nil {
		t.Fatal(err)
	}
	certificates, key, err := azidentity.ParseCertificates(access.CertificatePEM, nil)
	if err != nil {
		t.Fatal(err)
	}
	makers := map[string]func() (azcore.TokenCredential, error){
		"secret": func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(access.TenantID, access.ClientID, access.Secret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options})
		},
		"certificate": func() (azcore.TokenCredential, error) {
			return azidentity.NewClientCertificateCredential(access.TenantID, access.ClientID, certificates, key,
				&azidentity.ClientCertificateCredentialOptions{ClientOptions: options})
		},
		"federation": func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
				ClientOptions: options, TenantID: access.TenantID, ClientID: access.ClientID, TokenFilePath: token,
			})
		},
	}
	for name, maker := range makers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cred, err := maker()
			if err != nil {
				t.Fatal(err)
			}
			got, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://api.securitycenter.microsoft.com/.default"}})
			if err != nil || got.Token == "" {
				t.Fatalf("no token: %v", err)
			}
		})
	}
}
