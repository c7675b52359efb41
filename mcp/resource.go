package mcp

import (
	"slices"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// resource is one kind of record that agents read.
type resource struct {
	one, many string // "device", "devices"
	listTool  string
	getTool   string // empty: there is none
	about     string // of the list
	getAbout  string
	id        param // what one record is asked for by
	service   func(*client.Client) *client.RecordsService
	filters   []filter
	sort      string   // where nothing is said; empty: by id
	columns   []column // of a list
	more      []column // beside them, of one record
	link      func(portal string, r api.Record, document map[string]any) string
	// onDevice tells that the list can be asked for on one device, by id or name.
	onDevice bool
}

// filter is a parameter of a list that becomes a condition of the API.
type filter struct {
	param param
	field string
	op    string // eq, in, ge, lt, contains
}

// is asks for one of several values, holds for a part of a text, after and before
// for a time.
func is(name, field, about string, values ...string) filter {
	return filter{param{name: name, kind: texts, about: about, values: values}, field, "in"}
}

func holds(name, field, about string) filter {
	return filter{param{name: name, kind: text, about: about}, field, "contains"}
}

func since(name, field, about string) filter {
	return filter{param{name: name, kind: text, about: about + " RFC 3339 or a day, as 2026-11-01."}, field, "ge"}
}

func atLeast(name, field, about string) filter {
	return filter{param{name: name, kind: number, about: about}, field, "ge"}
}

func whether(name, field, about string) filter {
	return filter{param{name: name, kind: flag, about: about}, field, "eq"}
}

// recordResources are the kinds of records that agents read.
func recordResources() []resource {
	return []resource{
		deviceResource(), alertResource(), incidentResource(), vulnerabilityResource(), cveResource(),
		softwareResource(), recommendationResource(), machineActionResource(),
	}
}

// severities are the severities of alerts and incidents.
func severities() []string { return []string{"Informational", "Low", "Medium", "High"} }

// ratings are the severities of CVEs.
func ratings() []string { return []string{"Low", "Medium", "High", "Critical"} }

func deviceResource() resource {
	return resource{
		one: "device", many: "devices", listTool: "list_devices", getTool: "get_device", sort: "name",
		about:    "List devices from the mirror, filtered and sorted. Use get_device for one that you know by name.",
		getAbout: "Show one device by id, name, IP address or Entra device id, with whether it is isolated. A name that fits several is answered with the candidates.",
		id:       param{name: "device", kind: text, about: "Id (40 hexadecimal digits), name, IP address or Entra device id.", required: true},
		service:  func(c *client.Client) *client.RecordsService { return c.Devices },
		filters: []filter{
			{param{name: "name", kind: text, about: "Part of the device's name."}, "name", "contains"},
			is("risk", "risk", "Risk as Defender sees it.", "None", "Informational", "Low", "Medium", "High"),
			is("exposure", "exposure", "Exposure to known weaknesses.", "None", "Low", "Medium", "High"),
			is("health", "health", "Whether the sensor reports.", "Active", "Inactive", "ImpairedCommunication", "NoSensorData", "NoSensorDataImpairedCommunication"),
			is("onboarding", "onboarding", "Whether Defender is on it.", "Onboarded", "CanBeOnboarded", "Unsupported", "InsufficientInfo"),
			is("os", "os", "Platforms, as Windows11, WindowsServer2022, Linux, macOS."),
			is("tag", "tag", "Tags."), is("group", "group", "Device groups."), is("ip", "ip", "IP addresses."),
			since("seen_since", "lastSeen", "Seen at this time or later."),
		},
		columns: []column{
			recordID(), from("name", "computerDnsName", "DeviceName"), from("os", "osPlatform"), from("risk", "riskScore"),
			from("exposure", "exposureLevel"), from("health", "healthStatus", "SensorHealthState"), isolated(),
			from("tags", "machineTags", "DeviceManualTags"), from("last_seen", "lastSeen", "Timestamp"),
		},
		more: []column{
			derived(), from("os_version", "osVersion", "version", "OSVersionInfo"), from("os_build", "osBuild"), from("onboarding", "onboardingStatus"),
			from("group", "rbacGroupName", "MachineGroup"), from("value", "deviceValue", "AssetValue"), from("ip", "lastIpAddress"),
			from("external_ip", "lastExternalIpAddress", "PublicIP"), from("all_ips", "ipAddresses.ipAddress"), from("entra_device_id", "aadDeviceId"),
			from("antivirus", "defenderAvStatus"), from("managed_by", "managedBy"), from("first_seen", "firstSeen"),
			from("logged_on", "LoggedOnUsers"), from("model", "Model"), from("merged_into", "mergedIntoMachineId", "MergedToDeviceId"),
		},
		link: onPortal("/machines/v2/"),
	}
}

func alertResource() resource {
	return resource{
		one: "alert", many: "alerts", listTool: "list_alerts", getTool: "get_alert", onDevice: true, sort: "-created",
		about:    "List alerts from the mirror. Use device for those of one device.",
		getAbout: "Show one alert with its evidence, users, techniques and comments.",
		id:       param{name: "alert", kind: text, about: "Id of the alert.", required: true},
		service:  func(c *client.Client) *client.RecordsService { return c.Alerts },
		filters: []filter{
			is("severity", "severity", "Severities.", severities()...), is("status", "status", "How far it is dealt with.", "New", "InProgress", "Resolved"),
			is("category", "category", "Tactics or kinds, as CredentialAccess."), is("user", "user", "Account or principal names."),
			is("incident", "incident", "Ids of incidents."), is("technique", "technique", "MITRE ATT&CK techniques, as T1059.001."),
			is("assigned_to", "assignedTo", "Owners."), holds("title", "title", "Part of the title."),
			since("created_since", "created", "Created at this time or later."), since("updated_since", "updated", "Changed at this time or later."),
		},
		columns: []column{
			recordID(), from("title"), from("severity"), from("status"), from("category"), from("device", "computerDnsName", "evidence.deviceDnsName"),
			from("user", "relatedUser.userName", "loggedOnUsers.accountName", "evidence.userAccount.accountName"),
			from("incident", "incidentId"), from("assigned_to", "assignedTo"), from("created", "alertCreationTime", "createdDateTime"),
		},
		more: []column{
			from("description"), from("recommended", "recommendedActions"), from("device_id", "machineId", "evidence.mdeDeviceId"),
			from("classification"), from("determination"), from("source", "detectionSource"), from("threat", "threatName", "threatDisplayName", "threatFamilyName"),
			from("techniques", "mitreTechniques"), from("investigation", "investigationState"), from("first_activity", "firstEventTime", "firstActivityDateTime"),
			from("last_activity", "lastEventTime", "lastActivityDateTime"), from("updated", "lastUpdateTime", "lastUpdateDateTime"),
			{name: "evidence", inner: evidenceColumns()}, {name: "comments", inner: commentColumns()},
		},
		link: linked("alertWebUrl", onPortal("/alerts/")),
	}
}

// evidenceColumns are what matters of a piece of evidence.
func evidenceColumns() []column {
	return []column{
		from("type", "entityType", "@odata.type"), from("verdict"), from("file", "fileName", "fileDetails.fileName", "imageFile.fileName"),
		from("path", "filePath", "fileDetails.filePath", "imageFile.filePath"), from("sha1", "sha1", "fileDetails.sha1", "imageFile.sha1"),
		from("sha256", "sha256", "fileDetails.sha256", "imageFile.sha256"), from("command_line", "processCommandLine"), from("pid", "processId"),
		from("parent", "parentProcessFileName", "parentProcessImageFile.fileName"),
		from("user", "userPrincipalName", "accountName", "userAccount.userPrincipalName", "userAccount.accountName"),
		from("ip", "ipAddress"), from("url"), from("registry_key", "registryKey"), from("registry_value", "registryValue"),
		from("device", "deviceDnsName"), from("device_id", "mdeDeviceId"), from("status", "detectionStatus", "remediationStatus"),
	}
}

func commentColumns() []column {
	return []column{from("text", "comment"), from("by", "createdBy", "createdByDisplayName"), from("at", "createdTime", "createdDateTime")}
}

func incidentResource() resource {
	return resource{
		one: "incident", many: "incidents", listTool: "list_incidents", getTool: "get_incident", sort: "-updated",
		about: "List incidents from the mirror. Each gathers alerts that belong together.", getAbout: "Show one incident with its alerts and comments.",
		id:      param{name: "incident", kind: text, about: "Number of the incident.", required: true},
		service: func(c *client.Client) *client.RecordsService { return c.Incidents },
		filters: []filter{
			is("severity", "severity", "Severities.", severities()...), is("status", "status", "How far it is dealt with.", "Active", "InProgress", "Resolved", "Redirected"),
			is("assigned_to", "assignedTo", "Owners."), is("tag", "tag", "Tags."), is("device_id", "device", "Ids of devices."),
			holds("title", "title", "Part of the title."), since("created_since", "created", "Created at this time or later."),
			since("updated_since", "updated", "Changed at this time or later."),
		},
		columns: []column{
			recordID(), from("title", "incidentName", "displayName"), from("severity"), from("status"), from("assigned_to", "assignedTo"),
			{name: "alerts", of: alertsOf}, from("tags", "tags", "customTags"), from("created", "createdTime", "createdDateTime"),
			from("updated", "lastUpdateTime", "lastUpdateDateTime"),
		},
		more: []column{
			from("summary", "summary", "description"), from("classification"), from("determination"), from("redirected_to", "redirectIncidentId"),
			from("devices", "alerts.devices.deviceDnsName", "alerts.evidence.deviceDnsName"),
			{name: "alert_list", from: []string{"alerts"}, inner: []column{from("id", "alertId", "id"), from("title"), from("severity"), from("status"), from("category"), from("techniques", "mitreTechniques")}},
			{name: "comments", inner: commentColumns()},
		},
		link: linked("incidentWebUrl", linked("incidentUri", onPortal("/incident2/"))),
	}
}

// alertsOf counts the alerts of an incident.
func alertsOf(r api.Record) any {
	if list, ok := lookup(documentOf(r), []string{"alerts"}).([]any); ok {
		return len(list)
	}
	return nil
}

func vulnerabilityResource() resource {
	return resource{
		one: "vulnerability", many: "vulnerabilities", listTool: "list_vulnerabilities", onDevice: true,
		about:   "List which software with which CVE is on which device. Use device for those of one device, list_cves for the CVEs of the tenant.",
		service: func(c *client.Client) *client.RecordsService { return c.Vulnerabilities },
		filters: []filter{
			is("cve", "cve", "CVEs, as CVE-2026-21412."), is("severity", "severity", "Severities.", ratings()...),
		},
		columns: []column{
			from("cve", "cveId"), from("severity", "vulnerabilitySeverityLevel"), from("cvss", "cvssScore"), from("exploit", "exploitabilityLevel"),
			from("device", "deviceName"), from("device_id", "deviceId"), from("software", "softwareName"), from("vendor", "softwareVendor"),
			from("version", "softwareVersion"), from("update", "recommendedSecurityUpdate"),
		},
	}
}

func cveResource() resource {
	return resource{
		one: "CVE", many: "CVEs", listTool: "list_cves", getTool: "get_cve", sort: "-cvss",
		about: "List the CVEs that touch the tenant, with how many devices each exposes.", getAbout: "Show one CVE, its scores and whether an exploit is public.",
		id:      param{name: "cve", kind: text, about: "As CVE-2026-21412.", required: true},
		service: func(c *client.Client) *client.RecordsService { return c.CVEs },
		filters: []filter{
			is("severity", "severity", "Severities.", ratings()...), whether("public_exploit", "exploit", "Whether an exploit is public."),
			atLeast("cvss", "cvss", "CVSS score of at least."), atLeast("exposed_devices", "exposedDevices", "Exposed devices, at least."),
			since("published_since", "published", "Published at this time or later."),
		},
		columns: []column{
			recordID(), from("severity"), from("cvss", "cvssV3", "cvssScore"), from("epss"), from("public_exploit", "publicExploit", "isExploitAvailable"),
			from("exposed_devices", "exposedMachines"), from("published", "publishedOn", "publishedDate"),
		},
		more: []column{
			from("description", "description", "vulnerabilityDescription"), from("vector", "cvssVector"), from("exploit_verified", "exploitVerified"), from("exploit_in_kit", "exploitInKit"),
			from("exploit_types", "exploitTypes"), from("updated", "updatedOn"), from("first_detected", "firstDetected"), from("patch_first_available", "patchFirstAvailable"), from("tags"),
		},
		link: func(_ string, r api.Record, _ map[string]any) string {
			return "https://nvd.nist.gov/vuln/detail/" + r.ID
		},
	}
}

func softwareResource() resource {
	return resource{
		one: "product", many: "products", listTool: "list_software", sort: "-weaknesses",
		about:   "List the software that is installed, with its weaknesses and how many devices it exposes.",
		service: func(c *client.Client) *client.RecordsService { return c.Software },
		filters: []filter{
			holds("name", "name", "Part of the name."), is("vendor", "vendor", "Vendors."), whether("public_exploit", "exploit", "Whether an exploit is public."),
			atLeast("weaknesses", "weaknesses", "Weaknesses, at least."), atLeast("exposed_devices", "exposedDevices", "Exposed devices, at least."),
		},
		columns: []column{
			recordID(), from("name", "name", "SoftwareName"), from("vendor", "vendor", "SoftwareVendor"), from("weaknesses"), from("public_exploit", "publicExploit"),
			from("active_alert", "activeAlert"), from("exposed_devices", "exposedMachines"), from("impact", "impactScore"),
		},
	}
}

func recommendationResource() resource {
	return resource{
		one: "recommendation", many: "recommendations", listTool: "list_recommendations", sort: "-severity",
		about:   "List what Defender recommends to change or update, and what it would gain.",
		service: func(c *client.Client) *client.RecordsService { return c.Recommendations },
		filters: []filter{
			is("category", "category", "What it is about.", "Accounts", "Application", "Network", "OS", "SecurityControls"), is("status", "status", "Whether it is excepted.", "Active", "Exception"),
			is("remediation", "remediation", "What is to be done.", "ConfigurationChange", "Update", "Upgrade", "Uninstall"), is("product", "product", "Names of products."),
			whether("public_exploit", "exploit", "Whether an exploit is public."), atLeast("severity", "severity", "Severity from 0 to 10, at least."),
		},
		columns: []column{
			recordID(), from("name", "recommendationName"), from("product", "productName"), from("category", "recommendationCategory"), from("remediation", "remediationType"),
			from("severity", "severityScore"), from("weaknesses"), from("public_exploit", "publicExploit"), from("exposed_devices", "exposedMachinesCount"),
			from("exposure_impact", "exposureImpact"), from("status"),
		},
	}
}

func machineActionResource() resource {
	return resource{
		one: "machine action", many: "machine actions", listTool: "list_machine_actions", onDevice: true, sort: "-created",
		about:   "List what was done to devices at Microsoft, by anybody: isolations, scans and more. For what was asked through Gatehouse use list_actions.",
		service: func(c *client.Client) *client.RecordsService { return c.MachineActions },
		filters: []filter{
			is("type", "type", "Kinds.", "Isolate", "Unisolate", "RunAntiVirusScan", "RestrictCodeExecution", "UnrestrictCodeExecution", "StopAndQuarantineFile", "CollectInvestigationPackage", "Offboard", "LiveResponse"),
			is("status", "status", "Where it stands.", "Pending", "InProgress", "Succeeded", "Failed", "TimeOut", "Cancelled"),
			is("requestor", "requestor", "Who asked."), since("created_since", "created", "Asked for at this time or later."),
		},
		columns: []column{
			recordID(), from("type"), from("scope"), from("status"), from("device", "computerDnsName"), from("device_id", "machineId"), from("requestor"),
			from("comment", "requestorComment"), from("created", "creationDateTimeUtc"), from("updated", "lastUpdateDateTimeUtc"),
		},
	}
}

// recordID is the column of ids.
func recordID() column { return column{name: "id", of: func(r api.Record) any { return r.ID }} }

// isolated is the column of whether a device is cut off.
func isolated() column {
	return column{name: "isolated", of: func(r api.Record) any {
		switch {
		case r.Derived == nil:
			return nil
		case r.Derived.Isolated:
			return "yes, " + r.Derived.Scope
		case slices.Contains(r.Derived.Pending, "Isolate"):
			return "pending"
		}
		return nil
	}}
}

// derived is what follows from a device's machine actions.
func derived() column {
	return column{name: "containment", of: func(r api.Record) any {
		if r.Derived == nil {
			return nil
		}
		return r.Derived
	}}
}
