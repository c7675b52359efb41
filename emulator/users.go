package emulator

import "net/http"

// userRoutes lists the operations on users.
func userRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/api/machines/{id}/logonusers", api: apiMDE, roles: []string{"User.Read.All"},
		perMinute: 100, perHour: 1500, handle: machineLogonUsers,
	}}
}

// userRow is a user as the MDE API prints it (core.md 6.6).
type userRow struct {
	ID                    string  `json:"id"`
	AccountName           string  `json:"accountName"`
	AccountDomain         string  `json:"accountDomain"`
	AccountSID            *string `json:"accountSid"`
	FirstSeen             stamp   `json:"firstSeen"`
	LastSeen              stamp   `json:"lastSeen"`
	MostPrevalentMachine  *string `json:"mostPrevalentMachineId"`
	LeastPrevalentMachine *string `json:"leastPrevalentMachineId"`
	LogonTypes            string  `json:"logonTypes"`
	LogOnMachinesCount    *int    `json:"logOnMachinesCount"`
	IsDomainAdmin         bool    `json:"isDomainAdmin"`
	IsOnlyNetworkUser     *bool   `json:"isOnlyNetworkUser"`
}

// newUserRow begins the row of a user with what does not depend on a device.
func (t *tenant) newUserRow(index int32) userRow {
	u, sid, network := &t.users[index], t.sid(index), false
	return userRow{
		ID: t.netbios() + `\` + u.account, AccountName: u.account, AccountDomain: t.netbios(), AccountSID: &sid,
		LogonTypes: "Interactive", IsDomainAdmin: u.admin, IsOnlyNetworkUser: &network,
	}
}

// userRow is a user with the devices it is the main user of.
func (t *tenant) userRow(index int32) userRow {
	row := t.newUserRow(index)
	count := 0
	for _, i := range t.roster {
		m := t.machines[i]
		if m.primary != index {
			continue
		}
		id := m.machineID()
		if count++; count == 1 {
			row.MostPrevalentMachine, row.FirstSeen, row.LastSeen = &id, m.firstSeen, m.lastSeen
		}
		row.LeastPrevalentMachine = &id
		row.FirstSeen, row.LastSeen = min(row.FirstSeen, m.firstSeen), max(row.LastSeen, m.lastSeen)
	}
	row.LogOnMachinesCount = &count
	return row
}

// machineLogonUsers is GET /api/machines/{id}/logonusers.
func machineLogonUsers(c *call) reply {
	return withMachine(c, func(i int32) reply {
		rows := []userRow{}
		for _, l := range c.tenant.logons(i) {
			row := c.tenant.newUserRow(l.user)
			row.FirstSeen, row.LastSeen = l.first, l.last
			if l.network {
				row.LogonTypes, row.IsOnlyNetworkUser = "Network", &l.network
			}
			rows = append(rows, row)
		}
		return listOf("Users", rows).serve(c)
	})
}
