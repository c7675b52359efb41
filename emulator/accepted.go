package emulator

import (
	"slices"
	"time"
)

// Accepted is one write that took effect, whatever became of its answer: a machine action that was begun or cancelled, an
// update of one record. A call that updates several records is as many of them.
type Accepted struct {
	// Seq numbers them from 1 within the tenant.
	Seq int
	// Route is the operation, named as in Stats.
	Route string
	// Type is the type of a machine action as the API prints it, Cancel, or Investigation; empty for other writes.
	Type string
	// Scope is that of the action: Full, Selective, Quick or UnManagedDevice.
	Scope string
	// ID is the record that was made or changed: the action, the alert, the incident or the device.
	ID string
	// DeviceID is the device of an action.
	DeviceID string
	// SHA1 is the file of StopAndQuarantineFile, in lower case.
	SHA1 string
	// Comment is what the caller sent as comment.
	Comment string
	// ClientID is the application that sent it.
	ClientID string
	// At is when it was accepted.
	At time.Time
	// Repeated tells that nothing was begun: the action of that id was under way already, and the answer.
	Repeated bool
	// Lost tells that a fault kept the answer back.
	Lost bool
}

// Accepted lists every write of a tenant that took effect, in order.
func (s *Server) Accepted(tenantID string) ([]Accepted, error) {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.accepted), nil
}

// AcceptedActions lists the machine actions and investigations among them that were begun: what was really done to
// devices. Repeats and cancellations are left out.
func (s *Server) AcceptedActions(tenantID string) ([]Accepted, error) {
	all, err := s.Accepted(tenantID)
	return slices.DeleteFunc(all, func(a Accepted) bool { return a.Type == "" || a.Type == "Cancel" || a.Repeated }), err
}

// writes tells whether an operation changes something: hunting is a POST that does not.
func (r *route) writes() bool {
	return needsToken(r.api) && r.method != "GET" && !r.hunts()
}

// note keeps what a call wrote.
func (c *call) note(rt *route, lost bool) {
	if len(c.wrote) == 0 {
		c.wrote = []Accepted{{ID: c.vars["id"]}}
	}
	t := c.tenant
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range c.wrote {
		w.Seq, w.Route, w.ClientID, w.At, w.Lost = len(t.accepted)+1, rt.name(), c.app.clientID, c.now.UTC(), lost
		t.accepted = append(t.accepted, w)
	}
}

// wroteTo notes the records that a call is about, with its comment.
func (c *call) wroteTo(comment *string, ids ...string) {
	for _, id := range ids {
		c.wrote = append(c.wrote, Accepted{ID: id, Comment: orEmpty(comment)})
	}
}
