package normalize

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// columns makes a type of the columns of a hunting table, for which the SDK has
// none. The lists are those of Microsoft's pages.
func columns(names string) any {
	var fields []reflect.StructField
	for name := range strings.FieldsSeq(names) {
		fields = append(fields, reflect.StructField{Name: name, Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`json:"` + name + `"`)})
	}
	return reflect.New(reflect.StructOf(fields)).Elem().Interface()
}

func inventoryStreams() []inventoryStream {
	mde := func(v any) map[gatehouse.API]any { return map[gatehouse.API]any{gatehouse.APIMDE: v} }
	return []inventoryStream{
		{deviceMapping, Device, map[gatehouse.API]any{gatehouse.APIMDE: defender.Machine{}, gatehouse.APIGraph: columns(`
			Timestamp DeviceId DeviceName ClientVersion PublicIP OSArchitecture OSPlatform OSBuild IsAzureADJoined JoinType AadDeviceId LoggedOnUsers
			RegistryDeviceTag OSVersion MachineGroup ReportId OnboardingStatus AdditionalFields DeviceCategory DeviceType DeviceSubtype Model Vendor
			OSDistribution OSVersionInfo MergedDeviceIds MergedToDeviceId IsInternetFacing SensorHealthState IsExcluded ExclusionReason ExposureLevel
			AssetValue DeviceManualTags DeviceDynamicTags ConnectivityType HostDeviceId AzureResourceId AwsResourceName GcpFullResourceName`)}},
		{vulnerabilityMapping, Vulnerability, map[gatehouse.API]any{gatehouse.APIMDE: defender.SoftwareVulnerability{}, gatehouse.APIGraph: columns(`
			DeviceId DeviceName OSPlatform OSVersion OSArchitecture SoftwareVendor SoftwareName SoftwareVersion CveId VulnerabilitySeverityLevel
			RecommendedSecurityUpdate RecommendedSecurityUpdateId CveTags EndOfSupportStatus EndOfSupportDate ProductCodeCpe`)}},
		{cveMapping, CVE, mde(defender.Vulnerability{})},
		{machineActionMapping, MachineAction, mde(defender.MachineAction{})},
		{softwareMapping, Software, mde(defender.Software{})},
		{recommendationMapping, Recommendation, mde(defender.Recommendation{})},
		{secureScoreControlMapping, SecureScoreControl, map[gatehouse.API]any{gatehouse.APIGraph: graph.ControlProfile{}}},
		{exposureScoreMapping, ExposureScore, mde(defender.Score{})},
		{configurationScoreMapping, ConfigurationScore, mde(defender.Score{})},
		{secureScoreMapping, SecureScore, map[gatehouse.API]any{gatehouse.APIGraph: graph.SecureScore{}}},
	}
}

// inventoryOf returns a stream by its name.
func inventoryOf(t testing.TB, name string) inventoryStream {
	t.Helper()
	for _, s := range inventoryStreams() {
		if s.mapping.stream == name {
			return s
		}
	}
	t.Fatalf("no stream %s", name)
	return inventoryStream{}
}

func TestInventoryMappings(t *testing.T) {
	t.Parallel()
	for _, s := range inventoryStreams() {
		t.Run(s.mapping.stream, func(t *testing.T) {
			t.Parallel()
			checkMapping(t, s.mapping, s.types)
		})
	}
}

func TestInventoryGolden(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stream string
		api          gatehouse.API
	}{
		{"device-mde", "devices", gatehouse.APIMDE},
		{"device-graph", "devices", gatehouse.APIGraph},
		{"vulnerability-mde", "vulnerabilities", gatehouse.APIMDE},
		{"vulnerability-file", "vulnerabilities", gatehouse.APIMDE},
		{"vulnerability-tvm", "vulnerabilities", gatehouse.APIMDE},
		{"vulnerability-none", "vulnerabilities", gatehouse.APIMDE},
		{"vulnerability-graph", "vulnerabilities", gatehouse.APIGraph},
		{"cve-mde", "cves", gatehouse.APIMDE},
		{"machine-action-isolate", "machine-actions", gatehouse.APIMDE},
		{"machine-action-scan", "machine-actions", gatehouse.APIMDE},
		{"machine-action-quarantine", "machine-actions", gatehouse.APIMDE},
		{"machine-action-live-response", "machine-actions", gatehouse.APIMDE},
		{"software-mde", "software", gatehouse.APIMDE},
		{"recommendation-mde", "recommendations", gatehouse.APIMDE},
		{"secure-score-control-graph", "secure-score-controls", gatehouse.APIGraph},
		{"exposure-score-mde", "exposure-score", gatehouse.APIMDE},
		{"exposure-score-group", "exposure-score", gatehouse.APIMDE},
		{"configuration-score-mde", "configuration-score", gatehouse.APIMDE},
		{"secure-score-graph", "secure-scores", gatehouse.APIGraph},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			goldenEvent(t, inventoryOf(t, tt.stream), tt.api, tt.name)
		})
	}
}

// pieces are values that have been trouble before, and some that have not.
var pieces = []any{
	nil, "", " ", "None", "Other", "Unknown", "Informational", "Low", "High", "UnSpecified", "Windows11", "WindowsServer2022", "Linux", "BeOS",
	"64-bit", "x64", "arm64", "10.0.0.4", "fe80::1%eth0", "not an address", "00155D0A0B0C", "0", "12", "CVE-2026-1234", "TVM-2020-0002", "cve-",
	"5034441", "https://example.com/a b", "https://example.com/a", "2026-11-20 08:30:00", "2026-11-20T08:30:00.1234567Z", "2026-11-20T08:30:00",
	"2026-11-20", "0001-01-01T00:00:00Z", "2026-11-20T08:30:00.1+02:00", "Fixed", "New", "Isolate", "StopAndQuarantineFile", "RunAntiVirusScan",
	"Sha1", "a0c659857ccbe457fdaf5fe21d54efdcbf6f6508", "Succeeded", "TimeOut", "Pending", "Cancelled", "Exception", "Ignored", "Analyst@contoso.com",
	"someone", "Azure", "/subscriptions/11111111-2222-3333-4444-555555555555/x", "CVSS:3.1/AV:N", "Onboarded", "\u2028\u00e9", "true",
	0, 1, -1, 7.5, 1e18, 0.97, true, false, []any{}, map[string]any{}, []any{"x", nil, 1}, map[string]any{"new": "member"},
}

// randomRecord draws a record with the members of a shape, of any type, and some
// that nobody has heard of.
func randomRecord(t *rapid.T, s shape) map[string]any {
	record := map[string]any{}
	for _, f := range s.fields {
		if rapid.IntRange(0, 3).Draw(t, "absent") == 0 {
			continue
		}
		plant(record, strings.Split(f.source, "."), rapid.OneOf(rapid.SampledFrom(pieces), rapid.Map(rapid.String(), func(s string) any { return s })).Draw(t, f.source))
	}
	if rapid.Bool().Draw(t, "novel") {
		record["novelMember"] = map[string]any{"deep": []any{1, "two"}}
	}
	return record
}

// plant puts a value at a path, within objects and lists of one item.
func plant(object map[string]any, path []string, v any) {
	name, list := strings.CutSuffix(path[0], "[]")
	if len(path) == 1 {
		if list {
			v = []any{v}
		}
		object[name] = v
		return
	}
	inner, _ := object[name].(map[string]any)
	if items, ok := object[name].([]any); ok {
		inner, _ = items[0].(map[string]any)
	}
	if inner == nil {
		inner = map[string]any{}
	}
	plant(inner, path[1:], v)
	object[name] = inner
	if list {
		object[name] = []any{inner}
	}
}

func TestInventoryOfAnything(t *testing.T) {
	t.Parallel()
	for _, s := range inventoryStreams() {
		for _, shape := range s.mapping.shapes {
			t.Run(s.mapping.stream+"/"+string(shape.api), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) {
					raw, err := json.Marshal(randomRecord(rt, shape))
					if err != nil {
						rt.Fatal(err)
					}
					in := inventoryInput(raw, shape.api)
					in.Kind = rapid.SampledFrom([]gatehouse.EventKind{"", gatehouse.EventCreated, gatehouse.EventUpdated, gatehouse.EventRemoved}).Draw(rt, "kind")
					event, err := s.normalize(in)
					if err != nil {
						rt.Fatal(err)
					}
					line := event.AppendJSON(nil)
					for _, v := range ocsf.Validate(event) {
						rt.Errorf("%s\n%s\n%s", v, raw, line)
					}
					for _, lost := range lostOf(t, raw, line) {
						rt.Errorf("%s is lost\n%s\n%s", lost, raw, line)
					}
				})
			})
		}
	}
}

func TestNullEverywhere(t *testing.T) {
	t.Parallel()
	for _, s := range inventoryStreams() {
		for _, shape := range s.mapping.shapes {
			record := map[string]any{}
			for _, f := range shape.fields {
				record[strings.TrimSuffix(strings.Split(f.source, ".")[0], "[]")] = nil
			}
			raw, err := json.Marshal(record)
			if err != nil {
				t.Fatal(err)
			}
			mustHold(t, s, inventoryInput(raw, shape.api))
			mustHold(t, s, inventoryInput([]byte("{}"), shape.api))
		}
	}
}

func TestRecordsWithoutTimeAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range inventoryStreams() {
		for _, raw := range []string{`{}`, `{"id": "x"}`, `[]`, `"x"`, `{`, ``} {
			if event, err := s.normalize(Input{Raw: []byte(raw)}); err == nil {
				t.Errorf("%s: %s gives %s, want an error", s.mapping.stream, raw, event.AppendJSON(nil))
			}
		}
	}
}

// TestDevicesAgree holds the two forms of one device against each other.
func TestDevicesAgree(t *testing.T) {
	t.Parallel()
	device := func(name string, api gatehouse.API) *ocsf.Device {
		raw, err := os.ReadFile(filepath.Join("testdata", "inventory", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		event, err := Device(inventoryInput(raw, api))
		if err != nil {
			t.Fatal(err)
		}
		info, ok := event.(*ocsf.InventoryInfo)
		if !ok {
			t.Fatalf("got %T", event)
		}
		return info.Device
	}
	mde, hunted := device("device-mde", gatehouse.APIMDE), device("device-graph", gatehouse.APIGraph)
	for _, got := range [][2]any{
		{mde.UID, hunted.UID}, {mde.UIDAlt, hunted.UIDAlt}, {mde.Hostname, hunted.Hostname}, {mde.OS.Name, hunted.OS.Name}, {mde.OS.TypeID, hunted.OS.TypeID},
		{mde.OS.Build, hunted.OS.Build}, {mde.HWInfo.CPUBits, hunted.HWInfo.CPUBits}, {mde.Groups[0].Name, hunted.Groups[0].Name},
		{mde.IsManaged, hunted.IsManaged}, {mde.AgentList[0].Version, hunted.AgentList[0].Version}, {mde.LastSeenTime, hunted.LastSeenTime}, {mde.TypeID, hunted.TypeID},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("MDE says %v, Graph %v", got[0], got[1])
		}
	}
}

// feed normalizes some hundred records of a list.
func feed[T any](t *testing.T, s inventoryStream, api gatehouse.API, list iter.Seq2[T, error], raw func(*T) []byte) {
	t.Helper()
	n := 0
	for item, err := range list {
		if err != nil {
			t.Fatalf("%s: %v", s.mapping.stream, err)
		}
		in := inventoryInput(raw(&item), api)
		in.Time = time.Time{}
		if event, err := s.normalize(in); err != nil || event == nil {
			in.Time = inventoryInput(nil, api).Time // a record without a time of its own
		}
		mustHold(t, s, in)
		if n++; n == 300 {
			break
		}
	}
	if n == 0 {
		t.Errorf("%s: the tenant has none", s.mapping.stream)
	}
}

// TestInventoryOfATenant reads a generated tenant through the SDKs.
func TestInventoryOfATenant(t *testing.T) {
	t.Parallel()
	mde, security := inventoryClients(t, emulator.Options{})
	ctx := context.Background()
	feed(t, inventoryOf(t, "devices"), gatehouse.APIMDE, mde.Machines.List(ctx, nil), func(v *defender.Machine) []byte { return v.Raw })
	feed(t, inventoryOf(t, "vulnerabilities"), gatehouse.APIMDE, mde.SoftwareVulnerabilities.List(ctx, nil), func(v *defender.SoftwareVulnerability) []byte { return v.Raw })
	feed(t, inventoryOf(t, "vulnerabilities"), gatehouse.APIMDE, mde.SoftwareVulnerabilities.Export(ctx, nil), func(v *defender.SoftwareVulnerability) []byte { return v.Raw })
	feed(t, inventoryOf(t, "cves"), gatehouse.APIMDE, mde.Vulnerabilities.List(ctx, nil), func(v *defender.Vulnerability) []byte { return v.Raw })
	feed(t, inventoryOf(t, "machine-actions"), gatehouse.APIMDE, mde.MachineActions.List(ctx, nil), func(v *defender.MachineAction) []byte { return v.Raw })
	feed(t, inventoryOf(t, "software"), gatehouse.APIMDE, mde.Software.List(ctx, nil), func(v *defender.Software) []byte { return v.Raw })
	feed(t, inventoryOf(t, "recommendations"), gatehouse.APIMDE, mde.Recommendations.List(ctx, nil), func(v *defender.Recommendation) []byte { return v.Raw })
	feed(t, inventoryOf(t, "secure-score-controls"), gatehouse.APIGraph, security.SecureScores.ControlProfiles(ctx, nil), func(v *graph.ControlProfile) []byte { return v.Raw })
	feed(t, inventoryOf(t, "secure-scores"), gatehouse.APIGraph, security.SecureScores.List(ctx, nil), func(v *graph.SecureScore) []byte { return v.Raw })
	feed(t, inventoryOf(t, "exposure-score"), gatehouse.APIMDE, mde.Scores.ExposureByMachineGroup(ctx), func(v *defender.Score) []byte { return v.Raw })
	for query, stream := range map[string]string{
		"DeviceInfo | take 300": "devices", "DeviceTvmSoftwareVulnerabilities | take 300": "vulnerabilities", "DeviceTvmSoftwareInventory | take 300": "vulnerabilities",
	} {
		hunt, err := security.Hunting.Run(ctx, query, nil)
		if err != nil {
			t.Fatal(err)
		}
		feed(t, inventoryOf(t, stream), gatehouse.APIGraph, hunt.Rows(), func(v *graph.Row) []byte { return v.Raw })
		if err := hunt.Close(); err != nil {
			t.Error(err)
		}
	}
}
