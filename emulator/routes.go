package emulator

import "slices"

// allRoutes lists every operation of Microsoft's APIs that the emulator answers.
func allRoutes() []route {
	return slices.Concat(
		alertRoutes(), alertRelatedRoutes(),
		machineRoutes(), machineTagRoutes(), userRoutes(),
		vulnerabilityRoutes(), exportRoutes(), scoreRoutes(),
		softwareRoutes(), recommendationRoutes(), machineActionRoutes(), actionRoutes(), investigationRoutes(),
		incidentRoutes(),
		huntingRoutes(), graphAlertRoutes(), graphIncidentRoutes(), graphSecureScoreRoutes(),
	)
}
