package server

// addKeyRoutes registers the routes of keys.
func addKeyRoutes(*Server) {}
