package server

// resources registers the routes of every noun, in the order of the OpenAPI
// document. Whoever adds a noun adds its line here.
func resources() []func(*Server) {
	return []func(*Server){
		addHealthRoutes,
		addDocsRoutes,
		addIdentityRoutes,
		addIntegrationRoutes,
		addCapabilityRoutes,
		addStreamRoutes,
		addKeyRoutes,
		addRecordRoutes,
		addDeviceRoutes,
		addScoreRoutes,
		addEventRoutes,
		addHuntRoutes,
		addActionRoutes,
		addAuditRoutes,
	}
}
