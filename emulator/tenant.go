package emulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Size says how much a generated tenant holds. A field that is zero takes its default; a negative one means none.
type Size struct {
	// Devices is the number of devices. Default 200.
	Devices int
	// Users is the number of people who sign in to them. Default three for every four devices.
	Users int
	// Alerts is the number of alerts present from the start. Default 120.
	Alerts int
	// Software is the number of products in the software catalogue. Default: the built-in list of about seventy; more than that adds invented ones.
	Software int
	// Vulnerabilities is the number of entries in the vulnerability catalogue. Default: those of the software alone; more adds entries that expose no device.
	Vulnerabilities int
	// VulnerabilityRows is the number of rows in the software vulnerability export. Default: about thirty for each device.
	VulnerabilityRows int
	// AlertsPerIncident is how many alerts an incident groups. Default 3.
	AlertsPerIncident int
	// Incidents is the number of incidents. Default: as many as the alerts make. With Alerts left at zero, there are as
	// many alerts as fill them; with both set, the alerts are shared out.
	Incidents int
	// Actions is the number of machine actions present from the start. Default 30.
	Actions int
	// Ties is how many alerts in a row bear the same times. Default 1.
	Ties int
	// Events is the number of background hunting events of each device in each event table. Default 8.
	Events int
	// PageSize caps the rows of a page of every list, so that a small tenant has many pages. Default: Microsoft's own page sizes.
	PageSize int
}

// orDefault resolves a field of Size: zero is the default, negative is none.
func orDefault(n, standard int) int {
	switch {
	case n == 0:
		return standard
	case n < 0:
		return 0
	}
	return n
}

// withDefaults returns the size with every default filled in.
func (s Size) withDefaults() Size {
	s.Devices = orDefault(s.Devices, 200)
	s.Users = orDefault(s.Users, max(1, s.Devices*3/4))
	s.AlertsPerIncident = max(1, orDefault(s.AlertsPerIncident, 3))
	if s.Incidents > 0 && s.Alerts == 0 {
		s.Alerts = s.Incidents * s.AlertsPerIncident
	}
	s.Alerts = orDefault(s.Alerts, 120)
	if s.Incidents > 0 {
		s.AlertsPerIncident = max(1, (s.Alerts+s.Incidents-1)/s.Incidents)
	}
	s.Actions, s.Ties = orDefault(s.Actions, 30), max(1, s.Ties)
	if s.Devices == 0 || s.Users == 0 {
		s.Alerts = 0 // an alert needs a device and a user to be about
	}
	s.Events = orDefault(s.Events, 8)
	s.VulnerabilityRows = max(0, s.VulnerabilityRows)
	s.PageSize = max(0, s.PageSize)
	return s
}

// tenant is the data of one customer: what Microsoft would hold about its devices. Bulky facts are kept as compact
// numbers and turned into wire rows when they are asked for, so that 100,000 devices fit in a few tens of megabytes.
type tenant struct {
	id       string // directory id, a GUID
	name     string // display name
	domain   string // DNS domain of the users
	org      string // organisation id of Defender, a GUID, seen in export links
	seed     uint64
	size     Size
	now      func() time.Time
	byUpdate bool      // lists of alerts and incidents begin with what changed last
	born     time.Time // when the data was generated; every generated time is relative to it

	platforms []platform
	groups    []deviceGroup
	templates []template
	catalogue *catalogue
	users     []user
	noises    *[eventKinds][2][]noise

	// What follows is one view: a tenant never changes but for its state. A change of these makes another view, which
	// shares all the rest, so that a call goes on with what it began with.

	machines []*machine // all that ever were; an index is for good
	roster   []int32    // those of them that there are
	spans    []span     // where the software of each machine lies in installs
	installs []install
	exposed  []int32 // devices exposed to each vulnerability of the catalogue
	sums     []productSum
	assessed int // devices that have software
	exports  exportIndex
	snapshot time.Time // of the vulnerability data

	*state
}

// state is what all views of a tenant share and what changes.
type state struct {
	current atomic.Pointer[tenant] // the newest view
	due     atomic.Int64           // when the next step of the tenant's life is due, in Unix nanoseconds
	version atomic.Int64           // grows with each change that hunting tables show
	hunting huntingStore

	mu        sync.RWMutex // guards everything below, and the mutable fields of machines
	byID      map[[20]byte]int32
	alerts    []*alert // an index is for good
	order     []int32  // the alerts there are, oldest first
	alertIDs  map[string]int32
	alertsOf  map[int32][]int32 // machine index to alert indexes
	incidents []*incident       // an index is for good
	incidentN map[int64]int32   // number to index
	actions   []*machineAction  // oldest first; an index is for good
	actionIDs map[string]int
	rules     ActionRules
	repeats   int // answers drawn to actions that were under way already
	started   []*investigation
	accepted  []Accepted
	life      lifeline
}

// newTenant generates the data of a tenant. The same specification, seed and time give the same data.
func newTenant(spec TenantSpec, seed uint64, now func() time.Time, common *shared) *tenant {
	t := &tenant{
		id: spec.ID, name: cmp.Or(spec.Name, "Contoso"), domain: cmp.Or(spec.Domain, "contoso.example"),
		seed: seed, size: spec.Size.withDefaults(), now: now, born: common.born, byUpdate: spec.ByUpdate,
	}
	t.state = newState()
	t.rules = common.rules
	t.platforms, t.groups, t.templates, t.noises = common.platforms, common.groups, common.templates, common.noises
	t.org = t.guid("organisation", 0)
	t.catalogue = common.catalogue(t.size.Software, t.size.Vulnerabilities)
	t.snapshot = snapshotAt(t.born)
	t.generateUsers()
	t.generateMachines()
	t.generateInstalls()
	t.countInstalls()
	t.indexExports()
	t.generateAlerts()
	t.generateIncidents()
	t.generateActions()
	t.begin()
	return t
}

// rand gives the random source of one thing of the tenant: always the same numbers for the same kind and index.
func (t *tenant) rand(kind string, index int) *rand.Rand {
	return rand.New(rand.NewPCG(t.seed, mix(kind, index)))
}

// mix hashes a kind and an index into one number (FNV-1a).
func mix(kind string, index int) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(kind) {
		h = (h ^ uint64(kind[i])) * 1099511628211
	}
	for shift := 0; shift < 64; shift += 8 {
		h = (h ^ uint64(index)>>shift&0xff) * 1099511628211
	}
	return h
}

// digest gives 32 bytes that belong to one thing of the tenant for good.
func (t *tenant) digest(kind string, index int) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s/%d/%s/%d", t.id, t.seed, kind, index))
}

// guid gives the GUID of one thing of the tenant.
func (t *tenant) guid(kind string, index int) string {
	return guidOf(t.digest(kind, index))
}

// guidOf prints the first bytes of a digest as a GUID of version 4.
func guidOf(d [32]byte) string {
	d[6], d[8] = d[6]&0x0f|0x40, d[8]&0x3f|0x80
	h := hex.EncodeToString(d[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

// hashOf gives the lower-case hex digest of a name, cut to the given number of bytes: 16 MD5, 20 SHA-1, 32 SHA-256.
// They are names of files that do not exist, so any digest of the right length serves.
func hashOf(name string, bytes int) string {
	d := sha256.Sum256([]byte(name))
	return hex.EncodeToString(d[:bytes])
}
