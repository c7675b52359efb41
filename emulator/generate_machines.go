package emulator

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// machine is one device, kept small; wire rows are computed from it.
type machine struct {
	id         [20]byte
	firstSeen  stamp
	lastSeen   stamp // as the vulnerability data knows it
	reported   stamp // its last report
	merged     int32 // the device it was merged into, plus one
	tags       []string
	primary    int32 // user who signs in to it most
	platform   uint8 // index into tenant.platforms
	group      uint8 // index into tenant.groups
	health     uint8 // index into healthStates()
	exposure   uint8 // index into exposureLevels(), from its vulnerabilities
	value      uint8 // index into deviceValues()
	onboarding uint8 // index into onboardingStates()
	joined     bool  // joined to Entra ID
	internet   bool  // faces the internet
	link       uint8 // linkByHealth, linkUp or linkDown
	old        bool  // its client is too old for actions
}

// deviceGroup is a device group (RBAC group).
type deviceGroup struct {
	id   int
	name string // "" for devices in no group
}

// groups lists the device groups; the last one is "no group".
func groups() []deviceGroup {
	return []deviceGroup{{12, "Workstations"}, {14, "Servers"}, {19, "Engineering"}, {23, "Executives"}, {0, ""}}
}

// assessed gives the group's name as the vulnerability rows print it, where a device in no group is Unassigned.
func (g deviceGroup) assessed() string {
	if g.name == "" {
		return "Unassigned"
	}
	return g.name
}

func healthStates() []string {
	return []string{"Active", "Inactive", "ImpairedCommunication", "NoSensorData", "NoSensorDataImpairedCommunication"}
}

func exposureLevels() []string { return []string{"None", "Low", "Medium", "High"} }

func deviceValues() []string { return []string{"Normal", "Low", "High"} }

func onboardingStates() []string {
	return []string{"Onboarded", "CanBeOnboarded", "Unsupported", "InsufficientInfo"}
}

// seedTags lists the tags that generated devices carry.
func seedTags() []string {
	return []string{"Berlin", "Lisbon", "Osaka", "Critical", "Kiosk", "Pilot", "PCI", "VIP", "Lab", "Tier0"}
}

// generateMachines makes the devices, without their software.
func (t *tenant) generateMachines() {
	block := make([]machine, t.size.Devices)
	t.machines, t.roster = make([]*machine, t.size.Devices), make([]int32, t.size.Devices)
	t.byID = make(map[[20]byte]int32, t.size.Devices)
	for i := range t.machines {
		block[i] = t.generateMachine(i, t.platforms)
		t.machines[i], t.roster[i] = &block[i], int32(i)
		t.byID[block[i].id] = int32(i)
	}
}

// generateMachine makes one device.
func (t *tenant) generateMachine(i int, kinds []platform) machine {
	d := t.digest("machine", i)
	random := t.rand("machine", i)
	m := machine{id: [20]byte(d[:20])}
	for roll := random.IntN(100); int(m.platform) < len(kinds)-1 && roll >= kinds[m.platform].share; m.platform++ {
		roll -= kinds[m.platform].share
	}
	server := kinds[m.platform].mask&(osServers|osLinux) != 0
	m.firstSeen = stampOf(t.born.Add(-time.Duration(40*24+random.IntN(700*24)) * time.Hour).Add(-time.Duration(random.IntN(3600e7)) * 100))
	m.lastSeen = stampOf(t.born.Add(-time.Duration(random.IntN(20*60)) * time.Minute).Add(-time.Duration(random.IntN(60e7)) * 100))
	if random.IntN(100) < 9 { // some have not been heard of for long
		m.health = uint8(1 + random.IntN(len(healthStates())-1))
		m.lastSeen = stampOf(t.born.Add(-time.Duration(8*24+random.IntN(20*24)) * time.Hour))
	}
	m.reported = m.lastSeen
	if random.IntN(100) < 3 {
		m.onboarding = uint8(1 + random.IntN(len(onboardingStates())-1))
	}
	m.group = groupFor(server, random.IntN(100))
	if n := len(t.users); n > 1 && !server {
		m.primary = int32(1 + i%(n-1))
	}
	if random.IntN(100) < 35 {
		m.tags = append(m.tags, pick(random, seedTags()))
	}
	if random.IntN(100) < 12 {
		m.value = uint8(1 + random.IntN(2))
	}
	m.joined = !server && random.IntN(100) < 85
	m.internet = server && random.IntN(100) < 15
	return m
}

// groupFor places a device in a group.
func groupFor(server bool, roll int) uint8 {
	switch {
	case roll < 6:
		return 4
	case server:
		return 1
	case roll < 22:
		return 2
	case roll < 28:
		return 3
	}
	return 0
}

// machineID gives the id that the API shows.
func (m *machine) machineID() string { return hex.EncodeToString(m.id[:]) }

// shortName gives the host name of a device.
func (t *tenant) shortName(i int32) string {
	prefix := [...]string{"lap", "wks", "srv", "srv", "lnx", "mac"}[t.machines[i].platform]
	return fmt.Sprintf("%s-%04d", prefix, i+1)
}

// dnsName gives the fully qualified name of a device.
func (t *tenant) dnsName(i int32) string { return t.shortName(i) + ".corp." + t.domain }

// ipOf gives the internal address of a device: one for each of the first 16 million.
func ipOf(i int32) string {
	n := i + 10
	return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

// externalIPOf gives the address a device is seen at from outside, out of a documentation range.
func externalIPOf(m *machine) string { return fmt.Sprintf("203.0.113.%d", 1+m.id[19]%16) }

// macOf gives the hardware address of a device, without separators as the API prints it.
func macOf(m *machine) string { return "02" + strings.ToUpper(hex.EncodeToString(m.id[3:8])) }

// findMachine finds a device by id or, as the page of GET /api/machines/{id} says, by computer name.
func (t *tenant) findMachine(key string) (int32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if raw, err := hex.DecodeString(key); err == nil && len(raw) == 20 {
		i, ok := t.byID[[20]byte(raw)]
		return i, ok && int(i) < len(t.machines) // it may have come after this view
	}
	key = strings.ToLower(key)
	if _, digits, ok := strings.Cut(key, "-"); ok { // names carry the device's number
		number := 0
		if _, err := fmt.Sscanf(digits, "%d", &number); err == nil && number >= 1 && number <= len(t.machines) {
			i := int32(number - 1)
			_, there := t.byID[t.machines[i].id]
			return i, there && (t.dnsName(i) == key || t.shortName(i) == key)
		}
	}
	return 0, false
}

// logon is one user seen on a device.
type logon struct {
	user        int32
	first, last stamp
	network     bool // never interactively
}

// logons lists the users of a device: its own, on servers the administrator, now and then a colleague.
func (t *tenant) logons(i int32) []logon {
	m := t.machines[i]
	if len(t.users) == 0 {
		return nil
	}
	random := t.rand("logons", int(i))
	list := []logon{{user: m.primary, first: m.firstSeen, last: m.lastSeen}}
	if guest := int32(random.IntN(len(t.users))); random.IntN(100) < 30 && guest != m.primary {
		since := stampOf(m.lastSeen.time().Add(-time.Duration(1+random.IntN(500)) * time.Hour))
		list = append(list, logon{user: guest, first: max(m.firstSeen, since), last: m.lastSeen - stamp(time.Hour), network: random.IntN(2) == 0})
	}
	return list
}
