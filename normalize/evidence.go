package normalize

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// entityNames says what the members of a piece of evidence are called in one API.
// Each group may lie in an object of its own, whose name stands first.
type entityNames struct {
	file, image, parentImage fileNames
	process                  processNames
	account                  accountNames
	registry                 registryNames
	ip, url                  string
}

// fileNames names the members of a file. Folder is the folder, not the path.
type fileNames struct {
	object            string
	name, folder      string
	md5, sha1, sha256 string
	size, publisher   string
}

type processNames struct {
	pid, created, command    string
	parentPID, parentCreated string
}

type accountNames struct {
	object                       string
	name, domain, sid, guid, upn string
	display                      string
}

type registryNames struct {
	hive, key, value, valueName, valueType string
}

// inside returns the object in which a group lies: the evidence itself when the
// group has no name.
func (v value) inside(object string) value {
	if object == "" {
		return v
	}
	return v.object(object)
}

// fileOf reads a file, nil when it has neither a name nor a digest.
func (v value) fileOf(n *fileNames) *ocsf.File {
	v = v.inside(n.object)
	f := &ocsf.File{
		Name: v.text(n.name), ParentFolder: v.text(n.folder), TypeID: ocsf.FileTypeRegularFile,
		Size: v.integer(n.size), CompanyName: v.text(n.publisher),
	}
	if f.Path = joinPath(f.ParentFolder, f.Name); f.Path == f.ParentFolder && f.Path != "" {
		f.ParentFolder = folderOf(f.Path, f.Name) // it was the path of the file
	}
	for _, h := range []struct {
		name string
		kind ocsf.HashAlgorithmID
	}{{n.sha256, ocsf.HashAlgorithmSHA256}, {n.sha1, ocsf.HashAlgorithmSHA1}, {n.md5, ocsf.HashAlgorithmMD5}} {
		digest := v.valid(h.name, func(s string) bool { return ocsf.ValidHash(h.kind, s) })
		if digest != "" {
			f.Hashes = append(f.Hashes, ocsf.Fingerprint{AlgorithmID: h.kind, Value: digest})
		}
	}
	return namedFile(f)
}

// namedFile gives a file the name that OCSF requires: its digest when Microsoft
// knows no other. Nil when there is nothing to name it by.
func namedFile(f *ocsf.File) *ocsf.File {
	if f.Name == "" && len(f.Hashes) > 0 {
		f.Name = f.Hashes[0].Value
	}
	if f.Name == "" {
		f.Name = f.ParentFolder
	}
	if f.Name == "" {
		f.Name = f.CompanyName
	}
	if f.Name == "" {
		if f.Size.IsZero() {
			return nil
		}
		f.Name = "unknown"
	}
	return f
}

// folderOf cuts the name of a file off its path. The root keeps its separator.
func folderOf(path, name string) string {
	folder := path[:len(path)-len(name)]
	if trimmed := strings.TrimRight(folder, `\/`); trimmed != "" && !strings.HasSuffix(trimmed, ":") {
		return trimmed
	}
	return folder
}

// joinPath returns the path of a file in a folder, in the manner of the folder.
// What Microsoft calls the path of a file is its folder, but not everywhere.
func joinPath(folder, name string) string {
	switch {
	case folder == "" || name == "":
		return ""
	case len(folder) > len(name) && strings.EqualFold(folder[len(folder)-len(name):], name) && strings.ContainsAny(folder[len(folder)-len(name)-1:len(folder)-len(name)], `\/`):
		return folder
	case strings.HasSuffix(folder, `\`), strings.HasSuffix(folder, "/"):
		return folder + name
	case strings.Contains(folder, "/") && !strings.Contains(folder, `\`):
		return folder + "/" + name
	default:
		return folder + `\` + name
	}
}

// processOf reads a process with its parent and its user; nil when it has no
// number, by which alone OCSF knows a process.
func (v value) processOf(n *entityNames) *ocsf.Process {
	p := &ocsf.Process{PID: v.integer(n.process.pid)}
	if p.PID.IsZero() {
		return nil
	}
	p.CreatedTime, p.CmdLine = v.moment(n.process.created), v.text(n.process.command)
	if p.File = v.fileOf(&n.image); p.File != nil {
		p.Name = p.File.Name
	}
	p.User = v.accountOf(&n.account)
	if pid := v.integer(n.process.parentPID); !pid.IsZero() {
		p.ParentProcess = &ocsf.Process{PID: pid, CreatedTime: v.moment(n.process.parentCreated), File: v.fileOf(&n.parentImage)}
		if p.ParentProcess.File != nil {
			p.ParentProcess.Name = p.ParentProcess.File.Name
		}
	}
	return p
}

// accountOf reads a user, nil when there is nothing to know one by.
func (v value) accountOf(n *accountNames) *ocsf.User {
	v = v.inside(n.object)
	if first(v.peek(n.name), v.peek(n.sid), v.peek(n.guid), v.peek(n.upn)) == "" {
		return nil
	}
	u := &ocsf.User{
		Name: v.text(n.name), Domain: v.text(n.domain), UID: v.text(n.sid), UIDAlt: v.text(n.guid),
		EmailAddr: v.valid(n.upn, ocsf.ValidEmail), DisplayName: v.text(n.display),
	}
	if u.Name == "" {
		u.Name = v.text(n.upn)
	}
	if u.Name == "" && u.UID == "" {
		u.UID, u.UIDAlt = u.UIDAlt, ""
	}
	return u
}

// registryTypes are the types of a value of the registry.
var registryTypes = []word[ocsf.RegValueTypeID]{
	{"String", ocsf.RegValueTypeREGSZ},
	{"ExpandString", ocsf.RegValueTypeREGEXPANDSZ},
	{"Binary", ocsf.RegValueTypeREGBINARY},
	{"DWord", ocsf.RegValueTypeREGDWORD},
	{"QWord", ocsf.RegValueTypeREGQWORD},
	{"MultiString", ocsf.RegValueTypeREGMULTISZ},
	{"None", ocsf.RegValueTypeREGNONE},
	{"Unknown", ocsf.RegValueTypeUnknown},
}

// registryOf reads a key of the registry and the value in it, if one is named.
func (v value) registryOf(n *registryNames) (*ocsf.RegKey, *ocsf.RegValue) {
	hive, key := v.text(n.hive), v.text(n.key)
	path := key
	if hive != "" && key != "" {
		path = hive + `\` + key
	}
	path = first(path, hive)
	if path == "" {
		return nil, nil
	}
	name := v.text(n.valueName)
	if name == "" {
		return &ocsf.RegKey{Path: path}, nil
	}
	r := &ocsf.RegValue{Path: path, Name: name, RegStringData: v.text(n.value)}
	if kind := v.text(n.valueType); kind != "" {
		var id ocsf.RegValueTypeID
		id, r.Type = translate(registryTypes, kind)
		r.TypeID = ocsf.Some(id)
	}
	return &ocsf.RegKey{Path: path}, r
}

// kindOfEvidence is what a piece of evidence is about, in the words of both APIs.
type kindOfEvidence int64

const (
	otherEvidence kindOfEvidence = iota
	deviceEvidence
	fileEvidence
	processEvidence
	userEvidence
	addressEvidence
	urlEvidence
	registryEvidence
)

// evidenceOf maps a piece of evidence. One of a kind that has no place in OCSF, or
// that lacks what OCSF asks of its kind, is kept whole as data.
func (v value) evidenceOf(kind kindOfEvidence, n *entityNames) ocsf.Evidences {
	var e ocsf.Evidences
	switch kind {
	case fileEvidence:
		e.File = v.fileOf(&n.file)
	case processEvidence:
		e.Process = v.processOf(n)
	case userEvidence:
		e.User = v.accountOf(&n.account)
	case addressEvidence:
		if ip := v.valid(n.ip, ocsf.ValidIP); ip != "" {
			e.DstEndpoint = &ocsf.NetworkEndpoint{IP: ip}
		}
	case urlEvidence:
		if url := v.valid(n.url, ocsf.ValidURL); url != "" {
			e.URL = &ocsf.URL{URLString: url}
		}
	case registryEvidence:
		e.RegKey, e.RegValue = v.registryOf(&n.registry)
		if e.RegKey != nil {
			e.Data = jsontext.Value(`{"entityType":"Registry"}`) // OCSF takes no key of the registry for evidence by itself
		}
	}
	return e
}

// orWhole keeps a piece of evidence as data when nothing else of it is mapped.
func (v value) orWhole(e ocsf.Evidences) ocsf.Evidences {
	if e.File == nil && e.Process == nil && e.User == nil && e.DstEndpoint == nil && e.SrcEndpoint == nil && e.URL == nil && e.Device == nil && e.RegKey == nil {
		e.Data = v.whole()
	}
	return e
}

// whole returns the value as it is, compact, and marks it.
func (v value) whole() jsontext.Value {
	compact := jsontext.Value(v.raw())
	if compact.Compact() != nil {
		return nil
	}
	v.mark()
	return compact
}
