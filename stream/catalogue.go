package stream

import (
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// The streams.
const (
	Alerts              gatehouse.Stream = "alerts"
	Incidents           gatehouse.Stream = "incidents"
	Devices             gatehouse.Stream = "devices"
	MachineActions      gatehouse.Stream = "machine-actions"
	Vulnerabilities     gatehouse.Stream = "vulnerabilities" // one record for each device, software, version and CVE
	CVEs                gatehouse.Stream = "cves"            // the catalogue of CVEs that touch the tenant
	Software            gatehouse.Stream = "software"
	Recommendations     gatehouse.Stream = "recommendations"
	ExposureScore       gatehouse.Stream = "exposure-score"
	ConfigurationScore  gatehouse.Stream = "configuration-score"
	SecureScores        gatehouse.Stream = "secure-scores"
	SecureScoreControls gatehouse.Stream = "secure-score-controls"
)

// Intervals that streams share.
const (
	often  = 5 * time.Minute
	hourly = time.Hour
	daily  = 24 * time.Hour
	weekly = 7 * daily
)

// All returns the streams, those that matter most first.
func All() []Stream {
	return []Stream{
		alerts(),
		incidents(),
		devices(),
		machineActions(),
		vulnerabilities(),
		cves(),
		software(),
		recommendations(),
		exposureScore(),
		configurationScore(),
		secureScores(),
		secureScoreControls(),
	}
}

// ByName returns a stream of [All].
func ByName(name gatehouse.Stream) (Stream, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return Stream{}, false
}
