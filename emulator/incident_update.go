package emulator

import (
	"net/http"
	"slices"
)

// incidentUpdate is an update of an incident in the words of the MDE API.
type incidentUpdate struct {
	Status, AssignedTo, Classification, Determination, Comment *string
	Tags                                                       *[]string
}

// incidentStatuses lists the statuses that an incident can be given; Redirected is what only a merge makes.
func incidentStatuses() []string { return []string{"Active", "InProgress", "Resolved"} }

// incidentDeterminations maps the determinations that an update may have to those of alerts: the update page of XDR has
// spellings of its own beside those of the resource page.
func incidentDeterminations() map[string]string {
	names := map[string]string{"CompromisedAccount": "CompromisedUser", "NoEnoughDataToValidate": "InsufficientData"}
	for _, name := range determinations() {
		names[name] = name
	}
	return names
}

// updateIncident applies an update: what is not sent stays, a comment is added, tags are replaced. The end of an incident
// is that of its alerts. False is an incident that was merged into another one.
func (t *tenant) updateIncident(i int32, u *incidentUpdate, by string, at stamp) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	inc := t.incidents[i]
	if inc.redirect != 0 {
		return false
	}
	refs := []ref{{StreamIncidents, int(i)}}
	resolves := u.Status != nil && *u.Status == "Resolved"
	if resolves {
		for _, n := range inc.alerts {
			if !t.alerts[n].gone {
				refs = append(refs, t.alertRefs(n)...)
			}
		}
	}
	defer t.watch(at.time(), at.time(), refs...).done()
	for _, m := range []struct{ into, value *string }{
		{&inc.assignedTo, u.AssignedTo}, {&inc.status, u.Status}, {&inc.classification, u.Classification}, {&inc.determination, u.Determination},
	} {
		if m.value != nil {
			*m.into = *m.value
		}
	}
	if u.Status != nil {
		inc.decided = at
	}
	if u.Tags != nil {
		inc.tags = unique(*u.Tags)
	}
	if u.Comment != nil {
		inc.comments = append(slices.Clip(inc.comments), comment{*u.Comment, by, at})
	}
	inc.modifiedBy, inc.touched = by, max(inc.touched, at)
	if resolves {
		t.resolveAlerts(inc, at)
	}
	t.version.Add(1)
	return true
}

// resolveAlerts resolves what is open of an incident, with its verdict. The caller holds the lock.
func (t *tenant) resolveAlerts(inc *incident, at stamp) {
	for _, n := range inc.alerts {
		a := t.alerts[n]
		if a.status == "Resolved" {
			continue
		}
		a.status, a.resolved, a.updated = "Resolved", max(at, a.created), max(a.updated, at)
		if inc.classification != "" {
			a.classification, a.determination = inc.classification, inc.determination
		}
	}
}

// incidentBody is the body of PATCH /api/incidents/{id}.
type incidentBody struct {
	Status         *string   `json:"status"`
	AssignedTo     *string   `json:"assignedTo"`
	Classification *string   `json:"classification"`
	Determination  *string   `json:"determination"`
	Tags           *[]string `json:"tags"`
	Comment        *string   `json:"comment"`
}

// check refuses a body without anything to update or with a value that is none of those allowed. Microsoft says that a
// determination goes with a classification; which combinations it takes is not documented.
func (b *incidentBody) check(c *call) (incidentUpdate, reply, bool) {
	u := incidentUpdate{b.Status, b.AssignedTo, b.Classification, b.Determination, b.Comment, b.Tags}
	if u == (incidentUpdate{}) {
		return u, badBody(c), false
	}
	if b.Status != nil && !slices.Contains(incidentStatuses(), *b.Status) {
		return u, invalidInput(*b.Status), false
	}
	if b.Classification != nil {
		if *b.Classification == displayClassification {
			*b.Classification = "InformationalExpectedActivity"
		}
		if !slices.Contains(classifications(), *b.Classification) {
			return u, invalidInput(*b.Classification), false
		}
	}
	if b.Determination != nil {
		name, ok := incidentDeterminations()[*b.Determination]
		if !ok {
			return u, invalidInput(*b.Determination), false
		}
		u.Determination = &name
	}
	return u, reply{}, true
}

// patchIncident is PATCH /api/incidents/{id}.
func patchIncident(c *call) reply {
	var body incidentBody
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	u, refusal, ok := body.check(c)
	if !ok {
		return refusal
	}
	i, ok := c.tenant.findIncident(c.vars["id"])
	if !ok {
		return notFound("Incident", c.vars["id"])
	}
	if u.Determination != nil && u.Classification == nil && c.tenant.verdictOf(i) == "" {
		return fail(http.StatusBadRequest, "InvalidInput", "Invalid input determination: there is no classification")
	}
	if !c.tenant.updateIncident(i, &u, actor(c), stampOf(c.now)) {
		return fail(http.StatusBadRequest, "BadRequest", "Incident "+c.vars["id"]+" was merged into another incident")
	}
	c.wroteTo(u.Comment, c.vars["id"])
	return single(c, false, "Incidents", c.tenant.xdrIncident(i, true))
}

// verdictOf gives the classification of an incident.
func (t *tenant) verdictOf(i int32) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.incidentFacts(t.incidents[i]).classification
}
