package normalize

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Recommendation turns an advice of Vulnerability Management into an event of the
// class Compliance Finding (2003). The record has no time, so give Input.Time. The
// error tells that the record is no JSON object or that there is no time or id.
func Recommendation(in Input) (ocsf.Event, error) {
	o, err := open(in, "recommendation")
	if err != nil {
		return nil, err
	}
	r, key := row{o.value}, o.peek("id")
	title := r.text("recommendationName")
	event := &ocsf.ComplianceFinding{
		Time: o.time(), Metadata: o.metadata(origin{product: productTVM, log: "recommendations", key: key}),
		Message:     title,
		SeverityID:  severityOfScore(r.peek("severityScore"), r),
		FindingInfo: &ocsf.FindingInfo{UID: first(r.text("id"), in.EventID), Title: title, Types: nonEmpty(r.text("subCategory")), Tags: tagged("tags", r.texts("tags"))},
		Compliance:  &ocsf.Compliance{Control: title, Category: r.text("recommendationCategory"), StatusID: ocsf.Some(exposure(r))},
		Resources:   recommended(r), Remediation: advice(r, title), StatusCode: r.text("status"),
	}
	excepted := alike(event.StatusCode, "Exception")
	event.ActivityID = activity(in.Kind, excepted)
	event.StatusID = ocsf.Some(statusOf(in.Kind))
	if excepted && in.Kind != gatehouse.EventRemoved {
		event.StatusID = ocsf.Some(ocsf.FindingStatusSuppressed)
	}
	return o.seal(event, "recommendation")
}

// exposure tells whether the tenant does as advised: it does when no device is
// exposed. How many are stays in unmapped.
func exposure(r row) ocsf.ComplianceStatusID {
	switch exposed := r.peek("exposedMachinesCount"); exposed {
	case "":
		return ocsf.ComplianceStatusUnknown
	case "0":
		return ocsf.ComplianceStatusPass
	default:
		return ocsf.ComplianceStatusFail
	}
}

// severityOfScore turns the score of a configuration, 1 to 10, into a severity by
// the bands of CVSS. Advice on software has 0, which says nothing. The score
// itself stays in unmapped.
func severityOfScore(score string, r row) ocsf.SeverityID {
	if score == "" {
		return ocsf.SeverityUnknown
	}
	f, _ := r.float("severityScore").Get()
	r.member("severityScore").unmark()
	switch {
	case f <= 0:
		return ocsf.SeverityUnknown
	case f < 4:
		return ocsf.SeverityLow
	case f < 7:
		return ocsf.SeverityMedium
	case f < 9:
		return ocsf.SeverityHigh
	default:
		return ocsf.SeverityCritical
	}
}

// recommended reads the software that an advice is about.
func recommended(r row) []ocsf.ResourceDetails {
	name := r.text("productName")
	if name == "" {
		return nil
	}
	return []ocsf.ResourceDetails{{Name: name, Namespace: r.text("vendor"), Type: "Software"}}
}

// advice reads what to do; nil when the record does not say.
func advice(r row, title string) *ocsf.Remediation {
	what := join(r.text("remediationType"), r.text("recommendedVendor"), r.text("recommendedProgram"), r.text("recommendedVersion"))
	if title != "" && what != "" {
		what = title + " (" + what + ")"
	}
	if desc := first(what, title); desc != "" {
		return &ocsf.Remediation{Desc: desc}
	}
	return nil
}
