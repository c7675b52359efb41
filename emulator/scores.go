package emulator

import (
	"net/http"
	"strconv"
)

// scoreRoutes lists the operations on scores.
func scoreRoutes() []route {
	get := func(path string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiMDE, roles: []string{"Score.Read.All"}, perMinute: 100, perHour: 1500,
			needs: licenceForTVM, handle: handle,
		}
	}
	return []route{
		get("/api/exposurescore", getExposureScore),
		get("/api/configurationscore", getConfigurationScore),
		get("/api/exposurescore/bymachinegroups", listGroupScores),
	}
}

// scoreRow is a score; its time is the moment of the call.
type scoreRow struct {
	Time  stamp   `json:"time"`
	Score float64 `json:"score"`
}

// groupScoreRow is the score of a device group.
type groupScoreRow struct {
	Time          stamp   `json:"time"`
	Score         float64 `json:"score"`
	RBACGroupName string  `json:"rbacGroupName"`
	RBACGroupID   string  `json:"rbacGroupId"`
}

// exposureScore weighs the exposure levels of devices: 0 nothing exposed, 100 all of them highly. The caller may pick
// the devices of one group.
func (t *tenant) exposureScore(belongs func(m *machine) bool) (score float64, devices int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	sum := 0
	for _, i := range t.roster {
		if m := t.machines[i]; m.onboarding == 0 && belongs(m) {
			sum += []int{0, 15, 50, 100}[m.exposure]
			devices++
		}
	}
	if devices == 0 {
		return 0, 0
	}
	return float64(sum) / float64(devices), devices
}

// getExposureScore is GET /api/exposureScore.
func getExposureScore(c *call) reply {
	score, _ := c.tenant.exposureScore(func(*machine) bool { return true })
	return single(c, false, "ExposureScore", scoreRow{stampOf(c.now), score})
}

// getConfigurationScore is GET /api/configurationScore: Microsoft Secure Score for Devices, higher is better.
func getConfigurationScore(c *call) reply {
	score, _ := c.tenant.exposureScore(func(*machine) bool { return true })
	return single(c, false, "ConfigurationScore", scoreRow{stampOf(c.now), float64(int(700 - 5*score))})
}

// listGroupScores is GET /api/exposureScore/ByMachineGroups.
func listGroupScores(c *call) reply {
	rows := []groupScoreRow{}
	for g, group := range c.tenant.groups {
		score, devices := c.tenant.exposureScore(func(m *machine) bool { return int(m.group) == g })
		if devices > 0 {
			rows = append(rows, groupScoreRow{stampOf(c.now), score, group.assessed(), strconv.Itoa(group.id)})
		}
	}
	return listOf("ExposureScore", rows).serve(c)
}
