package cli

import (
	"bytes"
	"encoding/base64"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// Everything is run with planted secrets at the most talkative level, with and
// without the redactor of standard error: no secret, key or token shows either
// way, so that the redactor is a second fence and not the only one.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	credentials := map[string]func(*sandbox) environment{
		"secret": func(s *sandbox) environment { return environment{"AZURE_CLIENT_SECRET": s.lab.identity.secret} },
		"wrong": func(*sandbox) environment {
			return environment{"AZURE_CLIENT_SECRET": "planted~wrong.Secret-value_0123456789abcd"}
		},
		"certificate": func(s *sandbox) environment {
			return environment{"AZURE_CLIENT_CERTIFICATE_PATH": s.path(fileCertificate)}
		},
		"pfx": func(s *sandbox) environment {
			return environment{"AZURE_CLIENT_CERTIFICATE_PATH": s.path(filePFX), "AZURE_CLIENT_CERTIFICATE_PASSWORD": s.lab.pair.password}
		},
		"bad-pfx": func(s *sandbox) environment {
			return environment{"AZURE_CLIENT_CERTIFICATE_PATH": s.path(filePFX), "AZURE_CLIENT_CERTIFICATE_PASSWORD": "planted-wrong-password"}
		},
		"federated": func(s *sandbox) environment { return environment{"AZURE_FEDERATED_TOKEN_FILE": s.path(fileToken)} },
		"swapped": func(s *sandbox) environment {
			return environment{"AZURE_CLIENT_SECRET": s.lab.identity.clientID, "AZURE_CLIENT_ID": s.lab.identity.secret}
		},
	}
	for name, credential := range credentials {
		for _, fenced := range []bool{true, false} {
			t.Run(name+map[bool]string{true: "-fenced", false: "-bare"}[fenced], func(t *testing.T) {
				t.Parallel()
				// One each, since they would spend each other's rate limits.
				s, v := begin(t, sandboxOptions{faults: emulator.Faults{List: []emulator.Fault{
					{Kind: emulator.FaultExpiredToken, Route: "GET /api/alerts", Calls: []int{1}},
					{Kind: emulator.FaultThrottle, Route: "GET /api/exposurescore", Calls: []int{1}},
					{Kind: emulator.FaultExpiredLink, Calls: []int{1}},
				}}})
				extra, env := credential(s), maps.Clone(v.env)
				delete(env, "AZURE_CLIENT_SECRET")
				maps.Copy(env, extra)
				env["GATEHOUSE_DATA"] = t.TempDir()
				for _, args := range leakCommands() {
					text := runBare(t, args, env, fenced)
					for _, secret := range plantedIn(s, extra) {
						if strings.Contains(text, secret) {
							t.Errorf("%v prints the secret %q…", args, secret[:6])
						}
					}
					if token := regexp.MustCompile(`eyJ[\w-]+\.[\w-]+|[?&]sig=[^\[]`).FindString(text); token != "" {
						t.Errorf("%v prints a token: %q…", args, token[:8])
					}
				}
			})
		}
	}
}

func leakCommands() [][]string {
	var commands [][]string
	for _, line := range []string{
		"check", "check --output json", "devices list", "devices list --output ndjson", "alerts list --limit 1", "alerts get da000_1",
		"alerts update da000_1 --status New", "devices get nobody", "devices tag nobody --add x", "vulnerabilities list --limit 1",
		"vulnerabilities export --limit 1", "score", "hunt DeviceInfo|count", "hunt nonsense --api graph", "demo --devices 3 --no-server",
		"integrations add contoso --force --stream devices,exposure-score", "integrations add again", "integrations list --output json",
		"sync --once", "status", "events --documents --output ndjson", "actions list --output json", "actions scan nobody --comment x",
		"devices list --base-url https://nowhere.example", "devices list --resource https://api.security.microsoft.com",
	} {
		commands = append(commands, append(strings.Fields(line), "--log-level", "debug"))
	}
	return commands
}

// runBare runs the program and returns all that it prints; without the fence,
// standard error is as the program wrote it.
func runBare(t *testing.T, args []string, env environment, fenced bool) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := newProgram(Process{Args: args, Env: env.pairs(), Stdout: &stdout, Stderr: &stderr})
	p.stderr.open = !fenced
	p.run(t.Context())
	return stdout.String() + stderr.String()
}

// plantedIn lists what must not show: the secrets, and pieces of the key.
func plantedIn(s *sandbox, env environment) []string {
	secrets := []string{s.lab.identity.secret, s.lab.pair.password}
	for name, value := range env {
		if strings.HasSuffix(name, "SECRET") && value != s.lab.identity.clientID || strings.HasSuffix(name, "PASSWORD") {
			secrets = append(secrets, value)
		}
	}
	for line := range strings.Lines(string(s.lab.pair.private)) {
		if line = strings.TrimSpace(line); len(line) == 64 && !strings.HasPrefix(line, "-----") && !strings.Contains(string(s.lab.pair.certificate), line) {
			secrets = append(secrets, line)
		}
	}
	for _, secret := range secrets[:2] {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	return secrets
}
