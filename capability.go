package gatehouse

// Capability is something that an integration can do with the permissions it
// holds, as "noun.verb".
type Capability string

// The capabilities of this release. Which permission unlocks each of them, and
// through which API, is the catalogue of package entra.
const (
	AlertsRead          Capability = "alerts.read"
	AlertsUpdate        Capability = "alerts.update"
	DevicesRead         Capability = "devices.read"
	DevicesUpdate       Capability = "devices.update"
	VulnerabilitiesRead Capability = "vulnerabilities.read"
	HuntingRun          Capability = "hunting.run"
	ScoresRead          Capability = "scores.read"
	SecureScoreRead     Capability = "securescore.read"
)
