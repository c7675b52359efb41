package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// fileActions are the actions of DeviceFileEvents, and those of DeviceEvents that
// are about a file.
var fileActions = []word[ocsf.FileActivityID]{
	{"FileCreated", ocsf.FileActivityCreate},
	{"FileModified", ocsf.FileActivityUpdate},
	{"FileDeleted", ocsf.FileActivityDelete},
	{"FileRenamed", ocsf.FileActivityRename},
	{"ShellLinkCreateFileEvent", ocsf.FileActivityCreate},
	{"FileTimestampModificationEvent", ocsf.FileActivitySetAttributes},
	{"SensitiveFileRead", ocsf.FileActivityRead},
	{"UsbDriveMount", ocsf.FileActivityMount},
	{"UsbDriveMounted", ocsf.FileActivityMount},
	{"UsbDriveUnmount", ocsf.FileActivityUnmount},
	{"UsbDriveUnmounted", ocsf.FileActivityUnmount},
}

// file maps a row of DeviceFileEvents, or one of DeviceEvents that is about a file.
func (r *huntedRow) file() ocsf.Event {
	event := &ocsf.FileActivity{Device: r.device, Actor: r.actor, File: r.huntedFile()}
	event.ActivityID, event.ActivityName = activityOf(r, fileActions)
	if before := r.previousFile(); before != nil {
		event.File, event.FileResult = before, event.File
		r.seen.file("file_result", event.FileResult)
	}
	r.seen.file("file", event.File)
	r.seen.endpoint("unmapped.RequestSourceIP", &ocsf.NetworkEndpoint{IP: validOr(r.peek("RequestSourceIP"), ocsf.ValidIP)})
	what := first(event.File.Path, event.File.Name)
	if event.FileResult != nil {
		what += " to " + first(event.FileResult.Path, event.FileResult.Name)
	}
	event.Message = r.sentence(what)
	return event
}

// huntedFile reads the file that a row is about. OCSF wants a name.
func (r *huntedRow) huntedFile() *ocsf.File {
	f := r.fileOf(&huntedFileNames)
	if f == nil {
		f = &ocsf.File{Name: "unknown"}
	}
	f.IsEncrypted = r.flag("IsAzureInfoProtectionApplied")
	f.Accessor = r.accountOf(&accountNames{name: "RequestAccountName", domain: "RequestAccountDomain", sid: "RequestAccountSid"})
	if from := r.valid("FileOriginUrl", ocsf.ValidURL); from != "" {
		f.URL = &ocsf.URL{URLString: from}
		r.seen.add(ocsf.ObservableTypeURLString, "file.url.url_string", from)
	}
	for _, label := range []string{"SensitivityLabel", "SensitivitySubLabel"} {
		if text := r.text(label); text != "" {
			f.Tags = append(f.Tags, ocsf.KeyValueObject{Name: label, Value: text})
		}
	}
	return f
}

// previousFile reads what a renamed file was called before; nil when it has kept
// its name.
func (r *huntedRow) previousFile() *ocsf.File {
	return r.fileOf(&fileNames{name: "PreviousFileName", folder: "PreviousFolderPath"})
}

// validOr returns a text that OCSF takes for what it is to be, or nothing.
func validOr(text string, ok func(string) bool) string {
	if text == "" || !ok(text) {
		return ""
	}
	return text
}

// imageLoad maps a row of DeviceImageLoadEvents.
func (r *huntedRow) imageLoad() ocsf.Event {
	event := &ocsf.ModuleActivity{Device: r.device, Actor: r.actor, Module: &ocsf.Module{
		File: r.fileOf(&huntedFileNames), LoadTypeID: ocsf.Some(ocsf.LoadTypeUnknown), // how it was loaded is not told
	}}
	event.ActivityID, event.ActivityName = activityOf(r, moduleActions)
	if f := event.Module.File; f != nil {
		r.seen.file("module.file", f)
		event.Message = r.sentence(first(f.Path, f.Name))
	}
	return event
}

// moduleActions are the actions of DeviceImageLoadEvents.
var moduleActions = []word[ocsf.ModuleActivityID]{{"ImageLoaded", ocsf.ModuleActivityLoad}}
