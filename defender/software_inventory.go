package defender

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// SoftwareInventoryService exports which software is on which device: one row per
// device, vendor, product and version, of the current snapshot. List is meant for
// up to 100,000 devices, Export for more. Software without a product code is not
// in it.
type SoftwareInventoryService struct{ service }

// SoftwareInventory is one row. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-inventory.
type SoftwareInventory struct {
	Record                     `json:"-"`
	ID                         string   `json:"id"` // not documented, and not always sent
	DeviceID                   string   `json:"deviceId"`
	DeviceName                 string   `json:"deviceName"`
	RbacGroupName              string   `json:"rbacGroupName"`
	RbacGroupID                GroupID  `json:"rbacGroupId"`
	OSPlatform                 string   `json:"osPlatform"`
	SoftwareVendor             string   `json:"softwareVendor"`
	SoftwareName               string   `json:"softwareName"`
	SoftwareVersion            string   `json:"softwareVersion"`
	NumberOfWeaknesses         int64    `json:"numberOfWeaknesses"`
	DiskPaths                  []string `json:"diskPaths"`
	RegistryPaths              []string `json:"registryPaths"`
	SoftwareFirstSeenTimestamp Time     `json:"softwareFirstSeenTimestamp"`
	// EndOfSupportStatus is None, EOS Version, Upcoming EOS Version, EOS Software,
	// Upcoming EOS Software or empty.
	EndOfSupportStatus string `json:"endOfSupportStatus"`
	EndOfSupportDate   Time   `json:"endOfSupportDate"`
}

// List reads all rows as pages. When Microsoft renews the snapshot meanwhile, the
// list may end with [ErrCursorExpired]; begin it again.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-inventory.
//
//api:operation GET /api/machines/SoftwareInventoryByMachine
func (s *SoftwareInventoryService) List(ctx context.Context, q *ExportQuery) iter.Seq2[SoftwareInventory, error] {
	l, err := q.listing(opSoftwareInventoryList)
	if err != nil {
		return rest.Fail[SoftwareInventory](err)
	}
	return rest.List[SoftwareInventory](ctx, s.rest, l)
}

// Export reads all rows from the files of the snapshot. Files that break off and
// links that expire are asked for again; no row comes twice. When Microsoft
// renews the snapshot meanwhile, the list may end with [ErrSnapshotReplaced];
// begin it again.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-inventory.
//
//api:operation GET /api/machines/SoftwareInventoryExport
func (s *SoftwareInventoryService) Export(ctx context.Context, o *ExportOptions) iter.Seq2[SoftwareInventory, error] {
	return export[SoftwareInventory](ctx, s.rest, opSoftwareInventoryExport, o)
}

// ExportFiles asks for the links of the snapshot alone, to fetch its files by
// other means. The links are secrets.
//
// Permission: Software.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-inventory.
//
//api:operation GET /api/machines/SoftwareInventoryExport
func (s *SoftwareInventoryService) ExportFiles(ctx context.Context, o *ExportOptions) (*ExportFiles, error) {
	r, err := o.request(opSoftwareInventoryExport)
	if err != nil {
		return nil, err
	}
	return s.rest.ExportFiles(ctx, r)
}

var (
	opSoftwareInventoryList   = limited(read("/api/machines/SoftwareInventoryByMachine", "get-assessment-software-inventory", "Software.Read.All"), 30, 1000)
	opSoftwareInventoryExport = limited(read("/api/machines/SoftwareInventoryExport", "get-assessment-software-inventory", "Software.Read.All"), 5, 20)
)

func softwareInventoryOperations() []Operation {
	return []Operation{opSoftwareInventoryList, opSoftwareInventoryExport}
}
