package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// mdeEntityNames are the members of evidence of Defender for Endpoint, which are
// all in one object.
var mdeEntityNames = entityNames{
	file:        mdeFileNames,
	image:       mdeFileNames,
	parentImage: fileNames{name: "parentProcessFileName", folder: "parentProcessFilePath"},
	process:     processNames{"processId", "processCreationTime", "processCommandLine", "parentProcessId", "parentProcessCreationTime"},
	account:     accountNames{name: "accountName", domain: "domainName", sid: "userSid", guid: "aadUserId", upn: "userPrincipalName"},
	registry:    registryNames{"registryHive", "registryKey", "registryValue", "registryValueName", "registryValueType"},
	ip:          "ipAddress",
	url:         "url",
}

var mdeFileNames = fileNames{name: "fileName", folder: "filePath", sha1: "sha1", sha256: "sha256"}

// mdeEvidenceKinds are the entityTypes that have a place of their own in OCSF.
var mdeEvidenceKinds = []word[kindOfEvidence]{
	{"File", fileEvidence},
	{"Process", processEvidence},
	{"User", userEvidence},
	{"Ip", addressEvidence},
	{"Url", urlEvidence},
	{"Registry", registryEvidence},
	{"RegistryKey", registryEvidence},
	{"RegistryValue", registryEvidence},
}

// mdeEvidence maps the evidence of an alert of Defender for Endpoint.
func (v value) mdeEvidence() []ocsf.Evidences {
	var all []ocsf.Evidences
	for item := range v.list("evidence") {
		if !item.there() {
			continue
		}
		kind, _ := translate(mdeEvidenceKinds, item.peek("entityType"))
		e := item.orWhole(item.evidenceOf(kind, &mdeEntityNames))
		e.Name = item.text("entityType")
		all = append(all, e)
	}
	return all
}
