package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// observables collects what an event shows, each value once for each type.
type observables struct {
	list []ocsf.Observable
	seen map[sight]bool // made when the list is too long to be searched
}

// sight is what makes an observable one and the same.
type sight struct {
	kind ocsf.ObservableTypeID
	text string
}

// searchable is how long a list may be to be searched faster than a map.
const searchable = 32

// add notes a value and the path in the event where it stands. An empty value, one
// that is there already and "unknown", by which we name what has no name, are
// ignored.
func (o *observables) add(kind ocsf.ObservableTypeID, path, text string) {
	o.addAt(kind, path, "", text)
}

// addAt is add with the path in two parts, which are joined only when they are
// needed.
func (o *observables) addAt(kind ocsf.ObservableTypeID, path, leaf, text string) {
	if text == "" || text == "unknown" || o.has(sight{kind, text}) {
		return
	}
	if o.list == nil {
		o.list = make([]ocsf.Observable, 0, searchable/2)
	}
	o.list = append(o.list, ocsf.Observable{TypeID: kind, Name: path + leaf, Value: text})
	if o.seen != nil {
		o.seen[sight{kind, text}] = true
	}
}

// has tells whether a value is there already.
func (o *observables) has(s sight) bool {
	if len(o.list) >= searchable && o.seen == nil {
		o.seen = make(map[sight]bool, 2*searchable)
		for i := range o.list {
			o.seen[sight{o.list[i].TypeID, o.list[i].Value}] = true
		}
	}
	if o.seen != nil {
		return o.seen[s]
	}
	for i := range o.list {
		if o.list[i].TypeID == s.kind && o.list[i].Value == s.text {
			return true
		}
	}
	return false
}

// findingObservables collects what a finding shows: names and addresses of
// devices, files and their digests, processes, users, addresses and registry.
func findingObservables(device *ocsf.Device, evidence []ocsf.Evidences) []ocsf.Observable {
	var o observables
	o.device("device", device)
	for i := range evidence {
		e := &evidence[i]
		o.device("evidences.device", e.Device)
		o.file("evidences.file", e.File)
		o.process("evidences.process", e.Process)
		o.user("evidences.user", e.User)
		o.endpoint("evidences.dst_endpoint.ip", e.DstEndpoint)
		o.endpoint("evidences.src_endpoint.ip", e.SrcEndpoint)
		if e.URL != nil {
			o.add(ocsf.ObservableTypeURLString, "evidences.url.url_string", e.URL.URLString)
		}
		if e.RegKey != nil {
			o.add(ocsf.ObservableTypeRegistryKeyPath, "evidences.reg_key.path", e.RegKey.Path)
		}
	}
	return o.list
}

func (o *observables) device(path string, d *ocsf.Device) {
	if d == nil {
		return
	}
	o.addAt(ocsf.ObservableTypeDeviceObjectUid, path, ".uid", d.UID)
	o.addAt(ocsf.ObservableTypeHostname, path, ".hostname", d.Hostname)
	o.addAt(ocsf.ObservableTypeIPAddress, path, ".ip", d.IP)
}

func (o *observables) file(path string, f *ocsf.File) {
	if f == nil {
		return
	}
	o.addAt(ocsf.ObservableTypeFileName, path, ".name", f.Name)
	for _, h := range f.Hashes {
		o.addAt(ocsf.ObservableTypeHash, path, ".hashes.value", h.Value)
	}
}

func (o *observables) process(path string, p *ocsf.Process) {
	if p == nil {
		return
	}
	o.addAt(ocsf.ObservableTypeProcessName, path, ".name", p.Name)
	o.addAt(ocsf.ObservableTypeCommandLine, path, ".cmd_line", p.CmdLine)
	if p.File != nil {
		o.file(path+".file", p.File)
	}
	if p.User != nil {
		o.user(path+".user", p.User)
	}
}

func (o *observables) user(path string, u *ocsf.User) {
	if u == nil {
		return
	}
	o.addAt(ocsf.ObservableTypeUserName, path, ".name", u.Name)
	o.addAt(ocsf.ObservableTypeUserObjectUid, path, ".uid", u.UID)
	o.addAt(ocsf.ObservableTypeEmailAddress, path, ".email_addr", u.EmailAddr)
}

func (o *observables) endpoint(path string, e *ocsf.NetworkEndpoint) {
	if e != nil {
		o.add(ocsf.ObservableTypeIPAddress, path, e.IP)
	}
}
