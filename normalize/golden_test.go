package normalize

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// findingStreams are the streams whose events are findings, with the doors that
// they come through.
func findingStreams() map[string]struct {
	f    normalizer
	apis []gatehouse.API
} {
	return map[string]struct {
		f    normalizer
		apis []gatehouse.API
	}{
		"alerts":    {Alert, []gatehouse.API{gatehouse.APIMDE, gatehouse.APIGraph}},
		"incidents": {Incident, []gatehouse.API{gatehouse.APIXDR, gatehouse.APIGraph}},
	}
}

func TestGoldenFindings(t *testing.T) {
	t.Parallel()
	for stream, s := range findingStreams() {
		for _, api := range s.apis {
			raw, err := os.ReadFile(filepath.Join("testdata", stream, string(api)+".json"))
			if err != nil {
				t.Fatal(err)
			}
			event := prove(t, s.f, Input{
				Raw: raw, API: api, Kind: gatehouse.EventUpdated, Integration: "contoso", EventID: gatehouse.EventID("contoso", gatehouse.Stream(stream), "key", 2),
			})
			line := jsontext.Value(event.AppendJSON(nil))
			if err := line.Indent(); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", stream, string(api)+".golden"), append(line, '\n'))
		}
	}
}
