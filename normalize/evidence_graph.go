package normalize

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// graphEntityNames are the members of evidence of Graph, where a file and a user
// are objects of their own.
var graphEntityNames = entityNames{
	file:        graphFileNames("fileDetails"),
	image:       graphFileNames("imageFile"),
	parentImage: graphFileNames("parentProcessImageFile"),
	process:     processNames{"processId", "processCreationDateTime", "processCommandLine", "parentProcessId", "parentProcessCreationDateTime"},
	account:     accountNames{"userAccount", "accountName", "domainName", "userSid", "azureAdUserId", "userPrincipalName", "displayName"},
	registry:    registryNames{"registryHive", "registryKey", "registryValue", "registryValueName", "registryValueType"},
	ip:          "ipAddress",
	url:         "url",
}

func graphFileNames(object string) fileNames {
	return fileNames{object, "fileName", "filePath", "md5", "sha1", "sha256", "fileSize", "filePublisher"}
}

// graphEvidenceKinds are the types of evidence that have a place of their own in
// OCSF.
var graphEvidenceKinds = []word[kindOfEvidence]{
	{"deviceEvidence", deviceEvidence},
	{"fileEvidence", fileEvidence},
	{"processEvidence", processEvidence},
	{"userEvidence", userEvidence},
	{"ipEvidence", addressEvidence},
	{"urlEvidence", urlEvidence},
	{"registryKeyEvidence", registryEvidence},
	{"registryValueEvidence", registryEvidence},
}

// evidenceVerdicts are what Defender thinks of one piece of evidence. OCSF has no
// word for malicious, so that it is Other.
var evidenceVerdicts = []word[ocsf.VerdictID]{
	{"suspicious", ocsf.VerdictSuspicious},
	{"noThreatsFound", ocsf.VerdictBenign},
	{"unknown", ocsf.VerdictUnknown},
}

// graphEvidence maps the evidence of an alert of Graph. The device of the alert is
// the first that it names; it is returned by itself too.
func (v value) graphEvidence() (all []ocsf.Evidences, device *ocsf.Device) {
	for item := range v.list("evidence") {
		if !item.there() {
			continue
		}
		kind, _ := translate(graphEvidenceKinds, shortType(item.peek("@odata.type")))
		e := item.evidenceOf(kind, &graphEntityNames)
		switch kind {
		case deviceEvidence:
			if e.Device = item.evidenceDevice(); device == nil {
				device = e.Device
			}
		case addressEvidence:
			item.endpoint(&e)
		}
		e = item.orWhole(e)
		e.Name = item.text("@odata.type")
		e.VerdictID, e.Verdict = item.evidenceVerdict()
		all = append(all, e)
	}
	item := 0
	for v := range v.list("evidence") {
		if v.there() {
			v.onDevice(&all[item], device)
			item++
		}
	}
	return all, device
}

// shortType cuts the namespace off a type: "#microsoft.graph.security.ipEvidence"
// is ipEvidence.
func shortType(name string) string {
	return strings.TrimPrefix(name[strings.LastIndexByte(name, '.')+1:], "#")
}

// evidenceVerdict reads what Defender thinks of a piece of evidence.
func (v value) evidenceVerdict() (ocsf.Opt[ocsf.VerdictID], string) {
	text := v.text("verdict")
	if text == "" {
		return ocsf.Opt[ocsf.VerdictID]{}, ""
	}
	id, caption := translate(evidenceVerdicts, text)
	return ocsf.Some(id), caption
}

// evidenceDevice reads the device of a deviceEvidence.
func (v value) evidenceDevice() *ocsf.Device {
	r := row{v}
	d := &ocsf.Device{
		UID: v.text("mdeDeviceId"), UIDAlt: v.text("azureAdDeviceId"), Name: v.text("hostName"), Domain: v.text("dnsDomain"),
		FirstSeenTime: v.moment("firstSeenDateTime"), IP: v.valid("lastIpAddress", ocsf.ValidIP),
		OS: operatingSystem(r), Groups: deviceGroups(r, "rbacGroupId", "rbacGroupName"),
		IsManaged: onboarded(v.peek("onboardingStatus")), InstanceUID: v.object("vmMetadata").text("vmId"),
	}
	if d.Hostname = v.valid("deviceDnsName", ocsf.ValidHostname); d.Hostname == "" && d.Name == "" {
		d.Name = v.text("deviceDnsName")
	}
	if d.Domain == "" {
		d.Domain = v.text("ntDomain")
	}
	d.RiskLevelID, d.RiskLevel = risk(r)
	if p, ok := platformOf(v.peek("osPlatform")); ok {
		d.TypeID = p.device
	}
	for item := range v.list("ipInterfaces") {
		if ip := item.string(); ocsf.ValidIP(ip) {
			item.mark()
			d.NetworkInterfaces = append(d.NetworkInterfaces, ocsf.NetworkInterface{IP: ip})
		}
	}
	return orUnknown(d)
}

// onDevice says on which device a piece of evidence was found, unless it is that
// of the alert itself, which the event names.
func (v value) onDevice(e *ocsf.Evidences, device *ocsf.Device) {
	uid := v.peek("mdeDeviceId")
	switch {
	case uid == "" || e.Device != nil:
	case device != nil && device.UID == uid:
		v.text("mdeDeviceId")
	default:
		e.Device = &ocsf.Device{UID: v.text("mdeDeviceId")}
	}
}

// endpoint puts an address where its role says: that of an attacker or a source is
// the source, every other the destination.
func (v value) endpoint(e *ocsf.Evidences) {
	if e.DstEndpoint == nil {
		return
	}
	if country := v.text("countryLetterCode"); country != "" {
		e.DstEndpoint.Location = &ocsf.Location{Country: country}
	}
	for role := range v.list("roles") {
		if r := role.string(); r == "source" || r == "attacker" {
			e.SrcEndpoint, e.DstEndpoint = e.DstEndpoint, nil
			return
		}
	}
}
