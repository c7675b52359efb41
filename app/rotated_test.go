package app

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
)

// Who has read the settings before a rotation, and reads the secret behind it, signs
// in with the new credential as a whole.
func TestRotatedMeanwhile(t *testing.T) {
	t.Parallel()
	a, _, e, before := traced(t)
	access := e.DefaultTenant()
	_, _, err := a.ReplaceCredential(t.Context(), before.ID, NewCredential{
		Credential: gatehouse.Credential{Kind: gatehouse.CredentialCertificate}, Secret: entra.NewSecret(string(access.CertificatePEM)),
	})
	if err != nil {
		t.Fatal(err)
	}
	acc, err := a.accounts.newAccount(t.Context(), before)
	if err != nil || acc.expires.IsZero() {
		t.Errorf("got %+v, %v", acc, err)
	}
}
