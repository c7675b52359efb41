package cli

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// load is loadConfig with a file of the given text; "" is no file.
func load(t *testing.T, flags map[string]any, env environment, file string) (*config, []string, error) {
	t.Helper()
	if env == nil {
		env = environment{}
	}
	if file != "" {
		dir := t.TempDir()
		env["XDG_CONFIG_HOME"] = dir
		path := filepath.Join(dir, "gatehouse", "config.yaml")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return loadConfig(flags, env)
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	flags := map[string]any{"tenant-id": "flag"}
	own := environment{"GATEHOUSE_TENANT_ID": "own"}
	azure := environment{"AZURE_TENANT_ID": "azure"}
	both := environment{"GATEHOUSE_TENANT_ID": "own", "AZURE_TENANT_ID": "azure"}
	blank := environment{"GATEHOUSE_TENANT_ID": "", "AZURE_TENANT_ID": "azure"}
	const file = "tenant-id: file"
	for name, c := range map[string]struct {
		flags map[string]any
		env   environment
		file  string
		want  string
	}{
		"flag beats all":           {flags, both, file, "flag"},
		"own name beats the usual": {nil, both, file, "own"},
		"own name beats file":      {nil, own, file, "own"},
		"usual name beats file":    {nil, azure, file, "azure"},
		"file":                     {nil, nil, file, "file"},
		"empty counts as unset":    {nil, blank, "", "azure"},
		"nothing":                  {nil, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := environment{}
			maps.Copy(env, c.env)
			got, _, err := load(t, c.flags, env, c.file)
			if err != nil {
				t.Fatal(err)
			}
			if got.tenantID != c.want {
				t.Errorf("tenant id is %q, want %q", got.tenantID, c.want)
			}
		})
	}
}

// For any setting and any set of layers that have it, the strongest layer wins.
func TestPrecedenceOfEverySetting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		all := settings()
		s := all[rapid.IntRange(0, len(all)-1).Draw(r, "setting")]
		if s.kind != text || len(s.values) > 0 {
			r.Skip("not a free text")
		}
		flags, env := map[string]any{}, environment{}
		want := ""
		if s.azure != "" && rapid.Bool().Draw(r, "azure") {
			env[s.azure], want = "azure", "azure"
		}
		if rapid.Bool().Draw(r, "own") {
			env[s.environment()], want = "own", "own"
		}
		if !s.noFlag && rapid.Bool().Draw(r, "flag") {
			flags[s.name], want = "flag", "flag"
		}
		c, warnings, err := loadConfig(flags, env)
		if err != nil || len(warnings) > 0 {
			r.Fatalf("error %v, warnings %v", err, warnings)
		}
		got := ""
		for _, l := range c.layers {
			if l.values.Exists(s.name) {
				got = l.values.String(s.name)
				break
			}
		}
		if got != want {
			r.Fatalf("%s is %q, want %q", s.name, got, want)
		}
	})
}

func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  environment
		file string
		want string
	}{
		"unknown key":          {nil, "tenat-id: x", `key "tenat-id" is not known; did you mean tenant-id?`},
		"snake case":           {nil, "tenant_id: x", "did you mean tenant-id?"},
		"secret in the file":   {nil, "client-secret: hunter2", "use client-secret-file"},
		"password in the file": {nil, "certificate-password: hunter2", "use certificate-password-file"},
		"wrong value":          {nil, "output: jsn", `output "jsn" is not known: choose table, json, ndjson or csv; did you mean json?`},
		"wrong kind":           {nil, "tenant-id: [a, b]", "tenant-id wants one text, not a list"},
		"wrong toggle":         {nil, "quiet: perhaps", `quiet wants true or false, not "perhaps"`},
		"wrong list":           {nil, "allow-host: [a, [b]]", "allow-host wants a list of texts, and one of its items is a list"},
		"not YAML":             {nil, "tenant-id: [", "not valid YAML"},
		"not a group":          {nil, "- tenant-id", "not valid YAML"},
		"environment":          {environment{"GATEHOUSE_LOG_LEVEL": "loud"}, "", "GATEHOUSE_LOG_LEVEL in the environment: log-level"},
		"named file is absent": {environment{"GATEHOUSE_CONFIG": "/nowhere/gatehouse.yaml"}, "", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := load(t, nil, c.env, c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error repeats the secret: %v", err)
			}
			if exitStatus(t.Context(), err) != exitUsage {
				t.Errorf("exit status is %d, want %d", exitStatus(t.Context(), err), exitUsage)
			}
		})
	}
}

func TestNearlyKnownVariableWarns(t *testing.T) {
	t.Parallel()
	_, warnings, err := loadConfig(nil, environment{"GATEHOUSE_TENNANT_ID": "x", "GATEHOUSE_SOMETHING_ELSE_ENTIRELY": "y"})
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "did you mean GATEHOUSE_TENANT_ID?") {
		t.Errorf("warnings are %q", warnings)
	}
}

func TestPathsInFileAreRelativeToIt(t *testing.T) {
	t.Parallel()
	env := environment{}
	c, _, err := load(t, nil, env, "certificate: keys/client.pem\nclient-id: x")
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := chooseCredential(c.layers)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(env["XDG_CONFIG_HOME"], "gatehouse", "keys", "client.pem"); chosen.value != want {
		t.Errorf("certificate is %q, want %q", chosen.value, want)
	}
}

func TestCredentialComesWholeFromOneLayer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags map[string]any
		env   environment
		want  string // key, or part of the error
	}{
		"flag certificate beats secret of the environment": {
			map[string]any{"certificate": "c.pem"}, environment{"AZURE_CLIENT_SECRET": "s"}, "certificate"},
		"secret before certificate, as azidentity": {
			nil, environment{"AZURE_CLIENT_SECRET": "s", "AZURE_CLIENT_CERTIFICATE_PATH": "c.pem"}, "client-secret"},
		"federated token": {nil, environment{"AZURE_FEDERATED_TOKEN_FILE": "t"}, "federated-token-file"},
		"managed identity switched off is none": {
			map[string]any{"managed-identity": false}, environment{"AZURE_CLIENT_SECRET": "s"}, "client-secret"},
		"two flags": {
			map[string]any{"certificate": "c.pem", "managed-identity": true}, nil, "the flags give more than one credential (certificate, managed-identity)"},
		"none": {nil, nil, "no credential"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded, _, err := load(t, c.flags, c.env, "")
			if err != nil {
				t.Fatal(err)
			}
			chosen, err := chooseCredential(loaded.layers)
			got := chosen.key
			if err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzParseConfigFile(f *testing.F) {
	for _, seed := range []string{"", "tenant-id: x", "allow-host: [a, b]", "quiet: true", "a: {b: c}", "- x", "client-secret: y", "\x00", "tenant-id: 0x10"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := parseConfigFile(text)
		if err != nil {
			return
		}
		if _, ok := values["client-secret"]; ok {
			t.Error("a secret was taken from the file")
		}
		for key, value := range values {
			switch value.(type) {
			case string, bool, []string:
			default:
				t.Errorf("%s has kind %T", key, value)
			}
		}
	})
}
