package normalize

import (
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// SecureScoreControl turns a control that can raise the secure score into an event
// of the class Compliance Finding (2003). The error tells that the record is no
// JSON object or has no time or id.
func SecureScoreControl(in Input) (ocsf.Event, error) {
	o, err := open(in, "secure score control")
	if err != nil {
		return nil, err
	}
	r, key := row{o.value}, o.peek("id")
	modified, title := r.moment("lastModifiedDateTime"), r.text("title")
	event := &ocsf.ComplianceFinding{
		SeverityID: ocsf.SeverityUnknown, ActivityID: activity(in.Kind, false),
		Metadata: o.metadata(origin{product: productScore, log: "secure-score-controls", key: key, original: r.peek("lastModifiedDateTime")}),
		FindingInfo: &ocsf.FindingInfo{
			UID: first(r.text("id"), in.EventID), Title: title, ModifiedTime: modified, SrcURL: r.valid("actionUrl", ocsf.ValidURL),
			Types: nonEmpty(r.text("service")), Tags: tagged("threats", r.texts("threats")), Product: scorer(r),
		},
		Compliance: control(r, title), Message: title,
	}
	event.Metadata.TenantUID = o.tenant("azureTenantId")
	if desc := r.text("remediation"); desc != "" {
		event.Remediation = &ocsf.Remediation{Desc: desc}
	}
	changed := controlState(r, in.Kind, event)
	event.Time = o.time(modified, changed)
	return o.seal(event, "secure score control")
}

// control reads what the control asks for, and which standards ask for it. Whether
// the tenant does so is said by the secure scores, not by the control.
func control(r row, title string) *ocsf.Compliance {
	c := &ocsf.Compliance{Control: title, Category: r.text("controlCategory"), StatusID: ocsf.Some(ocsf.ComplianceStatusUnknown)}
	for certification := range r.list("complianceInformation") {
		if name := certification.text("certificationName"); name != "" && !slices.Contains(c.Standards, name) {
			c.Standards = append(c.Standards, name)
		}
		for item := range certification.list("certificationControls") {
			if name := item.text("name"); name != "" && !slices.Contains(c.Requirements, name) {
				c.Requirements = append(c.Requirements, name)
			}
		}
	}
	return c
}

// scorer reads which of Microsoft's products gives the control; nil when the
// record does not say.
func scorer(r row) *ocsf.Product {
	v := r.object("vendorInformation")
	if v.peek("provider") == "" {
		return nil
	}
	return &ocsf.Product{Name: v.text("provider"), VendorName: v.text("vendor"), Version: v.text("providerVersion")}
}

// controlState reads the latest decision about a control and returns its time.
func controlState(r row, kind gatehouse.EventKind, event *ocsf.ComplianceFinding) ocsf.Timestamp {
	var last value
	for update := range r.list("controlStateUpdates") {
		last = update
	}
	latest := row{last}
	state := latest.text("state")
	event.StatusID, event.StatusCode, event.Comment = ocsf.Some(statusOf(kind)), state, latest.text("comment")
	switch {
	case event.ActivityID == ocsf.FindingActivityClose:
	case alike(state, "Ignored"), alike(state, "Ignore"):
		event.StatusID = ocsf.Some(ocsf.FindingStatusSuppressed)
	case alike(state, "ThirdParty"), alike(state, "Reviewed"):
		event.StatusID = ocsf.Some(ocsf.FindingStatusResolved)
	}
	changed := latest.moment("updatedDateTime")
	if !last.there() {
		return 0
	}
	latest.member("updatedDateTime").unmark() // the event may have another time
	return changed
}
