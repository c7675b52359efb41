package normalize

import "github.com/gatehouse-sec/gatehouse"

// recommendationMapping is where the members of the stream go.
var recommendationMapping = mapping{
	stream: "recommendations", title: "Recommendations", class: "Compliance Finding (2003)",
	shapes: []shape{
		{gatehouse.APIMDE, "https://learn.microsoft.com/defender-endpoint/api/recommendation", []field{
			{"id", "finding_info.uid", ""},
			{"productName", "resources.name", ""},
			{"recommendationName", "finding_info.title, compliance.control, remediation.desc", ""},
			{"weaknesses", "", "OCSF has no place for counts of weaknesses"},
			{"vendor", "resources.namespace", "unmapped without a product"},
			{"recommendedVersion", "remediation.desc", ""},
			{"recommendedVendor", "remediation.desc", ""},
			{"recommendedProgram", "remediation.desc", ""},
			{"recommendationCategory", "compliance.category", ""},
			{"subCategory", "finding_info.types", ""},
			{"severityScore", "severity_id", "by the bands of CVSS; the number itself stays in unmapped"},
			{"publicExploit", "", "it is said by the vulnerabilities, not by the advice"},
			{"activeAlert", "", "it is said by the alerts, not by the advice"},
			{"associatedThreats[]", "", "ids of threat analytics, which are no events"},
			{"remediationType", "remediation.desc", ""},
			{"status", "status_code, status_id", "Exception is Suppressed"},
			{"configScoreImpact", "", "OCSF has no place for a part of a score"},
			{"exposureImpact", "", "OCSF has no place for a part of a score"},
			{"totalMachineCount", "", "OCSF has no place for counts of devices"},
			{"exposedMachinesCount", "compliance.status_id", "Pass for 0, else Fail; the number itself stays in unmapped"},
			{"nonProductivityImpactedAssets", "", "OCSF has no place for counts of devices"},
			{"relatedComponent", "", "resources.name is the product"},
			{"exposedCriticalDevices", "", "OCSF has no place for counts of devices"},
			{"tags[]", "finding_info.tags", ""},
		}},
	},
}

// secureScoreControlMapping is where the members of the stream go.
var secureScoreControlMapping = mapping{
	stream: "secure-score-controls", title: "Secure score controls", class: "Compliance Finding (2003)",
	shapes: []shape{
		{gatehouse.APIGraph, "https://learn.microsoft.com/graph/api/resources/securescorecontrolprofile", []field{
			{"id", "finding_info.uid", ""},
			{"azureTenantId", "metadata.tenant_uid", "unmapped when it is another tenant than that of the integration"},
			{"actionType", "", "OCSF has no place for the kind of work"},
			{"actionUrl", "finding_info.src_url", "unmapped when it is no URL"},
			{"controlCategory", "compliance.category", ""},
			{"title", "finding_info.title, compliance.control", ""},
			{"deprecated", "", "OCSF has no place for it"},
			{"implementationCost", "", "OCSF has no place for the cost of a remedy"},
			{"lastModifiedDateTime", "finding_info.modified_time, time", "also metadata.original_time as it was written"},
			{"maxScore", "", "OCSF has no place for a part of a score"},
			{"rank", "", "OCSF has no place for a rank"},
			{"remediation", "remediation.desc", ""},
			{"remediationImpact", "", "OCSF has no place for the cost of a remedy"},
			{"service", "finding_info.types", ""},
			{"threats[]", "finding_info.tags", ""},
			{"tier", "", "OCSF has no place for it"},
			{"userImpact", "", "OCSF has no place for the cost of a remedy"},
			{"complianceInformation[].certificationName", "compliance.standards", "each once"},
			{"complianceInformation[].certificationControls[].name", "compliance.requirements", "each once; which standard asks for which is not told apart"},
			{"complianceInformation[].certificationControls[].url", "", "requirements are texts in OCSF"},
			{"controlStateUpdates[].assignedTo", "", "OCSF has an assignee for findings, and this is about the control"},
			{"controlStateUpdates[].comment", "comment", "of the latest; those before stay in unmapped"},
			{"controlStateUpdates[].state", "status_code, status_id", "of the latest, those before stay in unmapped; Ignored is Suppressed, ThirdParty and Reviewed are Resolved"},
			{"controlStateUpdates[].updatedBy", "", "OCSF has no place for who changed a finding"},
			{"controlStateUpdates[].updatedDateTime", "time", "of the latest, where lastModifiedDateTime is not there; it stays in unmapped as well"},
			{"vendorInformation.provider", "finding_info.product.name", ""},
			{"vendorInformation.providerVersion", "finding_info.product.version", "unmapped without a provider"},
			{"vendorInformation.subProvider", "", "finding_info.product names the provider"},
			{"vendorInformation.vendor", "finding_info.product.vendor_name", "unmapped without a provider"},
		}},
	},
}
