package emulator

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

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
	// Isolated and Restricted hold the ids of the devices that are isolated and whose code execution is restricted, as
	// their machine actions say in the order in which they succeeded. Sorted.
	Isolated, Restricted []string
	// Merged maps devices that were merged into others to these.
	Merged map[string]string
	// Redirected maps incidents that were merged into others to these.
	Redirected map[int64]int64

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
		t = &tenant{catalogue: &catalogue{}, state: newState()}
	}
	return t.truth()
}

// truth collects what the tenant holds.
func (t *tenant) truth() Truth {
	t.mu.RLock()
	defer t.mu.RUnlock()
	t = t.newest()
	truth := Truth{
		MachinesVulnerabilities: t.exports.listed, VulnerabilityRows: t.exports.flaws.rows, ExportFiles: len(t.exports.flaws.files),
		ControlProfiles: len(secureControls()), SecureScores: secureScoreDays, tenant: t,
		Isolated: t.folded("Isolate"), Restricted: t.folded("RestrictCodeExecution"), Merged: map[string]string{}, Redirected: map[int64]int64{},
	}
	for _, i := range t.roster {
		m := t.machines[i]
		truth.Devices = append(truth.Devices, m.machineID())
		if m.merged > 0 {
			truth.Merged[m.machineID()] = t.machines[m.merged-1].machineID()
		}
	}
	for _, i := range t.order {
		truth.Alerts = append(truth.Alerts, t.alerts[i].id)
	}
	for i := range t.users {
		truth.Users = append(truth.Users, t.users[i].account)
	}
	for i := range t.catalogue.flaws {
		truth.Vulnerabilities = append(truth.Vulnerabilities, t.catalogue.flaws[i].id)
	}
	for _, inc := range t.incidents {
		if inc.redirect != 0 {
			truth.Redirected[inc.number] = inc.redirect
		}
	}
	return truth
}

// document is one record of a stream: its key and its row.
type document struct {
	key string
	row any
}

// Documents gives every record of a stream, as a door prints it at the moment, by its key. Keys are the ids of the records;
// that of a vulnerability is deviceId|vendor|software|version|cve, where the last part is empty for software without one.
// Alerts come with their evidence, incidents with their alerts ($expand in Graph). Devices and vulnerabilities of Graph are
// the rows of the hunting tables: a device's last row of DeviceInfo, and DeviceTvmSoftwareVulnerabilities. Vulnerabilities
// of MDE are the rows of the JSON pages; DoorFiles gives the lines of the files. A stream that a door does not have is an error.
func (t Truth) Documents(stream, door string) (iter.Seq2[string, json.RawMessage], error) {
	source, ok := documentSources()[[2]string{stream, door}]
	if !ok {
		return nil, fmt.Errorf("emulator: no stream %s at the door %s", stream, door)
	}
	return func(yield func(string, json.RawMessage) bool) {
		for d := range source(t.tenant) {
			text, err := json.Marshal(d.row)
			if err != nil {
				panic("emulator: document " + d.key + ": " + err.Error())
			}
			if !yield(d.key, text) {
				return
			}
		}
	}, nil
}

// documentSource gives the records of one stream.
type documentSource = func(t *tenant) iter.Seq[document]

// numbered makes a source out of a number of records and what gives each.
func numbered(count func(t *tenant) int, at func(t *tenant, n int) document) documentSource {
	return func(t *tenant) iter.Seq[document] {
		return func(yield func(document) bool) {
			for n := range count(t) {
				if !yield(at(t, n)) {
					return
				}
			}
		}
	}
}

// listed makes a source out of a list of indexes and what gives each.
func listed[I any](list func(t *tenant) []I, at func(t *tenant, i I) document) documentSource {
	return func(t *tenant) iter.Seq[document] {
		return func(yield func(document) bool) {
			for _, i := range list(t) {
				if !yield(at(t, i)) {
					return
				}
			}
		}
	}
}

// documentSources lists the streams that each door has.
func documentSources() map[[2]string]documentSource {
	roster := func(t *tenant) []int32 { return t.roster }
	return map[[2]string]documentSource{
		{StreamAlerts, DoorMDE}: listed((*tenant).allAlerts, func(t *tenant, i int32) document {
			row := t.alertRow(i, true)
			return document{row.ID, row}
		}),
		{StreamAlerts, DoorGraph}: listed((*tenant).allAlerts, func(t *tenant, i int32) document {
			row := t.graphAlert(i, true)
			return document{row.ID, row}
		}),
		{StreamIncidents, DoorXDR}: listed((*tenant).allIncidents, func(t *tenant, i int32) document {
			row := t.xdrIncident(i, true)
			return document{fmt.Sprint(row.IncidentID), row}
		}),
		{StreamIncidents, DoorGraph}: listed((*tenant).allIncidents, func(t *tenant, i int32) document {
			row := t.graphIncident(i, true, true)
			return document{row.ID, row}
		}),
		{StreamDevices, DoorMDE}: listed(roster, func(t *tenant, i int32) document {
			row := t.machineRow(i)
			return document{row.ID, row}
		}),
		{StreamDevices, DoorGraph}: listed(roster, func(t *tenant, i int32) document {
			row := t.machineRow(i)
			return document{row.ID, t.deviceInfo(i, &row, row.LastSeen.time())}
		}),
		{StreamMachineActions, DoorMDE}: listed((*tenant).shownActions, func(t *tenant, n int) document {
			row := t.machineActionRow(n)
			return document{row.ID, row}
		}),
		{StreamVulnerabilities, DoorMDE}:   flawSource(func(row assetVulnerability) any { return row }),
		{StreamVulnerabilities, DoorFiles}: flawSource(func(row assetVulnerability) any { return assetVulnerabilityLine(row) }),
		{StreamVulnerabilities, DoorGraph}: huntedFlaws,
		{StreamCVEs, DoorMDE}: numbered(func(t *tenant) int { return len(t.catalogue.flaws) }, func(t *tenant, n int) document {
			row := t.vulnerabilityRow(int32(n))
			return document{row.ID, row}
		}),
		{StreamSecureScores, DoorGraph}: numbered(func(*tenant) int { return secureScoreDays }, func(t *tenant, ago int) document {
			row := t.secureScore(t.now(), ago)
			return document{row.ID, row}
		}),
		{StreamSecureScoreControls, DoorGraph}: numbered(func(*tenant) int { return len(secureControls()) }, func(t *tenant, n int) document {
			row := t.controlProfile(n)
			return document{row.ID, row}
		}),
		{StreamSoftware, DoorMDE}: listed((*tenant).inventory, func(t *tenant, p int) document {
			row := t.softwareRow(p)
			return document{row.ID, row}
		}),
		{StreamRecommendations, DoorMDE}: listed((*tenant).exposingProducts, func(t *tenant, p int) document {
			row := t.recommendationRow(p)
			return document{row.ID, row}
		}),
	}
}

// flawKey is the key of a row of the software vulnerability export.
func (t *tenant) flawKey(i int32, in install, flaw int32) string {
	p, cve := &t.catalogue.products[in.product], ""
	if flaw >= 0 {
		cve = t.catalogue.flaws[flaw].id
	}
	return strings.Join([]string{t.machines[i].machineID(), p.vendor, p.name, p.releases[in.version], cve}, "|")
}

// flawSource gives the rows of the software vulnerability export.
func flawSource(form func(assetVulnerability) any) documentSource {
	return func(t *tenant) iter.Seq[document] {
		return func(yield func(document) bool) {
			cursor := t.exportCursor()
			for n := range t.exports.flaws.rows {
				i, in, flaw := cursor.seek(n)
				if !yield(document{t.flawKey(i, in, flaw), form(t.assetRow(i, in, flaw))}) {
					return
				}
			}
		}
	}
}

// huntedFlaws gives the rows of DeviceTvmSoftwareVulnerabilities.
func huntedFlaws(t *tenant) iter.Seq[document] {
	return func(yield func(document) bool) {
		cursor := t.flawCursor()
		for n := range t.exports.listed {
			i, in, flaw := cursor.seek(n)
			if !yield(document{t.flawKey(i, in, flaw), t.huntedFlaw(i, in, flaw)}) {
				return
			}
		}
	}
}
