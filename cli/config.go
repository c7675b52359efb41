package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// config is what a run goes by, once flags, environment and file are merged.
type config struct {
	tenantID, clientID, authority string
	cloud, baseURL, resource      string
	allowHosts                    []string
	emulator, emulatorCA          string
	data, databaseURL, keyFile    string
	integration                   string
	server, apiKey, apiKeyFile    string
	output, logLevel              string
	quiet, noColor                bool

	layers []layer // strongest first; the credential is chosen from them
}

// layer is one source of settings.
type layer struct {
	name   string // as a person says it: "the flags", "the environment (AZURE_…)"
	values *koanf.Koanf
	// lenient layers may hold several credentials, since other programs share
	// them; the first in azidentity's own order is taken.
	lenient bool
}

// separator of koanf paths: a character that no setting's name holds, so that
// every setting is one flat key.
const separator = "\x00"

// loadConfig merges the flags, GATEHOUSE_…, AZURE_… and the file, in this order
// of strength.
func loadConfig(flags map[string]any, environ environment) (*config, []string, error) {
	own, warnings, err := ownEnvironment(environ)
	if err != nil {
		return nil, nil, err
	}
	azure, err := azureEnvironment(environ)
	if err != nil {
		return nil, nil, err
	}
	given := koanf.New(separator)
	if err := given.Load(confmap.Provider(flags, ""), nil); err != nil {
		return nil, nil, err
	}
	file, err := configFile(given, own, environ)
	if err != nil {
		return nil, nil, err
	}
	layers := []layer{
		{name: "the flags", values: given},
		{name: "the environment (GATEHOUSE_…)", values: own},
		{name: "the environment (AZURE_…)", values: azure, lenient: true},
		{name: "the configuration file", values: file},
	}
	c, err := mergeLayers(layers)
	return c, warnings, err
}

func mergeLayers(layers []layer) (*config, error) {
	merged := koanf.New(separator)
	for _, l := range slices.Backward(layers) {
		if err := merged.Merge(l.values); err != nil {
			return nil, err
		}
	}
	return &config{
		tenantID: merged.String("tenant-id"), clientID: merged.String("client-id"), authority: merged.String("authority"),
		cloud: merged.String("cloud"), baseURL: merged.String("base-url"), resource: merged.String("resource"),
		allowHosts: merged.Strings("allow-host"),
		emulator:   merged.String("emulator"), emulatorCA: merged.String("emulator-ca"),
		data: merged.String("data"), databaseURL: merged.String("database-url"),
		keyFile: merged.String("key-file"), integration: merged.String("integration"),
		server: merged.String("server"), apiKey: merged.String("api-key"), apiKeyFile: merged.String("api-key-file"),
		output: orElse(merged.String("output"), "table"), logLevel: orElse(merged.String("log-level"), "warn"),
		quiet: merged.Bool("quiet"), noColor: merged.Bool("no-color"),
		layers: layers,
	}, nil
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// ownEnvironment reads GATEHOUSE_…; a name that is nearly a known one is most
// likely a typing mistake and gets a warning.
func ownEnvironment(environ environment) (*koanf.Koanf, []string, error) {
	known := make(map[string]setting)
	for _, s := range settings() {
		known[s.environment()] = s
	}
	known["GATEHOUSE_CONFIG"] = setting{name: "config"}
	k, err := readEnvironment(environ, known, "GATEHOUSE_")
	if err != nil {
		return nil, nil, err
	}
	var warnings []string
	names := slices.Sorted(maps.Keys(known))
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		if _, ok := known[name]; ok || !strings.HasPrefix(name, "GATEHOUSE_") {
			continue
		}
		if near := nearest(name, names); near != "" {
			warnings = append(warnings, fmt.Sprintf("%s in the environment is not known and has no effect; did you mean %s?", name, near))
		}
	}
	return k, warnings, nil
}

// azureEnvironment reads the names that Microsoft's own tools use.
func azureEnvironment(environ environment) (*koanf.Koanf, error) {
	known := make(map[string]setting)
	for _, s := range settings() {
		if s.azure != "" {
			known[s.azure] = s
		}
	}
	return readEnvironment(environ, known, "AZURE_")
}

// readEnvironment keeps the known names; an empty value counts as not set, as
// shells and container files have no other way to say so.
func readEnvironment(environ environment, known map[string]setting, prefix string) (*koanf.Koanf, error) {
	var problems []error
	provider := env.Provider(separator, env.Opt{
		Prefix: prefix, EnvironFunc: environ.pairs,
		TransformFunc: func(name, raw string) (string, any) {
			s, ok := known[name]
			if !ok || raw == "" {
				return "", nil
			}
			value, err := s.coerce(raw)
			if err != nil {
				problems = append(problems, usagef("%s in the environment: %w", name, err))
				return "", nil
			}
			return s.name, value
		},
	})
	k := koanf.New(separator)
	if err := k.Load(provider, nil); err != nil {
		return nil, err
	}
	return k, firstError(problems)
}

func firstError(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	return problems[0]
}

// configFile reads the file named by --config or GATEHOUSE_CONFIG, which must
// exist, or else the one at the usual place, which need not.
func configFile(flags, own *koanf.Koanf, environ environment) (*koanf.Koanf, error) {
	named := orElse(flags.String("config"), own.String("config"))
	path := orElse(named, usualConfigFile(environ))
	empty := koanf.New(separator)
	if path == "" {
		return empty, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) && named == "" {
		return empty, nil
	}
	if err != nil {
		return nil, usagef("configuration file: %w", err)
	}
	values, err := parseConfigFile(text)
	if err != nil {
		return nil, usagef("configuration file %s: %w", path, err)
	}
	resolvePaths(values, filepath.Dir(path))
	err = empty.Load(confmap.Provider(values, ""), nil)
	return empty, err
}

// usualConfigFile follows the XDG base directory rules; %AppData% stands in
// for them on Windows.
func usualConfigFile(environ environment) string {
	if dir := environ.firstOf("XDG_CONFIG_HOME", "AppData", "APPDATA"); dir != "" {
		return filepath.Join(dir, "gatehouse", "config.yaml")
	}
	if home := environ.firstOf("HOME", "USERPROFILE"); home != "" {
		return filepath.Join(home, ".config", "gatehouse", "config.yaml")
	}
	return ""
}

// parseConfigFile turns YAML into setting values, and refuses what is no setting.
func parseConfigFile(text []byte) (map[string]any, error) {
	raw, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		return nil, fmt.Errorf("not valid YAML: %s", strings.TrimPrefix(plain.Line(err.Error()), "yaml: "))
	}
	known := make(map[string]setting)
	for _, s := range settings() {
		known[s.name] = s
	}
	values := make(map[string]any, len(raw))
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		s, ok := known[key]
		if !ok {
			return nil, fmt.Errorf("key %q is not known%s (keys are the long flags without the dashes, for example tenant-id)",
				key, didYouMean(strings.ReplaceAll(key, "_", "-"), slices.Sorted(maps.Keys(known))))
		}
		if s.noFile != "" {
			return nil, fmt.Errorf("key %s: %s", key, s.noFile)
		}
		value, err := s.coerce(raw[key])
		if err != nil {
			return nil, err
		}
		values[key] = value
	}
	return values, nil
}

// resolvePaths makes file names relative to the configuration file absolute.
func resolvePaths(values map[string]any, dir string) {
	for _, s := range settings() {
		name, ok := values[s.name].(string)
		if s.path && ok && name != "" && name != "-" && !filepath.IsAbs(name) {
			values[s.name] = filepath.Join(dir, name)
		}
	}
}
