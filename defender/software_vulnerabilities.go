package defender

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// SoftwareVulnerabilitiesService exports the whole assessment: one row per
// device, software, version and CVE, of the current snapshot, which Microsoft
// renews every six hours. List is meant for up to 100,000 devices, Export for
// more, Changes for what happened since.
type SoftwareVulnerabilitiesService struct{ service }

// SoftwareVulnerability is one row. Rows without a CVE exist too: software that
// is clean. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-vulnerabilities.
type SoftwareVulnerability struct {
	Record                       `json:"-"`
	ID                           string   `json:"id"`
	DeviceID                     string   `json:"deviceId"`
	DeviceName                   string   `json:"deviceName"`
	RbacGroupName                string   `json:"rbacGroupName"`
	RbacGroupID                  GroupID  `json:"rbacGroupId"`
	OSPlatform                   string   `json:"osPlatform"`
	OSVersion                    string   `json:"osVersion"`
	OSArchitecture               string   `json:"osArchitecture"`
	SoftwareVendor               string   `json:"softwareVendor"`
	SoftwareName                 string   `json:"softwareName"`
	SoftwareVersion              string   `json:"softwareVersion"`
	CVEID                        string   `json:"cveId"` // empty when the software has no CVE
	CVSSScore                    float64  `json:"cvssScore"`
	VulnerabilitySeverityLevel   string   `json:"vulnerabilitySeverityLevel"`
	ExploitabilityLevel          string   `json:"exploitabilityLevel"` // NoExploit, ExploitIsPublic, ExploitIsVerified, ExploitIsInKit
	RecommendedSecurityUpdate    string   `json:"recommendedSecurityUpdate"`
	RecommendedSecurityUpdateID  string   `json:"recommendedSecurityUpdateId"`
	RecommendedSecurityUpdateURL string   `json:"recommendedSecurityUpdateUrl"`
	RecommendationReference      string   `json:"recommendationReference"`
	SecurityUpdateAvailable      bool     `json:"securityUpdateAvailable"` // not in changes
	DiskPaths                    []string `json:"diskPaths"`
	RegistryPaths                []string `json:"registryPaths"`
	FirstSeenTimestamp           Time     `json:"firstSeenTimestamp"`
	LastSeenTimestamp            Time     `json:"lastSeenTimestamp"`
	CVEBatchTitle                string   `json:"cveBatchTitle"`
	CVEBatchURL                  string   `json:"cveBatchUrl"`
	IsOnboarded                  bool     `json:"isOnboarded"`
	// Status and EventTimestamp are set in changes: what happened (New, Fixed,
	// Updated), and when it was found.
	Status         string `json:"status"`
	EventTimestamp Time   `json:"eventTimestamp"`
}

// MaxExportPage is the largest page of the exports. A row has about 1 KB.
const MaxExportPage = 200_000

// ExportQuery narrows an export that comes in pages. A nil *ExportQuery and the
// zero one mean all rows in the fewest calls.
type ExportQuery struct {
	// Top is how many rows to read in all. Default: zero, which means all.
	Top int
	// PageSize is how many rows to ask for at once, at most [MaxExportPage], the
	// default.
	PageSize int
	// From is the Next of a [PageRead] of the same export and PageSize: the list
	// goes on there. Default: from its start.
	From string
	// OnPage is told of each page that was read to its end, before the first row of
	// the next one. Its error ends the list, which hands it out as it is. Default:
	// none.
	OnPage func(PageRead) error
}

// listing turns the query into a list to be read.
func (q *ExportQuery) listing(op Operation) (rest.Listing, error) {
	l := rest.Listing{Request: rest.Request{Operation: op, Query: url.Values{}}, PageSize: MaxExportPage, SizeParam: "pageSize"}
	if q == nil {
		return l, nil
	}
	if q.Top < 0 || q.PageSize < 0 || q.PageSize > MaxExportPage {
		return l, rest.Inputf("top must not be negative and page size must lie between 1 and %d, got %d and %d", MaxExportPage, q.Top, q.PageSize)
	}
	l.Limit, l.From, l.OnPage = q.Top, q.From, q.OnPage
	if q.PageSize > 0 {
		l.PageSize = q.PageSize
	}
	return l, nil
}

// List reads all rows as pages. When Microsoft renews the snapshot meanwhile, the
// list may end with [ErrCursorExpired]; begin it again.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-vulnerabilities.
//
//api:operation GET /api/machines/SoftwareVulnerabilitiesByMachine
func (s *SoftwareVulnerabilitiesService) List(ctx context.Context, q *ExportQuery) iter.Seq2[SoftwareVulnerability, error] {
	l, err := q.listing(opSoftwareVulnerabilitiesList)
	if err != nil {
		return rest.Fail[SoftwareVulnerability](err)
	}
	return rest.List[SoftwareVulnerability](ctx, s.rest, l)
}

// maxDelta is how far back changes are kept.
const maxDelta = 14 * 24 * time.Hour

// Changes reads what changed since a moment at most 14 days ago. The rows cover
// the whole six-hour window in which that moment lies, so some are older. A device
// that moved to another group comes twice: Fixed in the old, New in the new.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-vulnerabilities.
//
//api:operation GET /api/machines/SoftwareVulnerabilityChangesByMachine
func (s *SoftwareVulnerabilitiesService) Changes(ctx context.Context, sinceTime time.Time, q *ExportQuery) iter.Seq2[SoftwareVulnerability, error] {
	l, err := q.listing(opSoftwareVulnerabilitiesChanges)
	if err == nil {
		err = checkSince(sinceTime)
	}
	if err != nil {
		return rest.Fail[SoftwareVulnerability](err)
	}
	l.Query.Set("sinceTime", secondText(sinceTime))
	return rest.List[SoftwareVulnerability](ctx, s.rest, l)
}

func checkSince(t time.Time) error {
	switch age := time.Since(t); {
	case t.IsZero():
		return rest.Inputf("since time is missing: give one of the last 14 days")
	case age > maxDelta:
		return rest.Inputf("since time %s is more than 14 days ago: Microsoft keeps no older changes, use the full export", rest.FormatTime(t))
	case age < -time.Hour:
		return rest.Inputf("since time %s is in the future", rest.FormatTime(t))
	}
	return nil
}

// ExportOptions are those of an export by files. A nil *ExportOptions and the
// zero one mean Microsoft's defaults.
type ExportOptions struct {
	// SASValidHours is how long the links shall work, 1 to 6 hours. Default:
	// Microsoft's, which is 1.
	SASValidHours int
	// Skip says which files to pass over, by their name and the time of their
	// snapshot: those that an earlier reading of the same snapshot has had to their
	// end. Default: none.
	Skip func(name string, generated time.Time) bool
	// OnFile is told of each file that was read to its end, before the first row of
	// the next one. Its error ends the list, which hands it out as it is. Default:
	// none.
	OnFile func(FileRead) error
}

// request turns the options into a request.
func (o *ExportOptions) request(op Operation) (rest.Request, error) {
	r := rest.Request{Operation: op}
	if o == nil || o.SASValidHours == 0 {
		return r, nil
	}
	if o.SASValidHours < 1 || o.SASValidHours > 6 {
		return r, rest.Inputf("links can be valid for 1 to 6 hours, not for %d", o.SASValidHours)
	}
	r.Query = url.Values{"sasValidHours": {strconv.Itoa(o.SASValidHours)}}
	return r, nil
}

// Export reads all rows from the files of the snapshot. Files that break off and
// links that expire are asked for again; no row comes twice. When Microsoft
// renews the snapshot meanwhile, the list may end with [ErrSnapshotReplaced];
// begin it again.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-vulnerabilities.
//
//api:operation GET /api/machines/SoftwareVulnerabilitiesExport
func (s *SoftwareVulnerabilitiesService) Export(ctx context.Context, o *ExportOptions) iter.Seq2[SoftwareVulnerability, error] {
	return export[SoftwareVulnerability](ctx, s.rest, opSoftwareVulnerabilitiesExport, o)
}

// export reads all rows of an export by files.
func export[T any, P rest.Item[T]](ctx context.Context, c *rest.Client, op Operation, o *ExportOptions) iter.Seq2[T, error] {
	r, err := o.request(op)
	if err != nil {
		return rest.Fail[T](err)
	}
	e := rest.Exporting{Request: r}
	if o != nil {
		e.Skip, e.OnFile = o.Skip, o.OnFile
	}
	return rest.Export[T, P](ctx, c, e)
}

// ExportFiles asks for the links of the snapshot alone, to fetch its files by
// other means. The links are secrets.
//
// Permission: Vulnerability.Read.All.
// Docs: https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-vulnerabilities.
//
//api:operation GET /api/machines/SoftwareVulnerabilitiesExport
func (s *SoftwareVulnerabilitiesService) ExportFiles(ctx context.Context, o *ExportOptions) (*ExportFiles, error) {
	r, err := o.request(opSoftwareVulnerabilitiesExport)
	if err != nil {
		return nil, err
	}
	return s.rest.ExportFiles(ctx, r)
}

var (
	opSoftwareVulnerabilitiesList    = limited(read("/api/machines/SoftwareVulnerabilitiesByMachine", "get-assessment-software-vulnerabilities", "Vulnerability.Read.All"), 30, 1000)
	opSoftwareVulnerabilitiesChanges = limited(read("/api/machines/SoftwareVulnerabilityChangesByMachine", "get-assessment-software-vulnerabilities", "Vulnerability.Read.All"), 30, 1000)
	opSoftwareVulnerabilitiesExport  = limited(read("/api/machines/SoftwareVulnerabilitiesExport", "get-assessment-software-vulnerabilities", "Vulnerability.Read.All"), 5, 20)
)

func softwareVulnerabilityOperations() []Operation {
	return []Operation{opSoftwareVulnerabilitiesList, opSoftwareVulnerabilitiesChanges, opSoftwareVulnerabilitiesExport}
}
