package stream

import (
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// facetTable is the facets of every stream that has some. Each is a row of the
// index for each record: what the key gives already is not among them, and the
// million rows of vulnerabilities have no more than what is asked for most.
func facetTable() map[gatehouse.Stream][]Facet {
	return map[gatehouse.Stream][]Facet{
		Alerts: alertFacets(), Incidents: incidentFacetList(), Devices: deviceFacets(), MachineActions: machineActionFacets(),
		Vulnerabilities: vulnerabilityFacets(), CVEs: cveFacets(), Software: softwareFacets(), Recommendations: recommendationFacets(),
		SecureScoreControls: controlFacets(),
	}
}

// textFacet makes a facet of texts.
func textFacet(name string, paths ...string) Facet {
	return Facet{Name: name, Type: FacetText, paths: paths}
}

// wordFacet makes a facet of words; values are those that Microsoft documents.
func wordFacet(name string, values []string, paths ...string) Facet {
	return Facet{Name: name, Type: FacetWord, Values: values, paths: paths}
}

// numberFacet makes a facet of numbers.
func numberFacet(name string, paths ...string) Facet {
	return Facet{Name: name, Type: FacetNumber, paths: paths}
}

// timeFacet makes a facet of times.
func timeFacet(name string, paths ...string) Facet {
	return Facet{Name: name, Type: FacetTime, paths: paths}
}

// boolFacet makes a facet of truth values.
func boolFacet(name string, paths ...string) Facet {
	return Facet{Name: name, Type: FacetBool, paths: paths}
}

// many is a facet of several values.
func many(f Facet) Facet {
	f.Many = true
	return f
}

// described is a facet that has something to say.
func described(f Facet, doc string) Facet {
	f.Doc = doc
	return f
}

// spelt is a facet whose texts are spelt in several ways.
func spelt(f Facet, spell func(string) []string) Facet {
	f.spell = spell
	return f
}

// hostNames are the names that a device is found by: the whole one, and the
// host's alone.
func hostNames(name string) []string {
	host, domain, _ := strings.Cut(name, ".")
	if domain == "" || host == "" {
		return []string{name}
	}
	return []string{name, host}
}

// listed takes texts apart that hunting prints as a list.
func listed(text string) []string {
	if strings.HasPrefix(text, "[") {
		return texts(text)
	}
	return []string{text}
}

// oneDetermination brings the spellings of all APIs together.
func oneDetermination(text string) []string { return []string{determination(text)} }

// severities are the words of severities.
func severities() []string { return []string{"Informational", "Low", "Medium", "High"} }

func deviceFacets() []Facet {
	return []Facet{
		described(many(spelt(textFacet("name", "computerDnsName", "DeviceName"), hostNames)), "the whole name, or that of the host alone"),
		wordFacet("os", []string{"Windows10", "Windows11", "WindowsServer2019", "WindowsServer2022", "macOS", "Linux", "iOS", "Android"}, "osPlatform"),
		textFacet("osVersion", "osVersion", "version"),
		wordFacet("health", []string{"Active", "Inactive", "ImpairedCommunication", "NoSensorData", "NoSensorDataImpairedCommunication"}, "healthStatus", "SensorHealthState"),
		wordFacet("onboarding", []string{"Onboarded", "CanBeOnboarded", "Unsupported", "InsufficientInfo"}, "onboardingStatus"),
		described(wordFacet("risk", []string{"None", "Informational", "Low", "Medium", "High"}, "riskScore"), "Defender for Endpoint only: Graph does not tell"),
		wordFacet("exposure", []string{"None", "Low", "Medium", "High"}, "exposureLevel"),
		wordFacet("value", []string{"Low", "Normal", "High"}, "deviceValue", "AssetValue"),
		textFacet("group", "rbacGroupName", "MachineGroup"),
		many(spelt(textFacet("tag", "machineTags", "DeviceManualTags", "RegistryDeviceTag", "DeviceDynamicTags"), listed)),
		many(textFacet("ip", "lastIpAddress", "lastExternalIpAddress", "ipAddresses.ipAddress", "PublicIP")),
		textFacet("aadDeviceId", "aadDeviceId"),
		timeFacet("lastSeen", "lastSeen", "Timestamp"),
		timeFacet("firstSeen", "firstSeen"),
		described(textFacet("mergedInto", "mergedIntoMachineId", "MergedToDeviceId"), "id of the device that it was merged into"),
	}
}

func alertFacets() []Facet {
	return []Facet{
		wordFacet("severity", severities(), "severity"),
		wordFacet("status", []string{"New", "InProgress", "Resolved"}, "status"),
		wordFacet("category", nil, "category"),
		timeFacet("created", "alertCreationTime", "createdDateTime"),
		timeFacet("updated", "lastUpdateTime", "lastUpdateDateTime"),
		many(textFacet("device", "machineId", "evidence.mdeDeviceId")),
		many(spelt(textFacet("deviceName", "computerDnsName", "evidence.deviceDnsName"), hostNames)),
		described(many(textFacet("user", "relatedUser.userName", "loggedOnUsers.accountName", "evidence.userPrincipalName", "evidence.accountName",
			"evidence.userAccount.userPrincipalName", "evidence.userAccount.accountName")), "account or principal name"),
		textFacet("incident", "incidentId"),
		textFacet("assignedTo", "assignedTo"),
		wordFacet("classification", []string{"TruePositive", "InformationalExpectedActivity", "FalsePositive"}, "classification"),
		spelt(wordFacet("determination", nil, "determination"), oneDetermination),
		many(textFacet("technique", "mitreTechniques")),
		textFacet("title", "title"),
		wordFacet("source", nil, "detectionSource", "serviceSource"),
	}
}

func incidentFacetList() []Facet {
	return []Facet{
		wordFacet("severity", severities(), "severity"),
		wordFacet("status", []string{"Active", "InProgress", "Resolved", "Redirected"}, "status"),
		timeFacet("created", "createdTime", "createdDateTime"),
		timeFacet("updated", "lastUpdateTime", "lastUpdateDateTime"),
		textFacet("assignedTo", "assignedTo"),
		wordFacet("classification", []string{"TruePositive", "InformationalExpectedActivity", "FalsePositive"}, "classification"),
		spelt(wordFacet("determination", nil, "determination"), oneDetermination),
		textFacet("title", "incidentName", "displayName"),
		many(textFacet("tag", "tags", "customTags", "systemTags")),
		many(textFacet("device", "alerts.devices.mdatpDeviceId", "alerts.evidence.mdeDeviceId")),
		textFacet("redirect", "redirectIncidentId"),
	}
}

func machineActionFacets() []Facet {
	return []Facet{
		wordFacet("type", []string{"Isolate", "Unisolate", "RunAntiVirusScan", "RestrictCodeExecution", "UnrestrictCodeExecution", "StopAndQuarantineFile", "CollectInvestigationPackage", "Offboard", "LiveResponse"}, "type"),
		wordFacet("status", []string{"Pending", "InProgress", "Succeeded", "Failed", "TimeOut", "Cancelled"}, "status"),
		textFacet("device", "machineId"),
		spelt(many(textFacet("deviceName", "computerDnsName")), hostNames),
		timeFacet("created", "creationDateTimeUtc"),
		timeFacet("updated", "lastUpdateDateTimeUtc"),
		textFacet("requestor", "requestor"),
		wordFacet("source", nil, "requestSource"),
	}
}

// vulnerabilityFacets are two alone, since each costs a sixth of the speed at which
// a million rows are mirrored. The device is left to the key, which begins with it:
// whoever asks for one device reads a range of keys.
func vulnerabilityFacets() []Facet {
	return []Facet{
		textFacet("cve", "cveId"),
		wordFacet("severity", []string{"Low", "Medium", "High", "Critical"}, "vulnerabilitySeverityLevel"),
	}
}

func cveFacets() []Facet {
	return []Facet{
		wordFacet("severity", []string{"Low", "Medium", "High", "Critical"}, "severity"),
		numberFacet("cvss", "cvssV3"),
		numberFacet("epss", "epss"),
		described(boolFacet("exploit", "publicExploit"), "whether an exploit is public"),
		boolFacet("exploitVerified", "exploitVerified"),
		timeFacet("published", "publishedOn"),
		timeFacet("updated", "updatedOn"),
		numberFacet("exposedDevices", "exposedMachines"),
	}
}

func softwareFacets() []Facet {
	return []Facet{
		textFacet("name", "name"), textFacet("vendor", "vendor"), numberFacet("weaknesses", "weaknesses"), boolFacet("exploit", "publicExploit"),
		boolFacet("activeAlert", "activeAlert"), numberFacet("exposedDevices", "exposedMachines"), numberFacet("impact", "impactScore"),
	}
}

func recommendationFacets() []Facet {
	return []Facet{
		textFacet("name", "recommendationName"), textFacet("product", "productName"), textFacet("vendor", "vendor"),
		wordFacet("category", []string{"Accounts", "Application", "Network", "OS", "SecurityControls"}, "recommendationCategory"),
		wordFacet("status", []string{"Active", "Exception"}, "status"),
		wordFacet("remediation", []string{"ConfigurationChange", "Update", "Upgrade", "Uninstall"}, "remediationType"),
		numberFacet("severity", "severityScore"), numberFacet("weaknesses", "weaknesses"), boolFacet("exploit", "publicExploit"),
		boolFacet("activeAlert", "activeAlert"), numberFacet("exposedDevices", "exposedMachinesCount"), numberFacet("exposureImpact", "exposureImpact"),
		numberFacet("configImpact", "configScoreImpact"),
	}
}

func controlFacets() []Facet {
	return []Facet{
		textFacet("title", "title"), wordFacet("category", nil, "controlCategory"), textFacet("service", "service"),
		wordFacet("tier", nil, "tier"), numberFacet("maximum", "maxScore"), numberFacet("rank", "rank"),
		boolFacet("deprecated", "deprecated"), wordFacet("cost", []string{"Low", "Moderate", "High"}, "implementationCost"),
	}
}
