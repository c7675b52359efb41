package emulator

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// How long a device may stay away before its actions end as TimeOut. The two hours of live response are Microsoft's, the
// three days of the others are what its older page printed.
const (
	actionPatience = 72 * time.Hour
	livePatience   = 2 * time.Hour
)

// maxLiveSessions is how many live response sessions a tenant may have at once.
const maxLiveSessions = 50

// submitAction answers an operation that begins a machine action.
func submitAction(op actionOp) func(c *call) reply {
	return func(c *call) reply {
		body, scope, refusal, ok := op.read(c)
		if !ok {
			return refusal
		}
		i, ok := c.tenant.machineByID(c.vars["id"])
		if !ok {
			return notFound("Machine", c.vars["id"])
		}
		return op.submit(c, &body, scope, i)
	}
}

// machineByID finds a device by its id alone: a name will not do for an action.
func (t *tenant) machineByID(id string) (int32, bool) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != 20 {
		return 0, false
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	i, ok := t.byID[[20]byte(raw)]
	return i, ok && int(i) < len(t.machines) // it may have come after this view
}

// submit begins an action, or answers with the one that is under way.
func (op *actionOp) submit(c *call, body *actionBody, scope string, i int32) reply {
	c.tenant.mu.Lock()
	defer c.tenant.mu.Unlock()
	t := c.tenant.newest()
	if refusal, ok := op.fits(t, i, scope); !ok {
		return refusal
	}
	sha1 := strings.ToLower(orEmpty(body.SHA1))
	at := slices.IndexFunc(t.actions, func(a *machineAction) bool {
		return a.machine == i && a.kind == op.kind && a.sha1 == sha1 && !a.over()
	})
	if at >= 0 {
		return op.repeat(c, t, at, body)
	}
	if op.kind == kindLiveResponse && t.sessions() >= maxLiveSessions {
		r := fail(http.StatusTooManyRequests, "TooManyRequests", "The maximum number of concurrent live response sessions has been reached.")
		r.header = http.Header{"Retry-After": {"60"}}
		return r
	}
	a := op.begin(c, t, i, scope)
	a.comment, a.sha1 = *body.Comment, sha1
	if body.Commands != nil {
		a.commands = commandResults(*body.Commands)
	}
	t.accept(c, a)
	return actionReply(c, t, len(t.actions)-1, http.StatusCreated)
}

// repeat answers an action that is under way already. The caller holds the lock.
func (op *actionOp) repeat(c *call, t *tenant, at int, body *actionBody) reply {
	rule := t.rules.Repeat
	if rule == RepeatDrawn {
		t.repeats++
		rule = []RepeatRule{RepeatSame, RepeatRefused}[t.rand("repeat", t.repeats).IntN(2)]
	}
	if op.exclusive || rule == RepeatRefused {
		return fail(http.StatusBadRequest, "ActiveRequestAlreadyExists", "Action is already in progress")
	}
	a := t.actions[at]
	c.wrote = []Accepted{{Type: op.kind, ID: a.id, DeviceID: t.machines[a.machine].machineID(), Comment: *body.Comment, Repeated: true}}
	return actionReply(c, t, at, http.StatusCreated)
}

// begin makes a new action. The caller holds the lock.
func (op *actionOp) begin(c *call, t *tenant, i int32, scope string) *machineAction {
	n, now := len(t.actions), stampOf(c.now)
	a := &machineAction{
		id: guidOf(t.digest("action", n)), machine: i, kind: op.kind, scope: scope, source: "PublicApi",
		requestor: requestorOf(c, t), status: statusPending, created: now, updated: now, fate: statusSucceeded,
	}
	if random := t.rand("fate", n); random.Float64() < t.rules.Failures {
		a.fate = statusFailed
	}
	if _, struck := c.hit[FaultFailedAction]; struck {
		a.fate = statusFailed
	}
	if op.kind == kindIsolate && t.isolated(i) {
		again := t.rules.Again
		if again == AgainDrawn {
			again = []AgainRule{AgainStuck, AgainDone}[t.rand("again", n).IntN(2)]
		}
		a.stuck = again == AgainStuck
	}
	return a
}

// requestorOf is the name that an application's actions are noted under, as recorded once.
func requestorOf(c *call, t *tenant) string { return actor(c) + " (" + t.domain + ")" }

// accept adds an action to the tenant and plans what becomes of it. The caller holds the lock.
func (t *tenant) accept(c *call, a *machineAction) {
	hidden := t.rules.Hidden
	if f, struck := c.hit[FaultLateAction]; struck {
		hidden = f.Delay
	}
	a.hidden = hidden > 0
	watch := t.watch(c.now, c.now)
	t.appendAction(a)
	watch.done(ref{StreamMachineActions, len(t.actions) - 1})
	now := c.now.UTC()
	if a.hidden {
		t.enqueue(Step{Kind: StepShowAction, At: now.Add(hidden), ID: a.id})
	}
	t.goOn(a, now)
	patience := actionPatience
	if a.kind == kindLiveResponse {
		patience = livePatience
	}
	t.enqueue(Step{Kind: StepExpireAction, At: now.Add(patience), ID: a.id})
	c.wrote = []Accepted{{Type: a.kind, Scope: a.scope, ID: a.id, DeviceID: t.machines[a.machine].machineID(), SHA1: a.sha1, Comment: a.comment}}
}

// sessions counts the live response sessions under way. The caller holds the lock.
func (t *tenant) sessions() int {
	n := 0
	for _, a := range t.actions {
		if a.kind == kindLiveResponse && !a.over() {
			n++
		}
	}
	return n
}

// actionReply answers with an action. The caller holds the lock.
func actionReply(c *call, t *tenant, at, status int) reply {
	r := single(c, false, "MachineActions", t.lockedActionRow(at))
	r.status = status
	return r
}

// cancelAction is POST /api/machineactions/{id}/cancel. The code for an action at its end is not documented.
func cancelAction(c *call) reply {
	if !validGUID(c.vars["id"]) {
		return badGUID(c.vars["id"])
	}
	var body struct {
		Comment *string `json:"Comment"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	if body.Comment == nil || *body.Comment == "" {
		return missing("Comment")
	}
	c.tenant.mu.Lock()
	defer c.tenant.mu.Unlock()
	t := c.tenant.newest()
	at := t.lockedAction(c.vars["id"])
	if at < 0 || t.actions[at].hidden {
		return notFound("MachineAction", c.vars["id"])
	}
	a := t.actions[at]
	if a.over() {
		return fail(http.StatusBadRequest, "BadRequest", "Action "+a.id+" can't be cancelled: its status is "+a.status)
	}
	watch := t.watch(c.now, c.now, ref{StreamMachineActions, at})
	now := max(stampOf(c.now), a.updated)
	a.cancel(requestorOf(c, t), *body.Comment, now)
	watch.done()
	c.wrote = []Accepted{{Type: "Cancel", ID: a.id, DeviceID: t.machines[a.machine].machineID(), Comment: *body.Comment}}
	return actionReply(c, t, at, http.StatusOK)
}

// badGUID refuses the id of an action that is none, as recorded.
func badGUID(id string) reply {
	return fail(http.StatusBadRequest, "BadRequest", "The key value ("+id+") from request is not valid. The key value should be format of type 'Edm.Guid'.")
}
