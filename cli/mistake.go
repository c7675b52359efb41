package cli

import (
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// mistake is one way to wire an integration wrong. Its name is the code of the
// finding by which "gatehouse check" names it.
type mistake struct {
	name string
	what string
	make func(*lab, time.Time) error // nil for no mistake
}

// mistakes lists the mistakes that check tells apart; the last two are two
// faces of the same.
func mistakes() []mistake {
	return []mistake{
		{"secret-id-pasted", "the secret's id is pasted in place of its value", pasteSecretID},
		{"secret-expired", "the client secret has expired", expireSecret},
		{"tenant-not-found", "the tenant id is wrong", mistakeTenant},
		{"app-not-in-tenant", "the application is registered elsewhere", mistakeClient},
		{"certificate-not-registered", "another certificate is registered", mistakeCertificate},
		{"wrong-cloud", "the tenant lives in GCC High", moveTenant},
		{"wrong-audience", "the token is asked for another API", mistakeResource},
		{"no-application-role", "Delegated permissions were granted in place of Application ones", delegateRoles},
		{"permission-missing", "Score.Read.All was forgotten", forgetRole},
		{"no-licence", "the tenant has no Defender licence", removeLicence},
		{"throttled", "another program spends the quota", throttle},
		{"host-unknown", "the base URL is mistyped", mistypeHost},
		{"host-unreachable", "the base URL is a host that was retired", retireHost},
	}
}

func mistakeNames() []string {
	var names []string
	for _, m := range mistakes() {
		names = append(names, m.name)
	}
	return names
}

func mistakeByName(name string) mistake {
	for _, m := range mistakes() {
		if m.name == name {
			return m
		}
	}
	return mistake{}
}

func pasteSecretID(l *lab, _ time.Time) error {
	l.identity.secret = l.app().Secrets[0].ID
	return nil
}

func expireSecret(l *lab, now time.Time) error {
	l.app().Secrets[0].Expires = now.Add(-24 * time.Hour)
	return nil
}

func mistakeTenant(l *lab, _ time.Time) error {
	l.identity.tenantID = flipLast(l.identity.tenantID)
	return nil
}

func mistakeClient(l *lab, _ time.Time) error {
	l.identity.clientID = flipLast(l.identity.clientID)
	return nil
}

// flipLast changes the last digit of an id: what a mistyped one looks like.
func flipLast(id string) string {
	const digits = "0123456789abcdef"
	last := strings.IndexByte(digits, id[len(id)-1])
	return id[:len(id)-1] + string(digits[(last+1)%len(digits)])
}

func mistakeCertificate(l *lab, now time.Time) error {
	other, err := newKeyPair(now)
	l.app().Certificates = [][]byte{other.certificate}
	l.certificateFirst = true
	return err
}

func moveTenant(l *lab, _ time.Time) error {
	l.tenant.Cloud = "gcc-high"
	return nil
}

func mistakeResource(l *lab, _ time.Time) error {
	l.settings = append(l.settings, variable{"GATEHOUSE_RESOURCE", "https://api.security.microsoft.com"})
	return nil
}

func delegateRoles(l *lab, _ time.Time) error {
	l.app().Delegated, l.app().Roles = l.app().Roles, nil
	return nil
}

// forgetRole takes a permission whose work no other one does: what a permission
// of Graph covers is no error.
func forgetRole(l *lab, _ time.Time) error {
	const forgotten = "Score.Read.All"
	var kept []emulator.Role
	for _, role := range l.app().Roles {
		if role.Name != forgotten {
			kept = append(kept, role)
		}
	}
	l.app().Roles = kept
	return nil
}

func removeLicence(l *lab, _ time.Time) error {
	l.tenant.Licences = []string{}
	return nil
}

func throttle(l *lab, _ time.Time) error {
	// Longer than a client is willing to wait.
	l.faults.List = append(l.faults.List, emulator.Fault{Kind: emulator.FaultThrottle, RetryAfter: 20 * time.Minute})
	return nil
}

func mistypeHost(l *lab, _ time.Time) error {
	l.settings = append(l.settings, variable{"GATEHOUSE_BASE_URL", "https://api.securitycentre.microsoft.com"})
	return nil
}

func retireHost(l *lab, _ time.Time) error {
	const legacy = "api.securitycenter.microsoft.com"
	l.retired = append(l.retired, legacy)
	l.settings = append(l.settings, variable{"GATEHOUSE_BASE_URL", "https://" + legacy})
	return nil
}
