package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-sec/gatehouse/entra"
)

// settingKind is the shape of a setting's value.
type settingKind int

const (
	text   settingKind = iota // one string
	list                      // several strings
	toggle                    // true or false
)

// setting is one value that may come from a flag, from the environment or from
// the file, under one name everywhere: --tenant-id, GATEHOUSE_TENANT_ID and
// "tenant-id:" in the file.
type setting struct {
	name   string
	short  string // one letter, for a flag that people type often
	usage  string
	kind   settingKind
	azure  string   // the usual name in the environment, for example AZURE_TENANT_ID
	values []string // when not empty, the only values allowed
	path   bool     // a file: in the configuration file it is relative to that file
	noFlag bool
	noFile string // when not empty, why it must not stand in the file
}

// settings lists every setting. A flag, a name in the environment and a key in
// the file exist because they stand here, and nowhere else.
func settings() []setting {
	return slices.Concat(identitySettings(), credentialSettings(), serviceSettings(), mirrorSettings(), serverSettings(), displaySettings())
}

func identitySettings() []setting {
	return []setting{
		{name: "tenant-id", azure: "AZURE_TENANT_ID", usage: "directory (tenant) `ID`, or a domain of the tenant"},
		{name: "client-id", azure: "AZURE_CLIENT_ID", usage: "application (client) `ID` of the app registration"},
	}
}

func credentialSettings() []setting {
	const noSecrets = "a secret does not belong in this file: use client-secret-file, or AZURE_CLIENT_SECRET in the environment"
	return []setting{
		{name: "client-secret", azure: "AZURE_CLIENT_SECRET", noFile: noSecrets,
			usage: "client secret `VALUE`; '-' reads it from standard input (other users can see a value given here: prefer --client-secret-file)"},
		{name: "client-secret-file", path: true, usage: "`FILE` that holds the client secret value; '-' reads standard input"},
		{name: "certificate", azure: "AZURE_CLIENT_CERTIFICATE_PATH", path: true,
			usage: "PEM or PFX `FILE` with the certificate and its private key"},
		{name: "certificate-password", azure: "AZURE_CLIENT_CERTIFICATE_PASSWORD", noFlag: true,
			noFile: "a password does not belong in this file: use certificate-password-file", usage: "`PASSWORD` of the PFX file"},
		{name: "certificate-password-file", path: true, usage: "`FILE` that holds the password of the PFX file; '-' reads standard input"},
		{name: "federated-token-file", azure: "AZURE_FEDERATED_TOKEN_FILE", path: true,
			usage: "`FILE` with the token of workload identity federation"},
		{name: "managed-identity", kind: toggle, usage: "use the managed identity of this Azure resource"},
		{name: "authority", azure: "AZURE_AUTHORITY_HOST", usage: "sign-in authority `URL` in place of the cloud's own, for example https://login.microsoftonline.us"},
	}
}

func serviceSettings() []setting {
	return []setting{
		{name: "cloud", values: cloudNames(), usage: "Microsoft `CLOUD` of the tenant"},
		{name: "base-url", usage: "API base `URL`, for example https://api.security.microsoft.com (default: that of the cloud)"},
		{name: "resource", usage: "token resource `URI` of the Defender API in place of the one that belongs to the base URL"},
		{name: "allow-host", kind: list, usage: "also send tokens to this `HOST`, which is not one of Microsoft's (repeatable)"},
		{name: "emulator", noFlag: true, usage: "address of a Gatehouse emulator that stands in for Microsoft's hosts"},
		{name: "emulator-ca", noFlag: true, path: true, usage: "file with the certificate authority of the emulator"},
	}
}

func mirrorSettings() []setting {
	const noURL = "it may hold a password, which does not belong in this file: set GATEHOUSE_DATABASE_URL"
	return []setting{
		{name: "data", path: true, usage: "`FOLDER` of the mirror (default $XDG_DATA_HOME/gatehouse)"},
		{name: "database-url", noFile: noURL,
			usage: "PostgreSQL `URL` that holds the mirror in place of a file (other users can see a password given here: prefer GATEHOUSE_DATABASE_URL)"},
		{name: "key-file", path: true, usage: "`FILE` with the key that seals the secrets of integrations (default: made beside the mirror's file)"},
		{name: "integration", usage: "`NAME` of the integration that is meant, when there are several"},
	}
}

func serverSettings() []setting {
	const noKey = "a key does not belong in this file: use api-key-file, or GATEHOUSE_API_KEY in the environment"
	return []setting{
		{name: "server", usage: "`URL` of a Gatehouse server that is asked in place of the mirror and of Microsoft"},
		{name: "api-key", noFlag: true, noFile: noKey, usage: "API `KEY` of the server"},
		{name: "api-key-file", path: true, usage: "`FILE` that holds the API key of the server; '-' reads standard input"},
	}
}

func displaySettings() []setting {
	return []setting{
		{name: "output", short: "o", values: outputFormats(), usage: "`FORMAT` of the rows"},
		{name: "log-level", values: []string{"debug", "info", "warn", "error"}, usage: "least severe `LEVEL` of log line on standard error"},
		{name: "quiet", short: "q", kind: toggle, usage: "no progress and no warnings on standard error"},
		{name: "no-color", kind: toggle, usage: "no colors in tables (so does NO_COLOR in the environment)"},
	}
}

// environment returns the name of the setting in the environment.
func (s setting) environment() string {
	return "GATEHOUSE_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// coerce turns a raw value (a string of the environment, any value of a YAML
// file) into the setting's kind: string, []string or bool.
func (s setting) coerce(raw any) (any, error) {
	switch s.kind {
	case toggle:
		return s.coerceToggle(raw)
	case list:
		return s.coerceList(raw)
	default:
		return s.coerceText(raw)
	}
}

func (s setting) coerceText(raw any) (any, error) {
	switch value := raw.(type) {
	case string:
		return s.oneOf(value)
	case int, float64:
		return s.oneOf(fmt.Sprint(value))
	default:
		return nil, fmt.Errorf("%s wants one text, not %s", s.name, shapeOf(raw))
	}
}

func (s setting) oneOf(value string) (any, error) {
	if len(s.values) == 0 || value == "" {
		return value, nil
	}
	for _, valid := range s.values {
		if strings.EqualFold(valid, value) {
			return valid, nil
		}
	}
	return nil, fmt.Errorf("%s %q is not known: choose %s%s", s.name, value, joinOr(s.values), didYouMean(value, s.values))
}

func (s setting) coerceToggle(raw any) (any, error) {
	switch value := raw.(type) {
	case bool:
		return value, nil
	case string:
		if parsed, err := strconv.ParseBool(value); err == nil {
			return parsed, nil
		}
	}
	return nil, fmt.Errorf("%s wants true or false, not %q", s.name, fmt.Sprint(raw))
}

func (s setting) coerceList(raw any) (any, error) {
	switch value := raw.(type) {
	case string:
		return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }), nil
	case []string:
		return value, nil
	case []any:
		items := make([]string, 0, len(value))
		for _, item := range value {
			name, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%s wants a list of texts, and one of its items is %s", s.name, shapeOf(item))
			}
			items = append(items, name)
		}
		return items, nil
	default:
		return nil, fmt.Errorf("%s wants a list of texts, not %s", s.name, shapeOf(raw))
	}
}

func shapeOf(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a group of keys"
	default:
		return fmt.Sprintf("%v", value)
	}
}

func cloudNames() []string {
	var names []string
	for _, c := range entra.Clouds() {
		names = append(names, c.Name)
	}
	return names
}
