package normalize

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// huntingTable is a table of advanced hunting and what turns its rows into events.
type huntingTable struct {
	name string
	from func(Input) (ocsf.Event, error)
}

// huntingTables lists the tables whose rows have a mapping.
func huntingTables() []huntingTable {
	return []huntingTable{
		{"DeviceProcessEvents", hunted("DeviceProcessEvents", (*huntedRow).process)},
		{"DeviceFileEvents", hunted("DeviceFileEvents", (*huntedRow).file)},
		{"DeviceNetworkEvents", hunted("DeviceNetworkEvents", (*huntedRow).network)},
		{"DeviceRegistryEvents", hunted("DeviceRegistryEvents", (*huntedRow).registry)},
		{"DeviceImageLoadEvents", hunted("DeviceImageLoadEvents", (*huntedRow).imageLoad)},
		{"DeviceLogonEvents", hunted("DeviceLogonEvents", (*huntedRow).logon)},
		{"DeviceEvents", hunted("DeviceEvents", (*huntedRow).other)},
		{"DeviceInfo", throughGraph(Device)},
		{"DeviceTvmSoftwareVulnerabilities", throughGraph(Vulnerability)},
		{"DeviceTvmSoftwareInventory", throughGraph(Vulnerability)},
	}
}

// HuntingTables lists the tables of advanced hunting whose rows [HuntingRow] takes.
func HuntingTables() []string {
	var names []string
	for _, t := range huntingTables() {
		names = append(names, t.name)
	}
	return names
}

// HuntingRow turns a row of a table of advanced hunting into an event: rows of the
// Device*Events tables become process, file, network, registry, module and
// authentication activity. Rows are the same through every door. A row that was
// projected to a few columns has perhaps no Timestamp, DeviceId and ReportId, from
// which the time and the id of the event come: then give Input.Time and
// Input.EventID. The error tells that, or that the table has no mapping.
func HuntingRow(table string, in Input) (ocsf.Event, error) {
	all := huntingTables()
	i := slices.IndexFunc(all, func(t huntingTable) bool { return strings.EqualFold(t.name, table) })
	if i < 0 {
		return nil, fmt.Errorf("normalize: rows of the table %q have no mapping: see HuntingTables", table)
	}
	return all[i].from(in)
}

// throughGraph is a stream that is hunting rows through Graph, whatever door they
// really came through.
func throughGraph(f func(Input) (ocsf.Event, error)) func(Input) (ocsf.Event, error) {
	return func(in Input) (ocsf.Event, error) {
		in.API = gatehouse.APIGraph
		return f(in)
	}
}

// huntedRow is a row of one of the tables Device*Events on its way to become an
// event.
type huntedRow struct {
	*opened

	action string // ActionType
	device *ocsf.Device
	actor  *ocsf.Actor
	seen   observables

	profiles []string // OCSF profiles whose attributes the event uses
}

// hunted returns what turns rows of a table into events. build makes the event
// with what only its table has; what all tables have is added to it.
func hunted(table string, build func(*huntedRow) ocsf.Event) func(Input) (ocsf.Event, error) {
	what := "row of " + table
	return func(in Input) (ocsf.Event, error) {
		o, err := open(in, what)
		if err != nil {
			return nil, err
		}
		r := &huntedRow{opened: o, action: o.peek("ActionType")}
		r.device, r.actor = r.huntedDevice(), r.initiator()
		metadata, at := r.origin(table), r.moment("Timestamp")
		event := build(r)
		c := event.Common()
		*c.Metadata, *c.Time, *c.SeverityID, *c.Observables = metadata, r.time(at), ocsf.SeverityInformational, r.shown()
		if *c.Message == "" {
			*c.Message = r.sentence("")
		}
		r.control(c)
		metadata.Profiles = r.profiles
		return r.seal(event, what)
	}
}

// origin describes where a row comes from. Three columns together identify it.
// Source: "ReportId" at
// https://learn.microsoft.com/defender-xdr/advanced-hunting-deviceprocessevents-table.
func (r *huntedRow) origin(table string) *ocsf.Metadata {
	key, report := "", r.peek("ReportId")
	if device, at := r.peek("DeviceId"), r.peek("Timestamp"); report != "" && device != "" && at != "" {
		key = device + "_" + at + "_" + report
	}
	m := r.metadata(origin{product: productEndpoint, log: table, key: key, original: r.peek("Timestamp")})
	m.EventCode, m.OriginalEventUID = r.text("ActionType"), r.text("ReportId")
	return m
}

// huntedDevice reads the device that a row was seen on.
func (r *huntedRow) huntedDevice() *ocsf.Device {
	d := &ocsf.Device{UID: r.text("DeviceId"), Groups: deviceGroups(row{r.value}, "", "MachineGroup")}
	nameDevice(d, row{r.value}, "DeviceName")
	return orUnknown(d)
}

// sentence says in one line what happened: "FileCreated: report.docx by
// WINWORD.EXE on wks-1".
func (r *huntedRow) sentence(object string) string {
	text := first(r.action, "Event")
	if object != "" {
		text += ": " + object
	}
	if p := r.actor.Process; p != nil && p.Name != "" {
		text += " by " + p.Name
	}
	return text + " on " + first(r.device.Hostname, r.device.Name, r.device.UID, r.device.IP)
}

// shown adds what every row shows to what only its table has.
func (r *huntedRow) shown() []ocsf.Observable {
	r.seen.device("device", r.device)
	r.seen.process("actor.process", r.actor.Process)
	r.seen.user("actor.user", r.actor.User)
	return r.seen.list
}

// control says what a product did about what it saw, where the action's name
// tells: AsrOfficeChildProcessBlocked, AsrOfficeChildProcessAudited.
func (r *huntedRow) control(c ocsf.Common) {
	switch {
	case strings.HasSuffix(r.action, "Blocked"):
		*c.ActionID, *c.DispositionID = ocsf.Some(ocsf.ActionDenied), ocsf.Some(ocsf.DispositionBlocked)
	case strings.HasSuffix(r.action, "Audited"):
		*c.ActionID, *c.DispositionID = ocsf.Some(ocsf.ActionObserved), ocsf.Some(ocsf.DispositionLogged)
	default:
		return
	}
	r.profiles = append(r.profiles, "security_control")
}

// activityOf looks an ActionType up. One that the table does not have is Other,
// under its own name.
func activityOf[T ~int64](r *huntedRow, table []word[T]) (T, string) {
	return translate(table, r.action)
}
