package normalize

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Incident turns an incident of Defender XDR or of Graph into an Incident Finding
// (2005). Its alerts become the list of findings; what they say beyond that, their
// evidence above all, has no place in the class and is unmapped, but for the
// observables in it. The error tells that the record is no JSON object, or has no
// time or id.
func Incident(in Input) (ocsf.Event, error) {
	o, err := open(in, "incident")
	if err != nil {
		return nil, err
	}
	event := &ocsf.IncidentFinding{}
	if in.API == gatehouse.APIGraph {
		o.graphIncident(event)
	} else {
		o.xdrIncident(event)
	}
	return o.seal(event, "incident")
}

// incidentNames says what the members of an incident are called in one API.
type incidentNames struct {
	id, name, text, created, updated string
	alerts                           *alertNames
}

var xdrIncidentNames = incidentNames{
	id: "incidentId", name: "incidentName", created: "createdTime", updated: "lastUpdateTime", alerts: &xdrAlertNames,
}

// incidentStatuses are the states of an incident. One that was merged into another
// is closed.
var incidentStatuses = []word[ocsf.IncidentStatusID]{
	{"Active", ocsf.IncidentStatusNew},
	{"New", ocsf.IncidentStatusNew},
	{"InProgress", ocsf.IncidentStatusInProgress},
	{"AwaitingAction", ocsf.IncidentStatusOnHold},
	{"Resolved", ocsf.IncidentStatusResolved},
	{"Redirected", ocsf.IncidentStatusClosed},
	{"Unknown", ocsf.IncidentStatusUnknown},
}

// incident maps what incidents of both APIs have.
func (o *opened) incident(event *ocsf.IncidentFinding, n *incidentNames) {
	event.Message, event.Desc = o.text(n.name), o.text(n.text)
	event.SeverityID, event.Severity = severity(o.text("severity"))
	event.StatusID, event.Status = translate(incidentStatuses, o.text("status"))
	event.StatusDetail = o.determination()
	event.VerdictID, event.Verdict = o.verdict(event.StatusDetail)
	event.ActivityID = activity(o.Kind, event.StatusID == ocsf.IncidentStatusResolved || event.StatusID == ocsf.IncidentStatusClosed)
	event.Comment = o.lastComment()
	if event.Assignee = person(o.text("assignedTo")); event.Assignee == nil {
		event.AssigneeGroup = &ocsf.Group{Name: "Unassigned"} // OCSF asks for one of the two
	}
	created, updated := o.moment(n.created), o.moment(n.updated)
	event.StartTime = created
	event.Metadata = o.metadata(origin{product: productXDR, log: "incidents", key: o.peek(n.id), original: first(o.peek(n.updated), o.peek(n.created))})
	event.Metadata.ModifiedTime, event.Metadata.CorrelationUID = updated, o.text(n.id)
	if o.Kind == gatehouse.EventCreated || o.Kind == "" {
		event.Time = o.time(created, updated)
		event.Metadata.OriginalTime = first(o.peek(n.created), o.peek(n.updated))
	} else {
		event.Time = o.time(updated, created)
	}
	event.FindingInfoList = o.findings(n, event)
	event.Observables = o.incidentObservables()
}

// findings lists the alerts of an incident. One that came without its alerts is a
// finding by itself, since OCSF asks for one at least.
func (o *opened) findings(n *incidentNames, event *ocsf.IncidentFinding) []ocsf.FindingInfo {
	var all []ocsf.FindingInfo
	for item := range o.list("alerts") {
		if info := item.findingInfo(n.alerts, ""); info != nil {
			info.RelatedEvents = item.partOf(n.alerts)
			all = append(all, *info)
		}
	}
	if len(all) == 0 {
		if uid := first(o.peek(n.id), o.EventID); uid != "" {
			all = append(all, ocsf.FindingInfo{
				UID: uid, Title: event.Message, Desc: event.Desc, CreatedTime: event.StartTime, ModifiedTime: event.Metadata.ModifiedTime,
			})
		}
	}
	return all
}

// sighting says what kind of observable a member of an entity is.
type sighting struct {
	name string
	kind ocsf.ObservableTypeID
	ok   func(string) bool // nil: any text
}

// sightings are the members that are worth to be looked for in the alerts of an
// incident. They stay where they are, in unmapped.
var sightings = []sighting{
	{"mdatpDeviceId", ocsf.ObservableTypeDeviceObjectUid, nil},
	{"mdeDeviceId", ocsf.ObservableTypeDeviceObjectUid, nil},
	{"deviceDnsName", ocsf.ObservableTypeHostname, ocsf.ValidHostname},
	{"ipAddress", ocsf.ObservableTypeIPAddress, ocsf.ValidIP},
	{"url", ocsf.ObservableTypeURLString, ocsf.ValidURL},
	{"fileName", ocsf.ObservableTypeFileName, nil},
	{"sha256", ocsf.ObservableTypeHash, nil},
	{"sha1", ocsf.ObservableTypeHash, nil},
	{"accountName", ocsf.ObservableTypeUserName, nil},
	{"userSid", ocsf.ObservableTypeUserObjectUid, nil},
	{"userPrincipalName", ocsf.ObservableTypeEmailAddress, ocsf.ValidEmail},
	{"processCommandLine", ocsf.ObservableTypeCommandLine, nil},
	{"mailboxAddress", ocsf.ObservableTypeEmailAddress, ocsf.ValidEmail},
}

// incidentObservables collects what the alerts of an incident show.
func (o *opened) incidentObservables() []ocsf.Observable {
	var seen observables
	for alert := range o.list("alerts") {
		for _, group := range []string{"devices", "entities", "evidence"} {
			for item := range alert.list(group) {
				item.sight(&seen, "unmapped.alerts."+group+".")
				for _, inner := range []string{"fileDetails", "imageFile", "userAccount"} {
					item.object(inner).sight(&seen, "unmapped.alerts."+group+"."+inner+".")
				}
			}
		}
	}
	return seen.list
}

// sight collects the sightings among the members of a value.
func (v value) sight(seen *observables, path string) {
	for _, s := range sightings {
		if text := v.peek(s.name); text != "" && (s.ok == nil || s.ok(text)) {
			seen.add(s.kind, path+s.name, text)
		}
	}
}

// xdrIncident maps an incident of Defender XDR.
func (o *opened) xdrIncident(event *ocsf.IncidentFinding) {
	o.incident(event, &xdrIncidentNames)
	event.Metadata.Labels = o.texts("tags")
}
