package server

// addCapabilityRoutes registers the routes of capabilities.
func addCapabilityRoutes(*Server) {}
