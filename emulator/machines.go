package emulator

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readMachines and writeMachines are the roles for devices; pages that print only the second accept the first too.
func readMachines() []string  { return []string{"Machine.Read.All", "Machine.ReadWrite.All"} }
func writeMachines() []string { return []string{"Machine.ReadWrite.All"} }

// machinesPage is the most devices that GET /api/machines returns at once.
const machinesPage = 10000

// machineRoutes lists the operations on devices, except tags.
func machineRoutes() []route {
	get := func(path string, options []string, handle func(*call) reply) route {
		return route{method: http.MethodGet, path: path, api: apiMDE, roles: readMachines(), perMinute: 100, perHour: 1500, options: options, handle: handle}
	}
	window := []string{"$filter", "$top", "$skip"}
	return []route{
		get("/api/machines", window, listMachines),
		get("/api/machines/{id}", nil, getMachine),
		get("/api/machines/findbyip({key})", nil, findMachinesByIP),
		get("/api/machines/findbytag", []string{"tag", "usestartswithfilter"}, findMachinesByTag),
		{method: http.MethodPatch, path: "/api/machines/{id}", api: apiMDE, roles: writeMachines(), perMinute: 100, perHour: 1500, handle: patchMachine},
		{method: http.MethodPost, path: "/api/machines/{id}/setdevicevalue", api: apiMDE, roles: writeMachines(), perMinute: 100, perHour: 1500, handle: setDeviceValue},
		{method: http.MethodGet, path: "/api/machines/{id}/alerts", api: apiMDE, roles: readAlerts(), perMinute: 100, perHour: 1500, handle: machineAlerts},
		{method: http.MethodGet, path: "/api/machines/{id}/alerts/$count", api: apiMDE, roles: readAlerts(), perMinute: 100, perHour: 1500, options: []string{"$filter"}, handle: countMachineAlerts},
	}
}

// machineListing is the collection of the given devices.
func machineListing(t *tenant, count int, index func(n int) int32) listing[machineRow] {
	return listing[machineRow]{
		set: "Machines", typeName: "microsoft.windowsDefenderATP.api.Machine", count: count, page: machinesPage,
		columns: machineColumns(),
		at:      func(n int) machineRow { return t.machineRow(index(n)) },
	}
}

// machinesAt is the collection of some devices, all on one page.
func machinesAt(t *tenant, indexes []int32) listing[machineRow] {
	l := machineListing(t, len(indexes), func(n int) int32 { return indexes[n] })
	l.page, l.maxTop = 0, machinesPage
	return l
}

// listMachines is GET /api/machines. The page says 404 for a tenant without recent devices.
func listMachines(c *call) reply {
	if len(c.tenant.roster) == 0 {
		return fail(http.StatusNotFound, "ResourceNotFound", "No recent machines were found")
	}
	return machineListing(c.tenant, len(c.tenant.roster), func(n int) int32 { return c.tenant.roster[n] }).serve(c)
}

// withMachine finds the device of a route and hands it on.
func withMachine(c *call, then func(i int32) reply) reply {
	i, ok := c.tenant.findMachine(c.vars["id"])
	if !ok {
		return notFound("Machine", c.vars["id"])
	}
	return then(i)
}

// getMachine is GET /api/machines/{id or name}.
func getMachine(c *call) reply {
	return withMachine(c, func(i int32) reply { return oneMachine(c, i) })
}

// oneMachine answers with a device.
func oneMachine(c *call, i int32) reply {
	return single(c, false, "Machines", c.tenant.machineRow(i))
}

// patchMachine is PATCH /api/machines/{id}: the tags given replace those there are; what is not sent stays.
func patchMachine(c *call) reply {
	var body struct {
		MachineTags *[]string `json:"machineTags"`
		DeviceValue *string   `json:"deviceValue"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	value := -1
	if body.DeviceValue != nil {
		if value = slices.Index(deviceValues(), *body.DeviceValue); value < 0 {
			return invalidInput(*body.DeviceValue)
		}
	}
	return withMachine(c, func(i int32) reply {
		c.tenant.mu.Lock()
		watch := c.tenant.watch(c.now, c.now, ref{StreamDevices, int(i)})
		m := c.tenant.machines[i]
		if body.MachineTags != nil {
			m.tags = unique(*body.MachineTags)
		}
		if value >= 0 {
			m.value = uint8(value)
		}
		c.tenant.version.Add(1)
		watch.done()
		c.tenant.mu.Unlock()
		return oneMachine(c, i)
	})
}

// unique drops repeated elements.
func unique(list []string) []string {
	var kept []string
	for _, s := range list {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// setDeviceValue is POST /api/machines/{id}/setDeviceValue.
func setDeviceValue(c *call) reply {
	var body struct {
		DeviceValue *string `json:"DeviceValue"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	if body.DeviceValue == nil {
		return missing("DeviceValue")
	}
	value := slices.Index(deviceValues(), *body.DeviceValue)
	if value < 0 {
		return invalidInput(*body.DeviceValue)
	}
	return withMachine(c, func(i int32) reply {
		c.tenant.mu.Lock()
		watch := c.tenant.watch(c.now, c.now, ref{StreamDevices, int(i)})
		c.tenant.machines[i].value = uint8(value)
		c.tenant.version.Add(1)
		watch.done()
		c.tenant.mu.Unlock()
		return oneMachine(c, i)
	})
}

// findMachinesByIP is GET /api/machines/findbyip(ip='{ip}',timestamp={ts}): devices that reported the internal address
// within 15 minutes of the time, which must lie in the last 30 days.
func findMachinesByIP(c *call) reply {
	first, second, ok := strings.Cut(c.vars["key"], ",")
	ip, isIP := strings.CutPrefix(strings.TrimSpace(first), "ip=")
	at, isTime := strings.CutPrefix(strings.TrimSpace(second), "timestamp=")
	if !ok || !isIP || !isTime {
		return fail(http.StatusBadRequest, "BadRequest", "The function findbyip needs the parameters ip and timestamp")
	}
	ip = strings.Trim(ip, "'")
	if _, err := netip.ParseAddr(ip); err != nil {
		return fail(http.StatusBadRequest, "InvalidIpAddress", "IP address "+ip+" is invalid")
	}
	moment, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return invalidInput(at)
	}
	if moment.Before(c.now.AddDate(0, 0, -30)) {
		return fail(http.StatusBadRequest, "InvalidInput", "Invalid input timestamp: the given time is more than 30 days ago")
	}
	return machinesAt(c.tenant, c.tenant.machinesSeenAt(ip, moment)).serve(c)
}

// machinesSeenAt finds the devices that had an address at a time. A device is taken to report all the while between
// its first and its last report.
func (t *tenant) machinesSeenAt(ip string, at time.Time) []int32 {
	const slack = stamp(15 * time.Minute)
	moment := stampOf(at)
	var found []int32
	for _, i := range t.roster {
		m := t.machines[i]
		if ipOf(i) == ip && moment >= m.firstSeen-slack && moment <= m.lastSeen+slack {
			found = append(found, i)
		}
	}
	return found
}

// findMachinesByTag is GET /api/machines/findbytag.
func findMachinesByTag(c *call) reply {
	tag := c.query.Get("tag")
	if tag == "" {
		return missing("tag")
	}
	prefix := false
	if text := c.query.Get("usestartswithfilter"); text != "" {
		var err error
		if prefix, err = strconv.ParseBool(text); err != nil {
			return invalidInput(text)
		}
	}
	c.tenant.mu.RLock()
	var found []int32
	for _, i := range c.tenant.roster {
		if slices.ContainsFunc(c.tenant.machines[i].tags, func(have string) bool {
			return have == tag || prefix && strings.HasPrefix(have, tag)
		}) {
			found = append(found, i)
		}
	}
	c.tenant.mu.RUnlock()
	return machinesAt(c.tenant, found).serve(c)
}

// machineAlerts is GET /api/machines/{id}/alerts; its alerts carry their evidence without $expand.
func machineAlerts(c *call) reply {
	return withMachine(c, func(i int32) reply {
		l := alertListing(c.tenant, c.tenant.alertsOfMachine(i), true)
		return l.serve(c)
	})
}

// countMachineAlerts is GET /api/machines/{id}/alerts/$count: a bare number.
func countMachineAlerts(c *call) reply {
	return withMachine(c, func(i int32) reply {
		l := alertListing(c.tenant, c.tenant.alertsOfMachine(i), false)
		var f *filter[alertRow]
		if text := c.query.Get("$filter"); text != "" {
			var err error
			if f, err = bindFilter(text, l.typeName, l.columns); err != nil {
				return refuseOData(false, err)
			}
		}
		return reply{body: rawBody(strconv.Itoa(l.matches(f)))}
	})
}
