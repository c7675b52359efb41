package normalize

import (
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// MachineAction turns a response action into an event of the class Remediation
// Activity (7001), or File Remediation Activity (7002) when a file was stopped and
// quarantined. The error tells that the record is no JSON object or has no time or
// id.
func MachineAction(in Input) (ocsf.Event, error) {
	o, err := open(in, "machine action")
	if err != nil {
		return nil, err
	}
	action := o.machineAction()
	file := quarantined(o)
	if file == nil {
		action.Observables = deviceObservables(action.Device)
		return o.seal(action, "machine action")
	}
	var seen observables
	seen.list = deviceObservables(action.Device)
	for i := range file.Hashes {
		seen.add(ocsf.ObservableTypeHash, "file.hashes.value", file.Hashes[i].Value)
	}
	return o.seal(&ocsf.FileRemediationActivity{
		File: file, Observables: seen.list,
		ActivityID: action.ActivityID, ActivityName: action.ActivityName, SeverityID: action.SeverityID,
		StatusID: action.StatusID, Status: action.Status, StatusCode: action.StatusCode, StatusDetail: action.StatusDetail,
		Metadata: action.Metadata, CommandUID: action.CommandUID, Message: action.Message, Remediation: action.Remediation,
		Device: action.Device, Actor: action.Actor, Scan: action.Scan,
		StartTime: action.StartTime, EndTime: action.EndTime, Time: action.Time,
	}, "machine action")
}

// machineAction maps what actions of both classes have.
func (o *opened) machineAction() *ocsf.RemediationActivity {
	r, key := row{o.value}, o.peek("id")
	created, updated := r.moment("creationDateTimeUtc"), r.moment("lastUpdateDateTimeUtc")
	if updated == 0 {
		updated = r.moment("lastUpdateTimeUtc") // as some pages of Microsoft spell it
	}
	action := &ocsf.RemediationActivity{
		SeverityID: ocsf.SeverityInformational, CommandUID: first(r.text("id"), o.EventID, "unknown"),
		StartTime: created, Time: o.time(updated, created),
		StatusDetail: r.text("troubleshootInfo"), Device: actionDevice(r), Actor: requestor(r), Scan: scan(r),
	}
	action.ActivityID, action.ActivityName = translate(actions, r.peek("type"))
	status, caption := translate(outcomes, r.peek("status"))
	action.StatusID, action.Status, action.StatusCode = some(status), caption, r.text("status")
	if status != 0 && status != ocsf.RemediationStatusOther || alike(action.StatusCode, "Cancelled") {
		action.EndTime = updated
	} else if updated != action.Time {
		r.member("lastUpdateDateTimeUtc").unmark()
	}
	what := first(r.text("title"), r.peek("type"))
	if what != "" {
		action.Remediation = &ocsf.Remediation{Desc: what}
	}
	comment := r.text("requestorComment")
	if action.Message = first(what, "Action") + onDevice(action.Device); comment != "" {
		action.Message += ": " + comment
	}
	action.Metadata = o.metadata(origin{product: productEndpoint, log: "machine-actions", key: key, original: r.peek("creationDateTimeUtc"), profiles: []string{"host"}})
	action.Metadata.EventCode, action.Metadata.CorrelationUID, action.Metadata.Source = r.text("type"), r.text("externalId"), r.text("requestSource")
	return action
}

// actions are the types of action by what D3FEND, and so OCSF, calls them. To
// restrict what may run is an isolation of execution.
var actions = []word[ocsf.RemediationActivityID]{
	{"Isolate", ocsf.RemediationActivityIsolate},
	{"Unisolate", ocsf.RemediationActivityRestore},
	{"RestrictCodeExecution", ocsf.RemediationActivityIsolate},
	{"UnrestrictCodeExecution", ocsf.RemediationActivityRestore},
	{"StopAndQuarantineFile", ocsf.RemediationActivityEvict},
	{"RunAntiVirusScan", ocsf.RemediationActivityDetect},
}

// outcomes are the states of an action that has ended one way or the other. Others
// have no number.
var outcomes = []word[ocsf.RemediationStatusID]{
	{"Succeeded", ocsf.RemediationStatusSuccess},
	{"Failed", ocsf.RemediationStatusFailure},
	{"TimeOut", ocsf.RemediationStatusFailure},
}

// actionDevice reads the device that an action is done to.
func actionDevice(r row) *ocsf.Device {
	d := &ocsf.Device{UID: r.text("machineId")}
	nameDevice(d, r, "computerDnsName")
	return orUnknown(d)
}

// requestor reads who asked for an action: a user, or an application by its name.
func requestor(r row) *ocsf.Actor {
	name := r.text("requestor")
	switch {
	case name == "":
		return nil
	case ocsf.ValidEmail(name):
		return &ocsf.Actor{User: person(name)}
	default:
		return &ocsf.Actor{AppName: name}
	}
}

// scan reads how an antivirus scan was to be done: Quick or Full.
func scan(r row) *ocsf.Scan {
	if !alike(r.peek("type"), "RunAntiVirusScan") || r.peek("scope") == "" {
		return nil
	}
	return &ocsf.Scan{Name: r.text("scope"), TypeID: ocsf.ScanTypeManual}
}

// algorithms are the kinds of file identifier.
var algorithms = []word[ocsf.HashAlgorithmID]{
	{"Sha1", ocsf.HashAlgorithmSHA1},
	{"Sha256", ocsf.HashAlgorithmSHA256},
	{"Md5", ocsf.HashAlgorithmMD5},
}

// quarantined reads the file that was stopped and quarantined; nil when the action
// was another, or no file is named. Only its hash is known, so that it also has to
// serve as the name, which OCSF wants.
func quarantined(o *opened) *ocsf.File {
	r := row{o.object("relatedFileInfo")}
	hash := r.peek("fileIdentifier")
	if hash == "" || !alike(o.peek("type"), "StopAndQuarantineFile") {
		return nil
	}
	id, _ := translate(algorithms, r.peek("fileIdentifierType"))
	f := &ocsf.File{Name: r.text("fileIdentifier"), TypeID: ocsf.FileTypeUnknown}
	if id != 0 && id != ocsf.HashAlgorithmOther && ocsf.ValidHash(id, hash) {
		f.Hashes = []ocsf.Fingerprint{{AlgorithmID: id, Value: hash}}
		r.member("fileIdentifierType").mark()
	}
	return f
}
