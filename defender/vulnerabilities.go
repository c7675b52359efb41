package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// VulnerabilitiesService reads the catalogue of CVEs, and which devices they
// touch.
type VulnerabilitiesService struct{ service }

// Vulnerability is a CVE that touches the tenant. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/vulnerability.
type Vulnerability struct {
	Record              `json:"-"`
	ID                  string   `json:"id"`   // the CVE id
	Name                string   `json:"name"` // the same
	Description         string   `json:"description"`
	Severity            string   `json:"severity"`   // Low, Medium, High, Critical
	CVSSV3              float64  `json:"cvssV3"`     // 0 to 10, 0 also when not rated
	CVSSVector          string   `json:"cvssVector"` // in lists only
	ExposedMachines     int64    `json:"exposedMachines"`
	PublishedOn         Time     `json:"publishedOn"`
	UpdatedOn           Time     `json:"updatedOn"`
	PublicExploit       bool     `json:"publicExploit"`
	ExploitVerified     bool     `json:"exploitVerified"`
	ExploitInKit        bool     `json:"exploitInKit"`
	ExploitTypes        []string `json:"exploitTypes"`
	ExploitURIs         []string `json:"exploitUris"`
	CVESupportability   string   `json:"cveSupportability"` // Supported, NotSupported and other spellings
	EPSS                float64  `json:"epss"`              // probability of exploitation, 0 to 1
	FirstDetected       Time     `json:"firstDetected"`
	PatchFirstAvailable Time     `json:"patchFirstAvailable"`
	Tags                []string `json:"tags"`
}

// MachineReference is a device that a CVE touches. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-machines-by-vulnerability.
type MachineReference struct {
	Record          `json:"-"`
	ID              string `json:"id"`
	ComputerDNSName string `json:"computerDnsName"`
	OSPlatform      string `json:"osPlatform"`
	RbacGroupName   string `json:"rbacGroupName"`
}

// MachineVulnerability is one CVE of one product on one device. There are several
// rows of the same three when several updates fix it. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-all-vulnerabilities-by-machines.
type MachineVulnerability struct {
	Record         `json:"-"`
	ID             string `json:"id"`
	CVEID          string `json:"cveId"`
	MachineID      string `json:"machineId"`
	FixingKBID     string `json:"fixingKbId"` // empty when no update fixes it
	ProductName    string `json:"productName"`
	ProductVendor  string `json:"productVendor"`
	ProductVersion string `json:"productVersion"`
	Severity       string `json:"severity"`
}

// vulnerabilitySet is what Microsoft documents for the catalogue. Its page size
// was 10,000 in older texts.
func vulnerabilitySet() entitySet {
	return entitySet{
		name: "vulnerabilities", pageSize: 8000,
		filterable: []string{"id", "name", "description", "cvssV3", "publishedOn", "severity", "updatedOn"},
	}
}

// machineVulnerabilitySet is what Microsoft documents for machinesVulnerabilities.
func machineVulnerabilitySet() entitySet {
	return entitySet{
		name: "machines' vulnerabilities", pageSize: 10_000,
		filterable: []string{
			"id", "cveId", "machineId", "fixingKbId", "productName", "productVersion", "severity", "productVendor",
		},
	}
}

// List reads the CVEs that touch the tenant.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-all-vulnerabilities.
//
//api:operation GET /api/vulnerabilities
func (s *VulnerabilitiesService) List(ctx context.Context, q *Query) iter.Seq2[Vulnerability, error] {
	return list[Vulnerability](ctx, s.rest, vulnerabilitySet(), opVulnerabilitiesList, q)
}

// Get reads one CVE.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-vulnerability-by-id.
//
//api:operation GET /api/vulnerabilities/{cveId}
func (s *VulnerabilitiesService) Get(ctx context.Context, cveID string) (Vulnerability, error) {
	return rest.Get[Vulnerability](ctx, s.rest, rest.Request{Operation: opVulnerabilitiesGet, Vars: []string{cveID}})
}

// Machines reads the devices that a CVE touches.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machines-by-vulnerability.
//
//api:operation GET /api/vulnerabilities/{cveId}/machineReferences
func (s *VulnerabilitiesService) Machines(ctx context.Context, cveID string) iter.Seq2[MachineReference, error] {
	return related[MachineReference](ctx, s.rest, opVulnerabilitiesMachines, cveID)
}

// ByMachine reads the CVEs that touch a device.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-discovered-vulnerabilities.
//
//api:operation GET /api/machines/{machineId}/vulnerabilities
func (s *VulnerabilitiesService) ByMachine(ctx context.Context, machineID string) iter.Seq2[Vulnerability, error] {
	return related[Vulnerability](ctx, s.rest, opVulnerabilitiesByMachine, machineID)
}

// ByMachines reads every CVE of every product on every device.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-all-vulnerabilities-by-machines.
//
//api:operation GET /api/vulnerabilities/machinesVulnerabilities
func (s *VulnerabilitiesService) ByMachines(ctx context.Context, q *Query) iter.Seq2[MachineVulnerability, error] {
	return list[MachineVulnerability](ctx, s.rest, machineVulnerabilitySet(), opVulnerabilitiesByMachines, q)
}

// Microsoft's pages state a rate limit for one of these routes only.
var (
	opVulnerabilitiesList       = limited(read("/api/vulnerabilities", "get-all-vulnerabilities", "Vulnerability.Read.All"), 0, 0)
	opVulnerabilitiesGet        = limited(read("/api/vulnerabilities/{cveId}", "get-vulnerability-by-id", "Vulnerability.Read.All"), 0, 0)
	opVulnerabilitiesMachines   = limited(read("/api/vulnerabilities/{cveId}/machineReferences", "get-machines-by-vulnerability", "Vulnerability.Read.All"), 0, 0)
	opVulnerabilitiesByMachine  = limited(read("/api/machines/{machineId}/vulnerabilities", "get-discovered-vulnerabilities", "Vulnerability.Read.All"), 50, 1500)
	opVulnerabilitiesByMachines = limited(read("/api/vulnerabilities/machinesVulnerabilities", "get-all-vulnerabilities-by-machines", "Vulnerability.Read.All"), 0, 0)
)

func vulnerabilityOperations() []Operation {
	return []Operation{
		opVulnerabilitiesList, opVulnerabilitiesGet, opVulnerabilitiesMachines,
		opVulnerabilitiesByMachine, opVulnerabilitiesByMachines,
	}
}
