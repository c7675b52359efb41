package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Vulnerability turns a row of device, software and CVE into an event of the class
// Vulnerability Finding (2002). A row without CVE says no more than that the
// software is there, and becomes Software Inventory Info (5020). The rows of
// export pages, of export files and of hunting differ in the spelling of their
// names alone. The error tells that the record is no JSON object or has no time;
// those of hunting have none, so give Input.Time.
func Vulnerability(in Input) (ocsf.Event, error) {
	o, err := open(in, "vulnerability")
	if err != nil {
		return nil, err
	}
	r := row{o.value}
	if r.peek("cveId") == "" {
		return o.installedSoftware(r)
	}
	return o.softwareVulnerability(r)
}

// softwareKey identifies a row, in all APIs alike. A bar within a part is escaped.
func softwareKey(r row) string {
	if r.peek("deviceId") == "" {
		return ""
	}
	parts := []string{r.peek("deviceId"), r.peek("softwareVendor"), r.peek("softwareName"), r.peek("softwareVersion"), r.peek("cveId")}
	for i, p := range parts {
		if strings.ContainsAny(p, "|%") {
			parts[i] = strings.NewReplacer("%", "%25", "|", "%7C").Replace(p)
		}
	}
	return strings.Join(parts, "|")
}

// rowMetadata says where a row comes from.
func (o *opened) rowMetadata(r row) *ocsf.Metadata {
	return o.metadata(origin{product: productTVM, log: "vulnerabilities", key: softwareKey(r), original: first(r.peek("eventTimestamp"), r.peek("lastSeenTimestamp"))})
}

// softwareVulnerability maps a row with a CVE.
func (o *opened) softwareVulnerability(r row) (ocsf.Event, error) {
	fixed := alike(r.peek("status"), "Fixed")
	event := &ocsf.VulnerabilityFinding{
		ActivityID: o.changeOf(r, fixed), StatusID: ocsf.Some(vulnerabilityStatus(o.Kind, fixed)), StatusCode: r.text("status"),
		Metadata: o.rowMetadata(r), Device: softwareDevice(r),
		FindingInfo: &ocsf.FindingInfo{
			UID: softwareKey(r), UIDAlt: r.text("id"), Tags: tagged("CveTags", r.texts("cveTags")),
			Title: join(r.peek("cveId"), "in", r.peek("softwareVendor"), r.peek("softwareName"), r.peek("softwareVersion")),
		},
	}
	event.SeverityID, event.Severity = severity(r.peek("vulnerabilitySeverityLevel"))
	found := foundVulnerability(r)
	event.FindingInfo.FirstSeenTime, event.FindingInfo.LastSeenTime = found.FirstSeenTime, found.LastSeenTime
	event.FindingInfo.UID = first(event.FindingInfo.UID, o.EventID, event.FindingInfo.UIDAlt, r.peek("cveId"))
	event.Metadata.UID = first(event.Metadata.UID, event.FindingInfo.UID)
	event.Vulnerabilities = []ocsf.Vulnerability{found}
	event.Message = event.FindingInfo.Title + onDevice(event.Device)
	event.Time = o.time(r.moment("eventTimestamp"), found.LastSeenTime, found.FirstSeenTime)
	event.Observables = vulnerabilityObservables(event)
	return o.seal(event, "vulnerability")
}

// onDevice says on which device, for a message.
func onDevice(d *ocsf.Device) string {
	if name := first(d.Hostname, d.Name, d.UID); name != "" {
		return " on " + name
	}
	return ""
}

// changeOf says what happened. A row of the list of changes tells by itself that
// something was fixed, or that it is not new.
func (o *opened) changeOf(r row, fixed bool) ocsf.FindingActivityID {
	if fixed {
		return ocsf.FindingActivityClose
	}
	if s := r.peek("status"); o.Kind == "" && s != "" && !alike(s, "New") {
		return ocsf.FindingActivityUpdate
	}
	return activity(o.Kind, false)
}

// vulnerabilityStatus says where a vulnerability stands.
func vulnerabilityStatus(kind gatehouse.EventKind, fixed bool) ocsf.FindingStatusID {
	if fixed {
		return ocsf.FindingStatusResolved
	}
	return statusOf(kind)
}

// foundVulnerability reads the CVE of a row, the software and the remedy.
func foundVulnerability(r row) ocsf.Vulnerability {
	v := ocsf.Vulnerability{
		Title: r.text("cveBatchTitle"), References: nonEmpty(r.text("cveBatchUrl")), Severity: r.text("vulnerabilitySeverityLevel"),
		FirstSeenTime: r.moment("firstSeenTimestamp"), LastSeenTime: r.moment("lastSeenTimestamp"),
		IsFixAvailable: r.flag("securityUpdateAvailable"), IsExploitAvailable: exploitable(r.peek("exploitabilityLevel")),
		AffectedPackages: affectedPackages(r), Remediation: securityUpdate(r),
	}
	id := r.text("cveId")
	if !isCVE(id) {
		v.Advisory = &ocsf.Advisory{UID: id} // TVM-2020-0002: Microsoft's own, until there is a CVE
		return v
	}
	v.CVE = &ocsf.CVE{UID: id, CVSS: scored(r, "cvssScore", "")}
	return v
}

// isCVE tells a CVE from an id of Microsoft's own.
func isCVE(id string) bool { return len(id) > 4 && strings.EqualFold(id[:4], "CVE-") }

// scored reads a CVSS score. Zero stands for "not rated" and stays unmapped.
// Without a vector the version is 3, of which Microsoft does not tell the minor.
func scored(r row, name, vector string) []ocsf.CVSS {
	score, ok := r.float(name).Get()
	if !ok {
		return nil
	}
	if score == 0 && vector == "" {
		r.member(name).unmark()
		return nil
	}
	version := "3"
	if prefix, _, ok := strings.Cut(vector, "/"); ok && strings.HasPrefix(prefix, "CVSS:") && len(prefix) > len("CVSS:") {
		version = prefix[len("CVSS:"):]
	}
	return []ocsf.CVSS{{BaseScore: score, Version: version, VectorString: vector, Depth: ocsf.CVSSDepthBase}}
}

// exploitable tells whether there is an exploit. The word itself says how sure
// that is, and stays in unmapped.
func exploitable(level string) ocsf.Opt[bool] {
	if level == "" {
		return ocsf.Opt[bool]{}
	}
	return ocsf.Bool(!alike(level, "NoExploit"))
}

// affectedPackages reads the software, once for each place where it lies. OCSF
// wants a name and a version.
func affectedPackages(r row) []ocsf.AffectedPackage {
	if r.peek("softwareName") == "" || r.peek("softwareVersion") == "" {
		return nil
	}
	p := ocsf.AffectedPackage{Name: r.text("softwareName"), Version: r.text("softwareVersion"), VendorName: r.text("softwareVendor")}
	paths := r.texts("diskPaths")
	if len(paths) == 0 {
		return []ocsf.AffectedPackage{p}
	}
	packages := make([]ocsf.AffectedPackage, len(paths))
	for i, path := range paths {
		packages[i] = p
		packages[i].Path = path
	}
	return packages
}

// securityUpdate reads the update that mends a vulnerability; nil when there is
// none.
func securityUpdate(r row) *ocsf.Remediation {
	title, id, url := r.text("recommendedSecurityUpdate"), r.text("recommendedSecurityUpdateId"), r.valid("recommendedSecurityUpdateUrl", ocsf.ValidURL)
	if title == "" && id == "" && url == "" {
		return nil
	}
	fix := &ocsf.Remediation{Desc: first(title, kbName(id), url), References: nonEmpty(url)}
	if id != "" || url != "" {
		fix.KBArticleList = []ocsf.KBArticle{{UID: kbName(id), Title: title, SrcURL: url}}
	}
	return fix
}

// kbName writes the number of an update as people do: KB4565503.
func kbName(id string) string {
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return id
	}
	return "KB" + id
}

// softwareDevice reads the device of a row.
func softwareDevice(r row) *ocsf.Device {
	d := &ocsf.Device{
		UID: r.text("deviceId"), UIDAlt: r.text("aadDeviceId"), OS: operatingSystem(r), HWInfo: hardware(r),
		Groups: deviceGroups(r, "rbacGroupId", "rbacGroupName"), IsManaged: r.flag("isOnboarded"),
	}
	nameDevice(d, r, "deviceName")
	if p, ok := platformOf(r.peek("osPlatform")); ok {
		d.TypeID = p.device
	}
	return orUnknown(d)
}

// vulnerabilityObservables shows the device and the CVE.
func vulnerabilityObservables(event *ocsf.VulnerabilityFinding) []ocsf.Observable {
	var seen observables
	if event.Device != nil {
		seen.list = deviceObservables(event.Device)
	}
	for i := range event.Vulnerabilities {
		v := &event.Vulnerabilities[i]
		if v.CVE != nil {
			seen.add(ocsf.ObservableTypeCVEObjectUid, "vulnerabilities.cve.uid", v.CVE.UID)
		}
		if v.Advisory != nil {
			seen.add(ocsf.ObservableTypeAdvisoryObjectUid, "vulnerabilities.advisory.uid", v.Advisory.UID)
		}
		for j := range v.AffectedPackages {
			seen.add(ocsf.ObservableTypeFilePath, "vulnerabilities.affected_packages.path", v.AffectedPackages[j].Path)
		}
	}
	return seen.list
}

// join puts words that are there into one line.
func join(words ...string) string { return strings.Join(nonEmpty(words...), " ") }
