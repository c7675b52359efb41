package normalize

import (
	"strconv"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// ExposureScore turns the exposure score of the tenant, or of one of its device
// groups, into an event of the class Compliance Finding (2003). The higher, the
// more exposed. The error tells that the record is no JSON object or has no time.
func ExposureScore(in Input) (ocsf.Event, error) {
	return deviceScore(in, scoreKind{log: "exposure-score", title: "Exposure score", category: "Exposure", what: "exposure score"})
}

// ConfigurationScore turns the Secure Score for Devices into an event of the class
// Compliance Finding (2003). The higher, the better configured. The error tells
// that the record is no JSON object or has no time.
func ConfigurationScore(in Input) (ocsf.Event, error) {
	return deviceScore(in, scoreKind{log: "configuration-score", title: "Secure Score for Devices", category: "Configuration", what: "configuration score"})
}

// scoreKind is what tells the two scores of devices apart.
type scoreKind struct {
	log, title, category, what string
}

// deviceScore maps a score of Vulnerability Management: a number, a time, and
// perhaps the group of devices that it is of.
func deviceScore(in Input, kind scoreKind) (ocsf.Event, error) {
	o, err := open(in, kind.what)
	if err != nil {
		return nil, err
	}
	key, title := "tenant", kind.title
	group := deviceGroups(row{o.value}, "rbacGroupId", "rbacGroupName")
	if len(group) > 0 {
		key, title = "group:"+first(group[0].Name, group[0].UID), kind.title+" of "+first(group[0].Name, group[0].UID)
	}
	at := o.moment("time")
	event := &ocsf.ComplianceFinding{
		ActivityID: activity(in.Kind, false), SeverityID: ocsf.SeverityInformational, Time: o.time(at),
		Metadata:    o.metadata(origin{product: productTVM, log: kind.log, key: key, original: o.peek("time")}),
		FindingInfo: &ocsf.FindingInfo{UID: kind.log + "/" + key, Title: title, Types: []string{"Score"}},
		Compliance:  &ocsf.Compliance{Control: kind.title, Category: kind.category, StatusID: ocsf.Some(ocsf.ComplianceStatusUnknown)},
		StatusID:    ocsf.Some(statusOf(in.Kind)), Message: title,
	}
	if score := o.peek("score"); score != "" {
		event.Compliance.ControlParameters = []ocsf.KeyValueObject{{Name: "score", Value: o.text("score")}}
		event.Message = title + ": " + rounded(score)
	}
	if len(group) > 0 {
		event.Resources = []ocsf.ResourceDetails{{Name: group[0].Name, UID: group[0].UID, Type: "Device group"}}
	}
	return o.seal(event, kind.what)
}

// rounded writes a score for people, with one digit behind the point at most.
func rounded(score string) string {
	f, err := strconv.ParseFloat(score, 64)
	if err != nil {
		return score
	}
	return strconv.FormatFloat(float64(int64(f*10+0.5))/10, 'f', -1, 64)
}
