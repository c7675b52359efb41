package normalize

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// plainAlert is an alert of Defender for Endpoint for encoding/json, which knows
// nothing of ours.
type plainAlert struct {
	ID                 string   `json:"id"`
	IncidentID         int64    `json:"incidentId"`
	InvestigationID    *int64   `json:"investigationId"`
	AssignedTo         *string  `json:"assignedTo"`
	Severity           string   `json:"severity"`
	Status             string   `json:"status"`
	Classification     *string  `json:"classification"`
	Determination      *string  `json:"determination"`
	InvestigationState string   `json:"investigationState"`
	DetectionSource    string   `json:"detectionSource"`
	DetectorID         string   `json:"detectorId"`
	Category           string   `json:"category"`
	ThreatFamilyName   *string  `json:"threatFamilyName"`
	ThreatName         *string  `json:"threatName"`
	Title              string   `json:"title"`
	Description        string   `json:"description"`
	AlertCreationTime  string   `json:"alertCreationTime"`
	FirstEventTime     string   `json:"firstEventTime"`
	LastEventTime      string   `json:"lastEventTime"`
	LastUpdateTime     string   `json:"lastUpdateTime"`
	ResolvedTime       *string  `json:"resolvedTime"`
	MachineID          string   `json:"machineId"`
	ComputerDNSName    string   `json:"computerDnsName"`
	RbacGroupName      string   `json:"rbacGroupName"`
	AADTenantID        string   `json:"aadTenantId"`
	MitreTechniques    []string `json:"mitreTechniques"`
	RelatedUser        *struct {
		UserName   string `json:"userName"`
		DomainName string `json:"domainName"`
	} `json:"relatedUser"`
	LoggedOnUsers []struct {
		AccountName string `json:"accountName"`
		DomainName  string `json:"domainName"`
	} `json:"loggedOnUsers"`
	Comments []struct {
		Comment     string `json:"comment"`
		CreatedBy   string `json:"createdBy"`
		CreatedTime string `json:"createdTime"`
	} `json:"comments"`
	Evidence []plainEvidence `json:"evidence"`
	Domains  []struct {
		Host string `json:"host"`
	} `json:"domains"`
}

type plainEvidence struct {
	EntityType                string  `json:"entityType"`
	EvidenceCreationTime      string  `json:"evidenceCreationTime"`
	SHA1                      *string `json:"sha1"`
	SHA256                    *string `json:"sha256"`
	FileName                  *string `json:"fileName"`
	FilePath                  *string `json:"filePath"`
	ProcessID                 *int64  `json:"processId"`
	ProcessCommandLine        *string `json:"processCommandLine"`
	ProcessCreationTime       *string `json:"processCreationTime"`
	ParentProcessID           *int64  `json:"parentProcessId"`
	ParentProcessCreationTime *string `json:"parentProcessCreationTime"`
	ParentProcessFileName     *string `json:"parentProcessFileName"`
	ParentProcessFilePath     *string `json:"parentProcessFilePath"`
	IPAddress                 *string `json:"ipAddress"`
	URL                       *string `json:"url"`
	RegistryKey               *string `json:"registryKey"`
	RegistryHive              *string `json:"registryHive"`
	RegistryValueType         *string `json:"registryValueType"`
	RegistryValue             *string `json:"registryValue"`
	RegistryValueName         *string `json:"registryValueName"`
	AccountName               *string `json:"accountName"`
	DomainName                *string `json:"domainName"`
	UserSID                   *string `json:"userSid"`
	AADUserID                 *string `json:"aadUserId"`
	UserPrincipalName         *string `json:"userPrincipalName"`
	DetectionStatus           *string `json:"detectionStatus"`
}

// BenchmarkAlert measures raw alert to validated OCSF JSON against a typed round
// trip of the same bytes through encoding/json: x-roundtrip 1 is as fast, 0.5 half
// as fast. Rounds of both take turns, and the best of each counts, so that other
// loads on the machine do not decide.
func BenchmarkAlert(b *testing.B) {
	raw := compactAlert(b)
	in := Input{Raw: raw, API: gatehouse.APIMDE, Kind: gatehouse.EventUpdated, EventID: "0123456789abcdef0123456789abcdef", Integration: "contoso"}
	var buf []byte
	event := func() {
		e, err := Alert(in)
		if err != nil {
			b.Fatal(err)
		}
		var violations []ocsf.Violation
		if buf, violations = (ocsf.Validator{}).Append(buf[:0], e); len(violations) > 0 {
			b.Fatal(violations)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		event()
	}
	b.StopTimer()
	ours, theirs := time.Hour, time.Hour
	for range 20 {
		ours = min(ours, pace(event))
		theirs = min(theirs, pace(func() {
			var a plainAlert
			if err := json.Unmarshal(raw, &a); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(&a); err != nil {
				b.Fatal(err)
			}
		}))
	}
	b.ReportMetric(float64(theirs)/float64(ours), "x-roundtrip")
}

func pace(run func()) time.Duration {
	const n = 50
	start := time.Now()
	for range n {
		run()
	}
	return time.Since(start) / n
}

// compactAlert is the alert of the golden test as the wire has it.
func compactAlert(b *testing.B) jsontext.Value {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "alerts", "mde.json"))
	if err != nil {
		b.Fatal(err)
	}
	raw := jsontext.Value(text)
	if err := raw.Compact(); err != nil {
		b.Fatal(err)
	}
	return raw
}
