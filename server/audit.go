package server

// addAuditRoutes registers the routes of audit.
func addAuditRoutes(*Server) {}
