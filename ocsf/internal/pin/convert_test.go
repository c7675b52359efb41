package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

func TestConvertGolden(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := run("testdata/resolved.json", &got); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/pinned.golden", got.Bytes())
	if _, err := schema.Parse(got.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/resolved.json")
	if err != nil {
		t.Fatal(err)
	}
	for old, want := range map[string]string{
		`"Door Activity: Open"`: `type_uid 900101 is "broken"`,
		`"Door Activity"}`:      `class_uid is "broken`,
	} {
		path := t.TempDir() + "/resolved.json"
		if err := os.WriteFile(path, []byte(strings.Replace(string(source), old, `"broken"`+strings.Repeat("}", strings.Count(old, "}")), 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(path, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", old, err, want)
		}
	}
}
