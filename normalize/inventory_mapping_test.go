package normalize

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
)

// TestInventoryMappingsAreTrue holds what the pages say against what the fixtures
// become: a member that is said to be unmapped is, and one that has a place is
// there, or its note says when it is not.
func TestInventoryMappingsAreTrue(t *testing.T) {
	t.Parallel()
	fixtures := map[string]string{
		"device-mde": "devices", "device-graph": "devices", "vulnerability-mde": "vulnerabilities", "vulnerability-file": "vulnerabilities",
		"vulnerability-tvm": "vulnerabilities", "vulnerability-none": "vulnerabilities", "vulnerability-graph": "vulnerabilities", "cve-mde": "cves",
		"machine-action-isolate": "machine-actions", "machine-action-scan": "machine-actions", "machine-action-quarantine": "machine-actions",
		"software-mde": "software", "recommendation-mde": "recommendations", "secure-score-control-graph": "secure-score-controls",
		"exposure-score-mde": "exposure-score", "exposure-score-group": "exposure-score", "configuration-score-mde": "configuration-score", "secure-score-graph": "secure-scores",
	}
	for name, stream := range fixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, api := inventoryOf(t, stream), gatehouse.APIMDE
			if strings.HasSuffix(name, "-graph") {
				api = gatehouse.APIGraph
			}
			for _, shape := range s.mapping.shapes {
				if shape.api == api {
					checkTrue(t, s, shape, name)
				}
			}
		})
	}
}

// checkTrue compares one shape with one fixture.
func checkTrue(t *testing.T, s inventoryStream, of shape, name string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "inventory", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	event, err := s.normalize(inventoryInput(raw, of.api))
	if err != nil {
		t.Fatal(err)
	}
	record, line := pathsIn(t, raw), pathsIn(t, event.AppendJSON(nil))
	for _, f := range of.fields {
		source := strings.ToLower(f.source)
		if !record[source] {
			continue
		}
		left := line["unmapped."+source]
		if f.target == "" {
			if !left {
				t.Errorf("%s is said to be unmapped, and is not", f.source)
			}
			continue
		}
		if left && !strings.Contains(f.note, "unmapped") {
			t.Errorf("%s is unmapped, and the page does not say when", f.source)
		}
		for target := range strings.SplitSeq(f.target, ", ") {
			if !line[target] && !strings.Contains(f.note, "class 5020") && f.note == "" {
				t.Errorf("%s should be at %s", f.source, target)
			}
		}
	}
}

// pathsIn lists the paths of a document, both with and without [] for the items of
// a list, in small letters. Empty texts are not there: a mapping has nothing to map.
func pathsIn(t *testing.T, raw []byte) map[string]bool {
	t.Helper()
	var document any
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	index := regexp.MustCompile(`\[\d+\]`)
	paths := map[string]bool{}
	eachLeaf(document, "", func(path, text string) {
		if text == "" {
			return
		}
		path = strings.ToLower(strings.TrimPrefix(path, "."))
		for _, p := range []string{index.ReplaceAllString(path, "[]"), index.ReplaceAllString(path, "")} {
			for ; p != ""; p = p[:max(strings.LastIndexByte(p, '.'), 0)] {
				paths[p] = true
			}
		}
	})
	return paths
}
