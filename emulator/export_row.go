package emulator

import (
	"fmt"
	"strings"
	"time"
)

// assetVulnerability is one row of the software vulnerability export as its JSON pages print it, in camel case with
// explicit nulls (tvm-xdr-graph.md 4.6).
type assetVulnerability struct {
	ID                          string   `json:"id"`
	DeviceID                    string   `json:"deviceId"`
	RBACGroupID                 int      `json:"rbacGroupId"`
	RBACGroupName               string   `json:"rbacGroupName"`
	DeviceName                  string   `json:"deviceName"`
	OSPlatform                  string   `json:"osPlatform"`
	OSVersion                   string   `json:"osVersion"`
	OSArchitecture              string   `json:"osArchitecture"`
	SoftwareVendor              string   `json:"softwareVendor"`
	SoftwareName                string   `json:"softwareName"`
	SoftwareVersion             string   `json:"softwareVersion"`
	CVEID                       *string  `json:"cveId"`
	CVSSScore                   *float64 `json:"cvssScore"`
	VulnerabilitySeverityLevel  *string  `json:"vulnerabilitySeverityLevel"`
	RecommendedSecurityUpdate   *string  `json:"recommendedSecurityUpdate"`
	RecommendedSecurityUpdateID *string  `json:"recommendedSecurityUpdateId"`
	RecommendedUpdateURL        *string  `json:"recommendedSecurityUpdateUrl"`
	DiskPaths                   []string `json:"diskPaths"`
	RegistryPaths               []string `json:"registryPaths"`
	LastSeenTimestamp           string   `json:"lastSeenTimestamp"`
	FirstSeenTimestamp          string   `json:"firstSeenTimestamp"`
	ExploitabilityLevel         string   `json:"exploitabilityLevel"`
	RecommendationReference     string   `json:"recommendationReference"`
	SecurityUpdateAvailable     *bool    `json:"securityUpdateAvailable,omitempty"` // full export only
	IsOnboarded                 bool     `json:"isOnboarded"`
	Status                      *string  `json:"status,omitempty"` // delta only
	EventTimestamp              *string  `json:"eventTimestamp,omitempty"`
}

// assetVulnerabilityLine is the same row as a line of an export file: Pascal case, and null members left out.
type assetVulnerabilityLine struct {
	ID                          string   `json:"Id"`
	DeviceID                    string   `json:"DeviceId"`
	RBACGroupID                 int      `json:"RbacGroupId"`
	RBACGroupName               string   `json:"RbacGroupName"`
	DeviceName                  string   `json:"DeviceName"`
	OSPlatform                  string   `json:"OSPlatform"`
	OSVersion                   string   `json:"OSVersion"`
	OSArchitecture              string   `json:"OSArchitecture"`
	SoftwareVendor              string   `json:"SoftwareVendor"`
	SoftwareName                string   `json:"SoftwareName"`
	SoftwareVersion             string   `json:"SoftwareVersion"`
	CVEID                       *string  `json:"CveId,omitempty"`
	CVSSScore                   *float64 `json:"CvssScore,omitempty"`
	VulnerabilitySeverityLevel  *string  `json:"VulnerabilitySeverityLevel,omitempty"`
	RecommendedSecurityUpdate   *string  `json:"RecommendedSecurityUpdate,omitempty"`
	RecommendedSecurityUpdateID *string  `json:"RecommendedSecurityUpdateId,omitempty"`
	RecommendedUpdateURL        *string  `json:"RecommendedSecurityUpdateUrl,omitempty"`
	DiskPaths                   []string `json:"DiskPaths"`
	RegistryPaths               []string `json:"RegistryPaths"`
	LastSeenTimestamp           string   `json:"LastSeenTimestamp"`
	FirstSeenTimestamp          string   `json:"FirstSeenTimestamp"`
	ExploitabilityLevel         string   `json:"ExploitabilityLevel"`
	RecommendationReference     string   `json:"RecommendationReference"`
	SecurityUpdateAvailable     *bool    `json:"SecurityUpdateAvailable,omitempty"`
	IsOnboarded                 bool     `json:"IsOnboarded"`
	Status                      *string  `json:"Status,omitempty"`
	EventTimestamp              *string  `json:"EventTimestamp,omitempty"`
}

// assetRow computes the row of a vulnerability of an install; flaw -1 is software without any.
func (t *tenant) assetRow(i int32, in install, flaw int32) assetVulnerability {
	m, p := t.machines[i], &t.catalogue.products[in.product]
	group, kind := t.groups[m.group], &t.platforms[m.platform]
	id := m.machineID()
	row := assetVulnerability{
		DeviceID: id, RBACGroupID: group.id, RBACGroupName: group.assessed(), DeviceName: t.dnsName(i),
		OSPlatform: kind.platform, OSVersion: t.systemVersion(i), OSArchitecture: "x64",
		SoftwareVendor: p.vendor, SoftwareName: p.name, SoftwareVersion: p.releases[in.version],
		DiskPaths: []string{in.diskPath(p, kind.mask)}, RegistryPaths: p.registryPaths(kind.mask),
		LastSeenTimestamp: m.lastSeen.spaced(), FirstSeenTimestamp: t.firstSeen(m, in).spaced(),
		ExploitabilityLevel: noExploit.String(), RecommendationReference: "va-_-" + p.id(), IsOnboarded: m.onboarding == 0,
	}
	available := int(in.version)+1 < len(p.releases)
	row.SecurityUpdateAvailable = &available
	if flaw >= 0 {
		v := &t.catalogue.flaws[flaw]
		severity := severityName(v.vector.severity())
		row.CVEID, row.CVSSScore, row.VulnerabilitySeverityLevel, row.ExploitabilityLevel = &v.id, &v.vector.score, &severity, v.exploit.String()
		if kb := p.kbs[v.fixed]; kb != "" {
			row.RecommendedSecurityUpdate, row.RecommendedSecurityUpdateID = orNull(t.catalogue.updateName(p, v.fixed)), &p.kbs[v.fixed]
			row.RecommendedUpdateURL = orNull("https://catalog.update.microsoft.com/v7/site/Search.aspx?q=KB" + kb)
		}
	}
	row.ID = t.assetID(i, in, flaw)
	return row
}

// assetID gives the id of a row, in the recorded form with the vendor in it; the document's samples lack it.
func (t *tenant) assetID(i int32, in install, flaw int32) string {
	p, cve := &t.catalogue.products[in.product], ""
	if flaw >= 0 {
		cve = t.catalogue.flaws[flaw].id
	}
	return t.machines[i].machineID() + "_" + p.vendor + "_" + p.name + "_" + p.releases[in.version] + "_" + cve
}

// systemVersion gives the version of a device's operating system: its first product.
func (t *tenant) systemVersion(i int32) string {
	if installs := t.installsOf(i); len(installs) > 0 {
		return t.catalogue.products[installs[0].product].releases[installs[0].version]
	}
	return ""
}

// firstSeen is when an install was first seen: when the change was found, if there was one.
func (t *tenant) firstSeen(m *machine, in install) stamp {
	if in.change == installedNew || in.change == upgraded {
		return t.changedAt(in)
	}
	return m.firstSeen + stamp(mix("seen", int(in.product))%(72*3600))*stamp(time.Second)
}

// diskPath says where an install lies on a system.
func (in install) diskPath(p *product, system osMask) string {
	if in.moved == 0 {
		return p.diskPath(system)
	}
	return fmt.Sprintf("%s.%d", p.diskPath(system), in.moved)
}

// diskPath says where a product lies on a system.
func (p *product) diskPath(system osMask) string {
	windows := strings.HasPrefix(p.path, `C:\`)
	switch {
	case system&osWindows != 0 && !windows:
		return `C:\Program Files\` + p.title + `\` + p.name + ".exe"
	case system == osMacOS && windows:
		return "/Applications/" + p.title + ".app"
	case system == osLinux && windows:
		return "/usr/bin/" + p.name
	}
	return p.path
}

// registryPaths says where a product stands in the registry.
func (p *product) registryPaths(system osMask) []string {
	if system&osWindows == 0 {
		return []string{}
	}
	return []string{`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\` + p.title}
}
