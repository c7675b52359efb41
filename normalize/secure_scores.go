package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// SecureScore turns Microsoft Secure Score of one day into an event of the class
// Compliance Finding (2003), each of its controls a check. The error tells that the
// record is no JSON object or has no time or id.
func SecureScore(in Input) (ocsf.Event, error) {
	o, err := open(in, "secure score")
	if err != nil {
		return nil, err
	}
	r, key, title := row{o.value}, o.peek("id"), "Microsoft Secure Score"
	created := o.moment("createdDateTime")
	event := &ocsf.ComplianceFinding{
		ActivityID: activity(in.Kind, false), SeverityID: ocsf.SeverityInformational, Time: o.time(created), StatusID: ocsf.Some(statusOf(in.Kind)),
		Metadata: o.metadata(origin{product: productScore, log: "secure-scores", key: key, original: o.peek("createdDateTime")}),
		FindingInfo: &ocsf.FindingInfo{
			UID: first(o.text("id"), in.EventID, "unknown"), Title: title, CreatedTime: created, Types: []string{"Score"},
			Tags: tagged("enabledServices", o.texts("enabledServices")), Product: scorer(r),
		},
		Compliance: &ocsf.Compliance{
			Control: title, Category: "Secure Score", StatusID: ocsf.Some(ocsf.ComplianceStatusUnknown), ControlParameters: o.points(), Checks: o.checks(),
		},
	}
	event.Metadata.TenantUID = o.tenant("azureTenantId")
	event.Message = title
	if current, best := o.peek("currentScore"), o.peek("maxScore"); current != "" {
		event.Message += ": " + rounded(current)
		if best != "" {
			event.Message += " of " + rounded(best)
		}
	}
	return o.seal(event, "secure score")
}

// points are the numbers of a score, by their names, and what others score.
func (o *opened) points() []ocsf.KeyValueObject {
	var all []ocsf.KeyValueObject
	for _, name := range []string{"currentScore", "maxScore", "activeUserCount", "licensedUserCount"} {
		if text := o.text(name); text != "" {
			all = append(all, ocsf.KeyValueObject{Name: name, Value: text})
		}
	}
	for other := range o.list("averageComparativeScores") {
		if average := other.text("averageScore"); average != "" {
			all = append(all, ocsf.KeyValueObject{Name: first(other.text("basis"), "averageScore"), Value: average})
		}
	}
	return all
}

// checks are the controls of a score. One is passed when it has all its points, and
// in between with some of them. How many it has stays in unmapped.
func (o *opened) checks() []ocsf.Check {
	var all []ocsf.Check
	for control := range o.list("controlScores") {
		c := ocsf.Check{Name: control.text("controlName"), Desc: control.text("description")}
		if percent, ok := control.float("scoreInPercentage").Get(); ok {
			control.member("scoreInPercentage").unmark()
			c.StatusID = ocsf.Some(passed(percent))
		}
		if c.Name != "" || c.Desc != "" {
			all = append(all, c)
		}
	}
	return all
}

// passed tells from its share of the points how a control stands.
func passed(percent float64) ocsf.ComplianceStatusID {
	switch {
	case percent >= 100:
		return ocsf.ComplianceStatusPass
	case percent > 0:
		return ocsf.ComplianceStatusWarning
	default:
		return ocsf.ComplianceStatusFail
	}
}
