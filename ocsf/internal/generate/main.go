// Command generate writes the Go types and encoders of package ocsf from a
// pinned schema:
//
//	go run ./ocsf/internal/generate -version 1.8.0 -dir ocsf
//
// The files end in .gen.go. TestGenerated in this folder fails when they
// differ from what the pinned schema says, and rewrites them with -update.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

// defaultVersion is the version of OCSF that the package speaks today.
const defaultVersion = "1.8.0"

func main() {
	version := flag.String("version", defaultVersion, "version of the pinned schema: DIR/schema/VERSION.json")
	dir := flag.String("dir", "ocsf", "folder of package ocsf")
	flag.Parse()
	if err := run(*dir, *version); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes every file and removes generated files that are no more.
func run(dir, version string) error {
	files, err := generate(dir, version)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, ok := files[filepath.Base(path)]; !ok {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil { //nolint:gosec // source code is for all to read
			return err
		}
	}
	return nil
}

// generate returns the files of the package by name.
func generate(dir, version string) (map[string][]byte, error) {
	data, err := os.ReadFile(filepath.Join(dir, "schema", version+".json")) //nolint:gosec // a developer names the version
	if err != nil {
		return nil, err
	}
	s, err := schema.Parse(data)
	if err != nil {
		return nil, err
	}
	if s.Version != version {
		return nil, fmt.Errorf("schema/%s.json says it is version %q", version, s.Version)
	}
	m, err := newModel(s)
	if err != nil {
		return nil, err
	}
	return m.files()
}

// suffix of every generated file.
const suffix = ".gen.go"

// fileOf names the generated file of a group.
func fileOf(group string) string { return strings.ToLower(group) + suffix }
