package defender

// AlertSeverity is how grave an alert is. Unknown values are kept as they come.
type AlertSeverity string

// The severities that Microsoft documents.
const (
	SeverityUnspecified   AlertSeverity = "UnSpecified"
	SeverityInformational AlertSeverity = "Informational"
	SeverityLow           AlertSeverity = "Low"
	SeverityMedium        AlertSeverity = "Medium"
	SeverityHigh          AlertSeverity = "High"
)

// AlertStatus is how far an alert is dealt with. Unknown values are kept as they
// come.
type AlertStatus string

// The states that Microsoft documents. Unknown is only read, never written.
const (
	StatusUnknown    AlertStatus = "Unknown"
	StatusNew        AlertStatus = "New"
	StatusInProgress AlertStatus = "InProgress"
	StatusResolved   AlertStatus = "Resolved"
)

// ValidAlertStatuses returns the states that an alert can be given.
func ValidAlertStatuses() []AlertStatus {
	return []AlertStatus{StatusNew, StatusInProgress, StatusResolved}
}

// AlertClassification is what an alert turned out to be. Unknown values are kept
// as they come.
type AlertClassification string

// The classifications that Microsoft documents.
const (
	ClassificationTruePositive                  AlertClassification = "TruePositive"
	ClassificationInformationalExpectedActivity AlertClassification = "InformationalExpectedActivity"
	ClassificationFalsePositive                 AlertClassification = "FalsePositive"
)

// ValidAlertClassifications returns the classifications that an alert can be
// given.
func ValidAlertClassifications() []AlertClassification {
	return []AlertClassification{
		ClassificationTruePositive, ClassificationInformationalExpectedActivity, ClassificationFalsePositive,
	}
}

// AlertDetermination is the reason behind a classification. Unknown values are
// kept as they come.
type AlertDetermination string

// The determinations that Microsoft documents. Two have two spellings, one on the
// page of the update and one on the page of the resource; both are taken, since
// it is not known which the service wants.
const (
	DeterminationMultiStagedAttack         AlertDetermination = "MultiStagedAttack"
	DeterminationMaliciousUserActivity     AlertDetermination = "MaliciousUserActivity"
	DeterminationCompromisedUser           AlertDetermination = "CompromisedUser"
	DeterminationMalware                   AlertDetermination = "Malware"
	DeterminationPhishing                  AlertDetermination = "Phishing"
	DeterminationUnwantedSoftware          AlertDetermination = "UnwantedSoftware"
	DeterminationSecurityTesting           AlertDetermination = "SecurityTesting"
	DeterminationLineOfBusinessApplication AlertDetermination = "LineOfBusinessApplication"
	DeterminationConfirmedActivity         AlertDetermination = "ConfirmedActivity"
	DeterminationConfirmedUserActivity     AlertDetermination = "ConfirmedUserActivity"
	DeterminationNotMalicious              AlertDetermination = "NotMalicious"
	DeterminationClean                     AlertDetermination = "Clean"
	DeterminationInsufficientData          AlertDetermination = "InsufficientData"
	DeterminationOther                     AlertDetermination = "Other"
)

// ValidAlertDeterminations returns the determinations that an alert can be given.
// Microsoft groups them by classification but does not enforce the groups.
func ValidAlertDeterminations() []AlertDetermination {
	return []AlertDetermination{
		DeterminationMultiStagedAttack, DeterminationMaliciousUserActivity, DeterminationCompromisedUser,
		DeterminationMalware, DeterminationPhishing, DeterminationUnwantedSoftware,
		DeterminationSecurityTesting, DeterminationLineOfBusinessApplication,
		DeterminationConfirmedActivity, DeterminationConfirmedUserActivity,
		DeterminationNotMalicious, DeterminationClean, DeterminationInsufficientData, DeterminationOther,
	}
}

// AlertCategory is the category of an alert that is created by reference.
type AlertCategory string

// ValidAlertCategories returns the categories that a created alert can have.
func ValidAlertCategories() []AlertCategory {
	return []AlertCategory{
		"General", "CommandAndControl", "Collection", "CredentialAccess", "DefenseEvasion", "Discovery",
		"Exfiltration", "Exploit", "Execution", "InitialAccess", "LateralMovement", "Malware", "Persistence",
		"PrivilegeEscalation", "Ransomware", "SuspiciousActivity",
	}
}
