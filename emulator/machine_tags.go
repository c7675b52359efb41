package emulator

import (
	"fmt"
	"net/http"
	"slices"
)

// maxTagMachines is the most devices that one call may tag.
const maxTagMachines = 500

// machineTagRoutes lists the operations on tags.
func machineTagRoutes() []route {
	post := func(path string, handle func(*call) reply) route {
		return route{method: http.MethodPost, path: path, api: apiMDE, roles: writeMachines(), perMinute: 100, perHour: 1500, handle: handle}
	}
	return []route{
		post("/api/machines/{id}/tags", tagMachine),
		post("/api/machines/addorremovetagformultiplemachines", tagMachines),
	}
}

// tagBody is the body of both operations.
type tagBody struct {
	Value      *string   `json:"Value"`
	Action     *string   `json:"Action"`
	MachineIDs *[]string `json:"MachineIds"`
}

// readTagBody reads and checks a body.
func readTagBody(c *call, many bool) (tagBody, reply, bool) {
	var body tagBody
	if refusal, ok := readBody(c, &body); !ok {
		return body, refusal, false
	}
	switch {
	case body.Value == nil || *body.Value == "":
		return body, missing("Value"), false
	case body.Action == nil:
		return body, missing("Action"), false
	case *body.Action != "Add" && *body.Action != "Remove":
		return body, invalidInput(*body.Action), false
	case many && (body.MachineIDs == nil || len(*body.MachineIDs) == 0):
		return body, missing("MachineIds"), false
	case many && len(*body.MachineIDs) > maxTagMachines:
		return body, fail(http.StatusBadRequest, "MaximumBatchSizeExceeded",
			fmt.Sprintf("Maximum batch size exceeded. Received: %d, allowed: %d", len(*body.MachineIDs), maxTagMachines)), false
	}
	return body, reply{}, true
}

// tagMachine is POST /api/machines/{id}/tags.
func tagMachine(c *call) reply {
	body, refusal, ok := readTagBody(c, false)
	if !ok {
		return refusal
	}
	return withMachine(c, func(i int32) reply {
		c.tenant.setTag([]int32{i}, *body.Value, *body.Action == "Add")
		return oneMachine(c, i)
	})
}

// tagMachines is POST /api/machines/AddOrRemoveTagForMultipleMachines: all of the devices or, if one is unknown, none.
func tagMachines(c *call) reply {
	body, refusal, ok := readTagBody(c, true)
	if !ok {
		return refusal
	}
	indexes := make([]int32, 0, len(*body.MachineIDs))
	for _, id := range *body.MachineIDs {
		i, ok := c.tenant.findMachine(id)
		if !ok {
			return notFound("Machine", id)
		}
		indexes = append(indexes, i)
	}
	c.tenant.setTag(indexes, *body.Value, *body.Action == "Add")
	c.wroteTo(nil, *body.MachineIDs...)
	return machinesAt(c.tenant, indexes).serve(c)
}

// setTag adds a tag to devices or takes it away.
func (t *tenant) setTag(indexes []int32, tag string, add bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.version.Add(1)
	refs := make([]ref, len(indexes))
	for n, i := range indexes {
		refs[n] = ref{StreamDevices, int(i)}
	}
	defer t.watch(t.now(), t.now(), refs...).done()
	for _, i := range indexes {
		m := t.machines[i]
		at := slices.Index(m.tags, tag)
		switch {
		case add && at < 0:
			m.tags = append(slices.Clone(m.tags), tag)
		case !add && at >= 0:
			m.tags = slices.Delete(slices.Clone(m.tags), at, at+1)
		}
	}
}
