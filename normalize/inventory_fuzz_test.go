package normalize

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// fuzzInventory gives anything to one normalizer: it may refuse it, and never
// makes an event that is not sound.
func fuzzInventory(f *testing.F, stream string) {
	f.Helper()
	s := inventoryOf(f, stream)
	files, err := filepath.Glob(filepath.Join("testdata", "inventory", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"a":[{"a":{}},null,"\ud83d\ude00"]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, api := range []gatehouse.API{gatehouse.APIMDE, gatehouse.APIGraph} {
			event, err := s.normalize(inventoryInput(raw, api))
			if err != nil {
				continue
			}
			line := event.AppendJSON(nil)
			if !json.Valid(line) {
				t.Fatalf("not JSON: %s", line)
			}
			for _, v := range ocsf.Validate(event) {
				if v.Level == ocsf.LevelError {
					t.Errorf("%s\n%s", v, line)
				}
			}
		}
	})
}

func FuzzDevice(f *testing.F)             { fuzzInventory(f, "devices") }
func FuzzVulnerability(f *testing.F)      { fuzzInventory(f, "vulnerabilities") }
func FuzzCVE(f *testing.F)                { fuzzInventory(f, "cves") }
func FuzzMachineAction(f *testing.F)      { fuzzInventory(f, "machine-actions") }
func FuzzSoftware(f *testing.F)           { fuzzInventory(f, "software") }
func FuzzRecommendation(f *testing.F)     { fuzzInventory(f, "recommendations") }
func FuzzExposureScore(f *testing.F)      { fuzzInventory(f, "exposure-score") }
func FuzzSecureScore(f *testing.F)        { fuzzInventory(f, "secure-scores") }
func FuzzSecureScoreControl(f *testing.F) { fuzzInventory(f, "secure-score-controls") }
