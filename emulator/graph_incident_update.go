package emulator

import (
	"net/http"
)

// patchGraphIncident is PATCH /security/incidents/{id}.
func patchGraphIncident(c *call) reply {
	var body struct {
		Status         *string   `json:"status"`
		AssignedTo     *string   `json:"assignedTo"`
		Classification *string   `json:"classification"`
		Determination  *string   `json:"determination"`
		CustomTags     *[]string `json:"customTags"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	u := incidentUpdate{AssignedTo: body.AssignedTo, Tags: body.CustomTags}
	for _, m := range []struct {
		name    string
		value   *string
		into    **string
		allowed []string
	}{
		{"status", body.Status, &u.Status, incidentStatuses()},
		{"classification", body.Classification, &u.Classification, classifications()},
		{"determination", body.Determination, &u.Determination, determinations()},
	} {
		if m.value == nil {
			continue
		}
		value, ok := fromGraph(*m.value, m.allowed)
		if !ok || m.name == "status" && value == "" {
			return fail(http.StatusBadRequest, "BadRequest", "Cannot convert the literal '"+*m.value+"' to the expected type of "+m.name+".")
		}
		*m.into = &value
	}
	if u == (incidentUpdate{}) {
		return fail(http.StatusBadRequest, "BadRequest", "The request body has nothing to update.")
	}
	return changeGraphIncident(c, &u, func(i int32) reply {
		return single(c, true, graphIncidentSet, c.tenant.graphIncident(i, false, wantsAllMembers(c.r)))
	})
}

// changeGraphIncident updates the incident of a route and hands it on.
func changeGraphIncident(c *call, u *incidentUpdate, then func(i int32) reply) reply {
	i, ok := c.tenant.findIncident(c.vars["id"])
	if !ok {
		return fail(http.StatusNotFound, "NotFound", "Incident "+c.vars["id"]+" was not found")
	}
	if !c.tenant.updateIncident(i, u, actor(c), stampOf(c.now)) {
		return fail(http.StatusBadRequest, "BadRequest", "Incident "+c.vars["id"]+" was merged into another incident")
	}
	c.wroteTo(u.Comment, c.vars["id"])
	return then(i)
}

// commentGraphIncident is POST /security/incidents/{id}/comments; it answers with all comments.
func commentGraphIncident(c *call) reply {
	text, refusal, ok := readGraphComment(c)
	if !ok {
		return refusal
	}
	return changeGraphIncident(c, &incidentUpdate{Comment: text}, func(i int32) reply {
		return commentList(c, c.tenant.graphIncident(i, false, true).Comments)
	})
}

// readGraphComment reads the body of an operation that adds a comment.
func readGraphComment(c *call) (*string, reply, bool) {
	var body struct {
		Comment *string `json:"comment"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return nil, refusal, false
	}
	if body.Comment == nil || *body.Comment == "" {
		return nil, fail(http.StatusBadRequest, "BadRequest", "The comment is empty."), false
	}
	return body.Comment, reply{}, true
}
