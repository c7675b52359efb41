package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

var graphIncidentNames = incidentNames{
	id: "id", name: "displayName", text: "description", created: "createdDateTime", updated: "lastUpdateDateTime", alerts: &graphAlertNames,
}

// graphIncident maps an incident of Graph.
func (o *opened) graphIncident(event *ocsf.IncidentFinding) {
	tenant := o.tenant("tenantId")
	o.incident(event, &graphIncidentNames)
	event.Metadata.TenantUID = tenant
	event.SrcURL = o.valid("incidentWebUrl", ocsf.ValidURL)
	event.Metadata.Labels = append(o.texts("customTags"), o.texts("systemTags")...)
	if event.Desc == "" {
		event.Desc = o.text("summary")
	}
	event.PriorityID = priority(o.integerOf("priorityScore"))
}

// integerOf reads a whole number without marking it.
func (v value) integerOf(name string) ocsf.Opt[int64] {
	m := v.member(name)
	if m.source == nil {
		return ocsf.Opt[int64]{}
	}
	was := m.node().used
	n := v.integer(name)
	m.node().used = was
	return n
}

// priority puts a priority score of 0 to 100 in the bands of the Defender portal:
// low below 15, medium up to 85, high above. The score itself, for which OCSF has
// no place here, stays unmapped. Source:
// https://learn.microsoft.com/defender-xdr/incident-queue.
func priority(score ocsf.Opt[int64]) ocsf.Opt[ocsf.PriorityID] {
	n, ok := score.Get()
	switch {
	case !ok:
		return ocsf.Opt[ocsf.PriorityID]{}
	case n < 15:
		return ocsf.Some(ocsf.PriorityLow)
	case n <= 85:
		return ocsf.Some(ocsf.PriorityMedium)
	default:
		return ocsf.Some(ocsf.PriorityHigh)
	}
}
