package normalize

import "github.com/gatehouse-sec/gatehouse"

// whyCompliance is why scores are compliance findings.
const whyCompliance = "OCSF has no class for a score. Compliance Finding is the nearest: it says how far a tenant is from where it should be, " +
	"and its control parameters hold the numbers. A score alone is no verdict, so `compliance.status_id` is Unknown."

// exposureScoreMapping is where the members of the stream go.
var exposureScoreMapping = mapping{
	stream: "exposure-score", title: "Exposure score", class: "Compliance Finding (2003)", reason: whyCompliance,
	shapes: []shape{{gatehouse.APIMDE, "https://learn.microsoft.com/defender-endpoint/api/score", deviceScoreFields}},
}

// configurationScoreMapping is where the members of the stream go.
var configurationScoreMapping = mapping{
	stream: "configuration-score", title: "Configuration score", class: "Compliance Finding (2003)", reason: whyCompliance,
	shapes: []shape{{gatehouse.APIMDE, "https://learn.microsoft.com/defender-endpoint/api/score", deviceScoreFields}},
}

var deviceScoreFields = []field{
	{"time", "metadata.original_time, time", "time only when the input has none"},
	{"score", "compliance.control_parameters.value", "also message, rounded"},
	{"rbacGroupName", "resources.name", "also part of finding_info.uid"},
	{"rbacGroupId", "resources.uid", ""},
}

// secureScoreMapping is where the members of the stream go.
var secureScoreMapping = mapping{
	stream: "secure-scores", title: "Secure scores", class: "Compliance Finding (2003)", reason: whyCompliance,
	shapes: []shape{{gatehouse.APIGraph, "https://learn.microsoft.com/graph/api/resources/securescore", []field{
		{"id", "finding_info.uid", ""},
		{"azureTenantId", "metadata.tenant_uid", "unmapped when the input says another"},
		{"activeUserCount", "compliance.control_parameters.value", ""},
		{"createdDateTime", "finding_info.created_time, time", "time only when the input has none"},
		{"currentScore", "compliance.control_parameters.value", "also message, rounded"},
		{"maxScore", "compliance.control_parameters.value", "also message, rounded"},
		{"licensedUserCount", "compliance.control_parameters.value", ""},
		{"enabledServices[]", "finding_info.tags.values", ""},
		{"averageComparativeScores[].basis", "compliance.control_parameters.name", "unmapped without a score"},
		{"averageComparativeScores[].averageScore", "compliance.control_parameters.value", ""},
		{"controlScores[].controlCategory", "", "a check has no category in OCSF"},
		{"controlScores[].controlName", "compliance.checks.name", ""},
		{"controlScores[].description", "compliance.checks.desc", ""},
		{"controlScores[].score", "", "a check has no points in OCSF"},
		{"controlScores[].scoreInPercentage", "compliance.checks.status_id", "100 is Pass, 0 is Fail, else Warning; the number stays in unmapped"},
		{"controlScores[].implementationStatus", "", "free text beside the status, which is an enum in OCSF"},
		{"vendorInformation.provider", "finding_info.product.name", ""},
		{"vendorInformation.providerVersion", "finding_info.product.version", "unmapped without a provider"},
		{"vendorInformation.subProvider", "", "a product has no parts in OCSF"},
		{"vendorInformation.vendor", "finding_info.product.vendor_name", "unmapped without a provider"},
	}}},
}
