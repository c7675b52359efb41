package normalize

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
)

// sampleUse says what some of Microsoft's samples hold.
type sampleUse struct {
	pattern string
	hold    func(t *testing.T, record []byte) // proves one record; nil: no record of a stream
}

// sampleUses lists the samples, the first pattern that fits counts.
func sampleUses() []sampleUse {
	finding := func(f normalizer, api gatehouse.API) func(*testing.T, []byte) {
		return func(t *testing.T, record []byte) {
			prove(t, f, Input{Raw: jsontext.Value(record), API: api, EventID: "e1", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
		}
	}
	inventory := func(stream string) func(*testing.T, []byte) {
		return func(t *testing.T, record []byte) {
			s := inventoryOf(t, stream)
			mustHold(t, s, inventoryInput(record, s.mapping.shapes[0].api))
		}
	}
	row := finding(rowOf("DeviceProcessEvents"), "")
	return []sampleUse{
		{"*/*-request.json", nil},
		{"core/alert-get-response.json", finding(Alert, gatehouse.APIMDE)},
		{"core/alerts-list-*.json", finding(Alert, gatehouse.APIMDE)},
		{"core/odata-[12]-alerts-*.json", finding(Alert, gatehouse.APIMDE)},
		{"tvm-xdr-graph/graph-alerts_v2-*.json", finding(Alert, gatehouse.APIGraph)},
		{"tvm-xdr-graph/graph-alert-update-*.json", finding(Alert, gatehouse.APIGraph)},
		{"tvm-xdr-graph/graph-incident-comment-*.json", nil},
		{"tvm-xdr-graph/graph-incident*.json", finding(Incident, gatehouse.APIGraph)},
		{"tvm-xdr-graph/xdr-incidents-*.json", finding(Incident, gatehouse.APIXDR)},
		{"core/machine-get-response.json", inventory("devices")},
		{"core/machines-list-*.json", inventory("devices")},
		{"core/alert-machine-*.json", inventory("devices")},
		{"core/machine-find-by-ip-*.json", inventory("devices")},
		{"core/odata-[3458]-machines-*.json", inventory("devices")},
		{"core/machineaction-get-package-uri-*.json", nil}, // a link
		{"core/machineaction*.json", inventory("machine-actions")},
		{"core/odata-6-machineactions-*.json", inventory("machine-actions")},
		{"core/live-response-run-*.json", inventory("machine-actions")},
		{"tvm-xdr-graph/export-*-files-response.json", nil}, // links
		{"tvm-xdr-graph/export-softwarevulnerabilit*.json", inventory("vulnerabilities")},
		{"tvm-xdr-graph/vulnerabilities-list-*.json", inventory("cves")},
		{"tvm-xdr-graph/vulnerability-get-*.json", inventory("cves")},
		{"tvm-xdr-graph/*-vulnerabilities-response.json", inventory("cves")}, // of a device, a product, a recommendation
		{"tvm-xdr-graph/software-list-*.json", inventory("software")},
		{"tvm-xdr-graph/software-get-*.json", inventory("software")},
		{"tvm-xdr-graph/machine-software-*.json", inventory("software")},
		{"tvm-xdr-graph/recommendation-software-*.json", inventory("software")},
		{"tvm-xdr-graph/recommendation*s-list-*.json", inventory("recommendations")},
		{"tvm-xdr-graph/recommendation-get-*.json", inventory("recommendations")},
		{"tvm-xdr-graph/machine-recommendations-*.json", inventory("recommendations")},
		{"tvm-xdr-graph/exposurescore-*.json", inventory("exposure-score")},
		{"tvm-xdr-graph/configurationscore-*.json", inventory("configuration-score")},
		{"tvm-xdr-graph/graph-securescores-*.json", inventory("secure-scores")},
		{"tvm-xdr-graph/graph-securescorecontrolprofiles-*.json", inventory("secure-score-controls")},
		{"core/advanced-query-run-*.json", row},
		{"tvm-xdr-graph/*runhuntingquery-*.json", row},
		{"tvm-xdr-graph/mde-advancedqueries-run-*.json", row},
		{"tvm-xdr-graph/xdr-advancedhunting-run-*.json", row},
		// What belongs to no stream: errors, tokens, links, counts and resources that are not mirrored.
		{"*/*error-*.json", nil},
		{"*/*token-*.json", nil},
		{"*/*streaming-*.json", nil}, // their values are placeholders
		{"tvm-xdr-graph/xthirdparty-*.json", nil},
		{"core/alert-*.json", nil},
		{"core/odata-7-machine-alerts-count-*.json", nil},
		{"core/machine-logonusers-*.json", nil},
		{"core/live-response-result-*.json", nil},
		{"core/indicator*.json", nil},
		{"core/investigation*.json", nil},
		{"core/domain-*.json", nil},
		{"core/file-*.json", nil},
		{"core/ip-*.json", nil},
		{"core/library-*.json", nil},
		{"tvm-xdr-graph/vulnerabilities-machinesvulnerabilities-*.json", nil},
		{"tvm-xdr-graph/*-machinereferences-*.json", nil},
		{"tvm-xdr-graph/*-getmissingkbs-*.json", nil},
		{"tvm-xdr-graph/software-distributions-*.json", nil},
		{"tvm-xdr-graph/remediationtask*.json", nil},
		{"tvm-xdr-graph/export-*.json", nil},
		{"tvm-xdr-graph/deviceav*.json", nil},
		{"tvm-xdr-graph/browserextensions-*.json", nil},
		{"tvm-xdr-graph/baseline*.json", nil},
		{"tvm-xdr-graph/authscan-*.json", nil},
	}
}

// TestSamples maps every sample of Microsoft's pages that holds records of a stream or rows of hunting, where they are at
// hand, and knows of every other one why not.
func TestSamples(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "shared", "defender-api", "samples")
	files, err := fs.Glob(os.DirFS(root), "*/*.json")
	if err != nil || len(files) == 0 {
		t.Skip("Microsoft's samples are not beside the repository")
	}
	uses := sampleUses()
	records := map[string]int{}
	for _, file := range files {
		use := useOf(t, uses, file)
		if use == nil || use.hold == nil {
			continue
		}
		for _, record := range sampleRecords(t, filepath.Join(root, filepath.FromSlash(file))) {
			t.Run(file, func(t *testing.T) { use.hold(t, record) })
			records[use.pattern]++
		}
	}
	for _, use := range uses {
		if use.hold != nil && records[use.pattern] == 0 {
			t.Errorf("no record of %s", use.pattern)
		}
	}
}

// useOf finds what a sample is used for.
func useOf(t *testing.T, uses []sampleUse, file string) *sampleUse {
	t.Helper()
	for n := range uses {
		if fits, err := path.Match(uses[n].pattern, file); err != nil {
			t.Fatal(err)
		} else if fits {
			return &uses[n]
		}
	}
	t.Errorf("%s: nobody knows what it holds", file)
	return nil
}

// sampleRecords returns the records of an answer: the items of its list, the rows of its hunt, or itself.
func sampleRecords(t *testing.T, file string) []json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Value   []json.RawMessage `json:"value"`
		Results []json.RawMessage `json:"results"` // the decoder takes Results as well
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	if records := append(list.Value, list.Results...); len(records) > 0 {
		return records
	}
	return []json.RawMessage{raw}
}
