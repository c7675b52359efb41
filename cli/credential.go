package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse/entra"
)

// credentialKeys are the settings that each are a credential, in the order in
// which azidentity's own environment credential tries them.
func credentialKeys() []string {
	return []string{"client-secret", "client-secret-file", "certificate", "federated-token-file", "managed-identity"}
}

// chosenCredential is the credential setting in force: where it stands and what
// it says.
type chosenCredential struct {
	key, value, from string
}

// chooseCredential takes the credential whole from the strongest layer that has
// one. Two in one layer are refused, unless other programs share that layer.
func chooseCredential(layers []layer) (chosenCredential, error) {
	for _, l := range layers {
		var found []string
		for _, key := range credentialKeys() {
			if l.values.Exists(key) && (key != "managed-identity" || l.values.Bool(key)) {
				found = append(found, key)
			}
		}
		if len(found) > 1 && !l.lenient {
			return chosenCredential{}, usagef("%s give more than one credential (%s): keep one", l.name, strings.Join(found, ", "))
		}
		if len(found) > 0 {
			return chosenCredential{key: found[0], value: l.values.String(found[0]), from: l.name}, nil
		}
	}
	return chosenCredential{}, usagef("no credential: set AZURE_CLIENT_SECRET, --client-secret-file, --certificate, " +
		"--federated-token-file or --managed-identity (see gatehouse help configuration)")
}

// credentialOptions reads the credential that the settings name. Every secret
// read is hidden from standard error from here on.
func (p *program) credentialOptions() (entra.CredentialOptions, error) {
	chosen, err := chooseCredential(p.config.layers)
	if err != nil {
		return entra.CredentialOptions{}, err
	}
	p.log.Debug("credential chosen", "kind", chosen.key, "from", chosen.from)
	o := entra.CredentialOptions{TenantID: p.config.tenantID, ClientID: p.config.clientID}
	switch chosen.key {
	case "client-secret":
		o.Secret, err = p.clientSecret(chosen)
	case "client-secret-file":
		o.Secret, err = p.secretFile(chosen.key, chosen.value)
	case "certificate":
		err = p.certificate(&o, chosen.value)
	case "federated-token-file":
		o.FederatedTokenFile = chosen.value
	case "managed-identity":
		o.ManagedIdentity = true
	}
	if err != nil {
		return entra.CredentialOptions{}, err
	}
	return o, p.needIDs(o)
}

// needIDs refuses to go on without the ids that the credential needs.
func (p *program) needIDs(o entra.CredentialOptions) error {
	switch {
	case o.ManagedIdentity:
		return nil
	case o.TenantID == "":
		return usagef("no tenant id: set --tenant-id or AZURE_TENANT_ID to the Directory (tenant) ID of the application's Overview page")
	case o.ClientID == "":
		return usagef("no client id: set --client-id or AZURE_CLIENT_ID to the Application (client) ID of the application's Overview page")
	}
	return nil
}

func (p *program) clientSecret(chosen chosenCredential) (entra.Secret, error) {
	if chosen.value == "-" {
		return p.secretFile(chosen.key, "-")
	}
	p.stderr.hide(chosen.value)
	if chosen.from == "the flags" {
		p.warnf("other users of this machine can see the value of --client-secret: use --client-secret-file or AZURE_CLIENT_SECRET")
	}
	return entra.NewSecret(chosen.value), nil
}

// secretFile reads a secret from a file, or from standard input for "-". Line
// ends around it, which editors and echo add, do not belong to it.
func (p *program) secretFile(key, path string) (entra.Secret, error) {
	read := p.readInput
	if path == "-" && terminalOf(p.stdin.from, p.env, false).tty {
		read = p.typed
	}
	content, err := read(key, path)
	if err != nil {
		return entra.Secret{}, err
	}
	secret := strings.Trim(string(content), "\r\n")
	if strings.TrimSpace(secret) == "" {
		return entra.Secret{}, usagef("%s: the file is empty", key)
	}
	if strings.ContainsAny(secret, "\r\n") {
		return entra.Secret{}, usagef("%s: the file has more than one line: it must hold the secret alone", key)
	}
	p.stderr.hide(secret)
	return entra.NewSecret(secret), nil
}

// readInput reads a small file, or standard input for "-".
func (p *program) readInput(use, path string) ([]byte, error) {
	if path == "-" {
		return p.stdin.readAll("--" + use)
	}
	file, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, usagef("%s: %w", use, err)
	}
	defer file.Close()
	content, err := readBounded(file)
	if err != nil {
		return nil, usagef("%s: %s: %w", use, path, err)
	}
	return content, nil
}

func (p *program) certificate(o *entra.CredentialOptions, path string) error {
	content, err := p.readInput("certificate", path)
	if err != nil {
		return err
	}
	if len(content) == 0 {
		return usagef("certificate: the file is empty")
	}
	p.hideKey(content)
	o.Certificate = entra.NewSecret(string(content))
	for _, l := range p.config.layers {
		switch {
		case l.values.Exists("certificate-password"):
			password := l.values.String("certificate-password")
			p.stderr.hide(password)
			o.CertificatePassword = entra.NewSecret(password)
			return nil
		case l.values.Exists("certificate-password-file"):
			o.CertificatePassword, err = p.secretFile("certificate-password-file", l.values.String("certificate-password-file"))
			return err
		}
	}
	return nil
}

// hideKey hides the lines of a PEM file, whose key must not be seen even in part.
func (p *program) hideKey(content []byte) {
	const shortest = 40
	lines := strings.Fields(string(content))
	for _, line := range slices.Compact(lines) {
		if len(line) >= shortest && !strings.HasPrefix(line, "-----") {
			p.stderr.hide(line)
		}
	}
}
