package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// TestGenerated proves that the files of package ocsf are what the generator
// writes from the pinned schema, byte for byte, and that there are no others.
func TestGenerated(t *testing.T) {
	t.Parallel()
	const dir = "../.."
	files, err := generate(dir, defaultVersion)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		golden.Check(t, filepath.Join(dir, name), want)
	}
	there, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if files[filepath.Base(path)] == nil {
			t.Errorf("%s is written by nobody; run make generate", filepath.Base(path))
		}
	}
}

func TestGenerateRefusesWrongVersion(t *testing.T) {
	t.Parallel()
	if _, err := generate("../..", "0.0.1"); err == nil {
		t.Error("want an error for a version without a schema")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "schema"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "schema", "9.9.9.json"), []byte(`{"version":"1.0.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := generate(dir, "9.9.9"); err == nil {
		t.Error("want an error for a file of another version")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"parent_process": "ParentProcess", "cve_uid": "CVEUID", "os": "OS", "src_url": "SrcURL", "imei_list": "IMEIList",
		"category_ids": "CategoryIDs", "ja4_fingerprint_list": "JA4FingerprintList", "d3f_tactic": "D3FTactic",
	} {
		if got := goName(name); got != want {
			t.Errorf("goName(%s) = %s, want %s", name, got, want)
		}
	}
	for caption, want := range map[string]string{
		"In Progress": "InProgress", "SHA-512/224": "SHA512_224", "TLP:AMBER+STRICT": "TLPAMBERPlusSTRICT", "server_name": "ServerName", "CD-ROM": "CDROM",
	} {
		if got := memberName(caption); got != want {
			t.Errorf("memberName(%s) = %s, want %s", caption, got, want)
		}
	}
}
