package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// CVE turns an entry of the catalogue of CVEs into an event of the class
// Vulnerability Finding (2002), without a device. The error tells that the record
// is no JSON object or has no time or id.
func CVE(in Input) (ocsf.Event, error) {
	o, err := open(in, "CVE")
	if err != nil {
		return nil, err
	}
	r, key := row{o.value}, o.peek("id")
	updated := r.peek("updatedOn")
	found := knownVulnerability(r)
	event := &ocsf.VulnerabilityFinding{
		ActivityID: activity(in.Kind, false), StatusID: ocsf.Some(statusOf(in.Kind)),
		Metadata: o.metadata(origin{product: productTVM, log: "cves", key: key, original: updated}),
		FindingInfo: &ocsf.FindingInfo{
			UID: first(key, in.EventID), Title: first(key, r.peek("name")), FirstSeenTime: r.moment("firstDetected"),
			Tags: tagged("tags", r.texts("tags")),
		},
		Vulnerabilities: []ocsf.Vulnerability{found},
	}
	event.SeverityID, event.Severity = severity(r.peek("severity"))
	event.Time = o.time(r.moment("updatedOn"), r.moment("publishedOn"), event.FindingInfo.FirstSeenTime)
	if event.Message = event.FindingInfo.Title; r.peek("severity") != "" {
		event.Message += " (" + r.peek("severity") + ")"
	}
	event.Observables = vulnerabilityObservables(event)
	return o.seal(event, "CVE")
}

// knownVulnerability reads what the catalogue knows of a CVE.
func knownVulnerability(r row) ocsf.Vulnerability {
	v := ocsf.Vulnerability{
		Severity: r.text("severity"), ExploitType: first(strings.Join(r.texts("exploitTypes"), ", ")),
		IsExploitAvailable: anyTrue(r, "publicExploit", "exploitVerified", "exploitInKit"),
		References:         r.texts("exploitUris"),
	}
	if len(v.References) > 0 && ocsf.ValidURL(v.References[0]) {
		v.ExploitRefURL = v.References[0]
	}
	if r.peek("patchFirstAvailable") != "" {
		v.IsFixAvailable = ocsf.Bool(true) // since when stays in unmapped
	}
	id, desc := first(r.text("id"), r.peek("name"), "unknown"), r.text("description")
	created, modified := r.moment("publishedOn"), r.moment("updatedOn")
	if !isCVE(id) {
		v.Advisory = &ocsf.Advisory{UID: id, Title: r.text("name"), Desc: desc, CreatedTime: created, ModifiedTime: modified}
		return v
	}
	v.CVE = &ocsf.CVE{
		UID: id, Title: r.text("name"), Desc: desc, CreatedTime: created, ModifiedTime: modified,
		CVSS: scored(r, "cvssV3", r.peek("cvssVector")), EPSS: predicted(r),
	}
	if len(v.CVE.CVSS) > 0 {
		r.member("cvssVector").mark()
	}
	return v
}

// predicted reads the probability of exploitation.
func predicted(r row) *ocsf.EPSS {
	if _, ok := r.float("epss").Get(); !ok {
		return nil
	}
	return &ocsf.EPSS{Score: r.peek("epss")}
}

// anyTrue tells whether one of some members is true; absent when none is there.
// Which one it is stays in unmapped.
func anyTrue(r row, names ...string) ocsf.Opt[bool] {
	var known ocsf.Opt[bool]
	for _, name := range names {
		m := r.member(name)
		if !m.there() {
			continue
		}
		known = ocsf.Bool(known.Or(false) || m.raw() == "true")
	}
	return known
}
