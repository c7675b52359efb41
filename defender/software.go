package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// SoftwareService reads the software that was found on devices, one item per
// product.
type SoftwareService struct{ service }

// Software is a product that is on some device of the tenant. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/software.
type Software struct {
	Record          `json:"-"`
	ID              string  `json:"id"` // vendor-_-product, for example microsoft-_-edge
	Name            string  `json:"name"`
	Vendor          string  `json:"vendor"`
	Weaknesses      int64   `json:"weaknesses"`
	PublicExploit   bool    `json:"publicExploit"`
	ActiveAlert     bool    `json:"activeAlert"`
	ExposedMachines int64   `json:"exposedMachines"`
	ImpactScore     float64 `json:"impactScore"`
}

// Distribution says on how many devices one version of a product is. Microsoft's
// page: https://learn.microsoft.com/defender-endpoint/api/get-software-ver-distribution.
type Distribution struct {
	Record          `json:"-"`
	Version         string `json:"version"`
	Installations   int64  `json:"installations"`
	Vulnerabilities int64  `json:"vulnerabilities"`
}

// MissingKB is an update of Microsoft's that some device lacks. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-missing-kbs-machine.
type MissingKB struct {
	Record          `json:"-"`
	ID              string   `json:"id"` // the number, without KB
	Name            string   `json:"name"`
	ProductsNames   []string `json:"productsNames"`
	URL             string   `json:"url"`
	MachineMissedOn int64    `json:"machineMissedOn"` // how many devices lack it
	CVEAddressed    int64    `json:"cveAddressed"`    // how many CVEs it fixes
}

// softwareSet is what Microsoft documents for lists of software.
func softwareSet() entitySet {
	return entitySet{name: "software", pageSize: 10_000, filterable: []string{"id", "name", "vendor"}}
}

// List reads the products of the tenant.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-software.
//
//api:operation GET /api/Software
func (s *SoftwareService) List(ctx context.Context, q *Query) iter.Seq2[Software, error] {
	return list[Software](ctx, s.rest, softwareSet(), opSoftwareList, q)
}

// Get reads one product.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-software-by-id.
//
//api:operation GET /api/Software/{id}
func (s *SoftwareService) Get(ctx context.Context, id string) (Software, error) {
	return rest.Get[Software](ctx, s.rest, rest.Request{Operation: opSoftwareGet, Vars: []string{id}})
}

// Distributions reads the versions of a product.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-software-ver-distribution.
//
//api:operation GET /api/Software/{id}/distributions
func (s *SoftwareService) Distributions(ctx context.Context, id string) iter.Seq2[Distribution, error] {
	return related[Distribution](ctx, s.rest, opSoftwareDistributions, id)
}

// Machines reads the devices that have a product.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-machines-by-software.
//
//api:operation GET /api/Software/{id}/machineReferences
func (s *SoftwareService) Machines(ctx context.Context, id string) iter.Seq2[MachineReference, error] {
	return related[MachineReference](ctx, s.rest, opSoftwareMachines, id)
}

// Vulnerabilities reads the CVEs of a product.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-vuln-by-software.
//
//api:operation GET /api/Software/{id}/vulnerabilities
func (s *SoftwareService) Vulnerabilities(ctx context.Context, id string) iter.Seq2[Vulnerability, error] {
	return related[Vulnerability](ctx, s.rest, opSoftwareVulnerabilities, id)
}

// MissingKBs reads the updates of a product that some device lacks.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-missing-kbs-software.
//
//api:operation GET /api/Software/{id}/getmissingkbs
func (s *SoftwareService) MissingKBs(ctx context.Context, id string) iter.Seq2[MissingKB, error] {
	return related[MissingKB](ctx, s.rest, opSoftwareMissingKBs, id)
}

// ByMachine reads the products on a device.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-installed-software.
//
//api:operation GET /api/machines/{machineId}/software
func (s *SoftwareService) ByMachine(ctx context.Context, machineID string) iter.Seq2[Software, error] {
	return related[Software](ctx, s.rest, opSoftwareByMachine, machineID)
}

// MissingKBsByMachine reads the updates that a device lacks.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-missing-kbs-machine.
//
//api:operation GET /api/machines/{machineId}/getmissingkbs
func (s *SoftwareService) MissingKBsByMachine(ctx context.Context, machineID string) iter.Seq2[MissingKB, error] {
	return related[MissingKB](ctx, s.rest, opSoftwareMissingKBsByMachine, machineID)
}

// Microsoft's pages state no rate limit.
var (
	opSoftwareList                = limited(read("/api/Software", "get-software", "Software.Read.All"), 0, 0)
	opSoftwareGet                 = limited(read("/api/Software/{id}", "get-software-by-id", "Software.Read.All"), 0, 0)
	opSoftwareDistributions       = limited(read("/api/Software/{id}/distributions", "get-software-ver-distribution", "Software.Read.All"), 0, 0)
	opSoftwareMachines            = limited(read("/api/Software/{id}/machineReferences", "get-machines-by-software", "Software.Read.All"), 0, 0)
	opSoftwareVulnerabilities     = limited(read("/api/Software/{id}/vulnerabilities", "get-vuln-by-software", "Vulnerability.Read.All"), 0, 0)
	opSoftwareMissingKBs          = limited(read("/api/Software/{id}/getmissingkbs", "get-missing-kbs-software", "Software.Read.All"), 0, 0)
	opSoftwareByMachine           = limited(read("/api/machines/{machineId}/software", "get-installed-software", "Software.Read.All"), 0, 0)
	opSoftwareMissingKBsByMachine = limited(read("/api/machines/{machineId}/getmissingkbs", "get-missing-kbs-machine", "Software.Read.All"), 0, 0)
)

func softwareOperations() []Operation {
	return []Operation{
		opSoftwareList, opSoftwareGet, opSoftwareDistributions, opSoftwareMachines, opSoftwareVulnerabilities,
		opSoftwareMissingKBs, opSoftwareByMachine, opSoftwareMissingKBsByMachine,
	}
}
