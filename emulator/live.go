package emulator

import "fmt"

// AddAlert raises one more alert in a tenant, as time does in a real one, and returns its id. It is there at once in
// every API and in the hunting tables.
func (s *Server) AddAlert(tenantID string) (alertID string, err error) {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return "", err
	}
	a, err := t.addAlert()
	if err != nil {
		return "", fmt.Errorf("emulator: %w", err)
	}
	return a.id, nil
}

// Truth is what a tenant holds: what a client must have seen after it read everything.
type Truth struct {
	// Devices holds the ids of all devices, in the order of GET /api/machines.
	Devices []string
	// Alerts holds the ids of all alerts, oldest first.
	Alerts []string
	// Users holds the account names of all users.
	Users []string
	// Vulnerabilities holds the ids of the vulnerability catalogue, in the order of GET /api/vulnerabilities.
	Vulnerabilities []string
	// MachinesVulnerabilities is the number of rows of GET /api/vulnerabilities/machinesVulnerabilities.
	MachinesVulnerabilities int
	// VulnerabilityRows is the number of rows of the software vulnerability export.
	VulnerabilityRows int
	// ExportFiles is the number of files of that export.
	ExportFiles int
	// ControlProfiles is the number of secure score control profiles.
	ControlProfiles int
	// SecureScores is the number of daily secure scores.
	SecureScores int

	tenant *tenant
}

// EachVulnerabilityRow calls a function with the id of every row of the software vulnerability export, in its order,
// until it returns false. The ids are computed one by one: there may be millions.
func (t Truth) EachVulnerabilityRow(yield func(id string) bool) {
	cursor := t.tenant.exportCursor()
	for n := range t.VulnerabilityRows {
		if !yield(t.tenant.assetID(cursor.seek(n))) {
			return
		}
	}
}

// Truth gives what a tenant holds at the moment. An unknown tenant holds nothing.
func (s *Server) Truth(tenantID string) Truth {
	t, err := s.dataOf(tenantID)
	if err != nil {
		t = &tenant{catalogue: &catalogue{}}
	}
	return t.truth()
}

// truth collects what the tenant holds.
func (t *tenant) truth() Truth {
	t.mu.RLock()
	defer t.mu.RUnlock()
	truth := Truth{
		MachinesVulnerabilities: t.exports.flaws, VulnerabilityRows: t.exports.rows, ExportFiles: len(t.exports.files),
		ControlProfiles: len(secureControls()), SecureScores: secureScoreDays, tenant: t,
	}
	for i := range t.machines {
		truth.Devices = append(truth.Devices, t.machines[i].machineID())
	}
	for _, a := range t.alerts {
		truth.Alerts = append(truth.Alerts, a.id)
	}
	for i := range t.users {
		truth.Users = append(truth.Users, t.users[i].account)
	}
	for i := range t.catalogue.flaws {
		truth.Vulnerabilities = append(truth.Vulnerabilities, t.catalogue.flaws[i].id)
	}
	return truth
}

// dataOf finds the data of a tenant.
func (s *Server) dataOf(tenantID string) (*tenant, error) {
	if found, ok := s.dir.tenant(tenantID); ok {
		return found.data, nil
	}
	return nil, fmt.Errorf("emulator: there is no tenant %s", tenantID)
}

// ownerOf finds the tenant that an export file belongs to: its path names the organisation.
func (s *Server) ownerOf(path string) *tenant {
	org := orgOfPath(path)
	s.dir.mu.RLock()
	defer s.dir.mu.RUnlock()
	for _, t := range s.dir.tenants {
		if t.data.org == org {
			return t.data
		}
	}
	return nil
}
