package stream

import (
	"context"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// vulnerabilities is every CVE of every version of every product on every device,
// and the products that have none. Through Graph it comes from the hunting tables
// DeviceTvmSoftwareVulnerabilities and DeviceTvmSoftwareInventory.
func vulnerabilities() Stream {
	return Stream{
		Name: Vulnerabilities, Title: "Vulnerabilities", Mode: Export,
		// Microsoft renews the export, and the list of changes, every six hours.
		Interval: snapshotEvery, Overlap: snapshotEvery, Reconcile: weekly,
		Docs: "https://learn.microsoft.com/defender-endpoint/api/get-assessment-software-vulnerabilities",
		// When it was last seen; and what only the export, or only the list of
		// changes, says of a row.
		Noisy: []string{"lastSeenTimestamp", "securityUpdateAvailable", "status", "eventTimestamp"},
		loose: true, // names are PascalCase in files, camelCase in pages; null is absent in files
		Doors: []Door{
			{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Vulnerability.Read.All"), Read: readVulnerabilities},
			{API: gatehouse.APIGraph, AnyOf: gatehouse.ResourceGraph.Permissions("ThreatHunting.Read.All"), Read: huntVulnerabilities},
		},
	}
}

// readVulnerabilities reads the export files, or the changes where it may.
func readVulnerabilities(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, vulnerabilities(), gatehouse.APIMDE, r)
	if r.Mode != gatehouse.SyncFull {
		if since, ok := changesSince(r); ok {
			err := readChanges(ctx, r, w, since)
			if !tooMany(err) {
				return err
			}
		}
		w.full, w.seen = true, r.From.Watermark // there are no changes to go by
	}
	if err := readExport(ctx, r, w); err != nil {
		return err
	}
	return w.finish()
}

func vulnerabilityItem(v *defender.SoftwareVulnerability) item {
	return item{
		key:      vulnerabilityKey(v.DeviceID, v.SoftwareVendor, v.SoftwareName, v.SoftwareVersion, v.CVEID),
		document: v.Raw, common: facts{v.CVEID, v.VulnerabilitySeverityLevel, v.RecommendedSecurityUpdateID},
	}
}

// vulnerabilityKey identifies a row. A product without CVE has a row as well,
// whose last part is empty. Without a device there is no key.
func vulnerabilityKey(device, vendor, name, version, cve string) string {
	if device == "" {
		return ""
	}
	parts := []string{device, vendor, name, version, cve}
	for i, p := range parts {
		if strings.ContainsAny(p, "|%") {
			parts[i] = strings.NewReplacer("%", "%25", "|", "%7C").Replace(p)
		}
	}
	return strings.Join(parts, "|")
}

// huntVulnerabilities reads both tables whole: hunting has no list of changes.
func huntVulnerabilities(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, vulnerabilities(), gatehouse.APIGraph, r)
	w.full, w.floor = true, 0
	const (
		known = "DeviceTvmSoftwareVulnerabilities | where {slice}"
		clean = "DeviceTvmSoftwareInventory | where {slice} | join kind=leftanti (" + known + ") on DeviceId, SoftwareVendor, SoftwareName, SoftwareVersion"
	)
	for _, query := range []string{known, clean} {
		h := hunter{run: r.Clients.Graph.Hunting.Run, row: vulnerabilityRow, guess: 700, query: query, count: query}
		if err := h.read(ctx, w); err != nil {
			return err
		}
	}
	return w.finish()
}

func vulnerabilityRow(c cells) item {
	cve := c.text("CveId")
	return item{
		key:      vulnerabilityKey(c.text("DeviceId"), c.text("SoftwareVendor"), c.text("SoftwareName"), c.text("SoftwareVersion"), cve),
		document: c.row.Raw, common: facts{cve, c.text("VulnerabilitySeverityLevel"), c.text("RecommendedSecurityUpdateId")},
	}
}
