package normalize

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Alert turns an alert of Defender for Endpoint or of Graph into a Detection
// Finding (2004). Both forms of one alert give events that agree on all that both
// know. The error tells that the record is no JSON object, or has no time or id.
func Alert(in Input) (ocsf.Event, error) {
	o, err := open(in, "alert")
	if err != nil {
		return nil, err
	}
	event := &ocsf.DetectionFinding{}
	if in.API == gatehouse.APIGraph {
		o.graphAlert(event)
	} else {
		o.mdeAlert(event)
	}
	event.Observables = findingObservables(event.Device, event.Evidences)
	return o.seal(event, "alert")
}

// alertStatuses are the states of an alert.
var alertStatuses = []word[ocsf.FindingStatusID]{
	{"New", ocsf.FindingStatusNew},
	{"InProgress", ocsf.FindingStatusInProgress},
	{"Resolved", ocsf.FindingStatusResolved},
	{"Unknown", ocsf.FindingStatusUnknown},
}

// alert maps what alerts of all APIs have.
func (o *opened) alert(event *ocsf.DetectionFinding, n *alertNames, product string) {
	tenant := o.tenant(n.tenant)
	info := o.findingInfo(n, o.EventID)
	if info == nil {
		info = &ocsf.FindingInfo{} // seal refuses it: there is no id
	}
	info.RelatedEvents = o.partOf(n)
	event.FindingInfo = info
	event.StartTime, event.EndTime = info.FirstSeenTime, info.LastSeenTime
	event.SeverityID, event.Severity = severity(o.text("severity"))
	status, caption := translate(alertStatuses, o.text("status"))
	event.StatusID, event.Status = ocsf.Some(status), caption
	event.StatusDetail = o.determination()
	event.VerdictID, event.Verdict = o.verdict(event.StatusDetail)
	event.ActivityID = activity(o.Kind, status == ocsf.FindingStatusResolved)
	event.Assignee = person(o.text(n.assignee))
	event.IsAlert = ocsf.Bool(true)
	event.Malware = o.malware(n)
	event.Comment = o.lastComment()
	if advice := o.text(n.advice); advice != "" {
		event.Remediation = &ocsf.Remediation{Desc: advice}
	}
	event.Message = info.Title
	event.Metadata = o.metadata(origin{product: product, log: "alerts", key: o.peek(n.id), original: o.original(n), profiles: []string{"incident"}})
	event.Metadata.TenantUID = tenant
	event.Metadata.CorrelationUID = o.correlation(n)
	event.Time = o.time(o.changed(n, info))
}

// changed returns when that happened which the event is about.
func (o *opened) changed(n *alertNames, info *ocsf.FindingInfo) ocsf.Timestamp {
	order := []ocsf.Timestamp{info.CreatedTime, info.ModifiedTime, info.LastSeenTime, info.FirstSeenTime}
	if o.Kind != gatehouse.EventCreated && o.Kind != "" {
		order[0], order[1] = order[1], order[0]
	}
	for _, t := range order {
		if t != 0 {
			return t
		}
	}
	return o.moment(n.updated)
}

// original returns the same time as Microsoft wrote it.
func (o *opened) original(n *alertNames) string {
	if o.Kind != gatehouse.EventCreated && o.Kind != "" {
		return first(o.peek(n.updated), o.peek(n.created))
	}
	return first(o.peek(n.created), o.peek(n.updated))
}

// correlation returns the incident, by which alerts belong together.
func (o *opened) correlation(n *alertNames) string {
	if uid := o.peek(n.incident); uid != "0" {
		return uid
	}
	return ""
}

// malware names the threat that an alert found. The family is said by itself only
// when there is no name.
func (v value) malware(n *alertNames) []ocsf.Malware {
	name := v.text(n.threat)
	if name == "" {
		name = v.text(n.family)
	}
	if name == "" {
		return nil
	}
	return []ocsf.Malware{{Name: name, ClassificationIDs: []ocsf.MalwareClassificationID{ocsf.MalwareClassificationUnknown}}}
}

// mdeAlert maps an alert of Defender for Endpoint.
func (o *opened) mdeAlert(event *ocsf.DetectionFinding) {
	o.alert(event, &mdeAlertNames, productEndpoint)
	event.Evidences = o.mdeEvidence()
	event.Device = o.mdeAlertDevice()
	if user := o.object("relatedUser").accountOf(&accountNames{name: "userName", domain: "domainName"}); user != nil {
		event.Evidences = append(event.Evidences, ocsf.Evidences{Name: "relatedUser", User: user})
	}
}

// mdeAlertDevice reads the device of an alert of Defender for Endpoint, nil when
// it has none.
func (o *opened) mdeAlertDevice() *ocsf.Device {
	if first(o.peek("machineId"), o.peek("computerDnsName")) == "" {
		return nil
	}
	r := row{o.value}
	d := &ocsf.Device{UID: o.text("machineId"), Groups: deviceGroups(r, "", "rbacGroupName")}
	nameDevice(d, r, "computerDnsName")
	return d
}
