package server

// addStreamRoutes registers the routes of streams.
func addStreamRoutes(*Server) {}
