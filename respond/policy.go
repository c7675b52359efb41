package respond

import (
	"cmp"
	"context"

	"github.com/gatehouse-sec/gatehouse/action"
)

// policySetting is what every process on the store obeys about approval: empty for
// nothing, [action.Dangerous] for every dangerous action. A word of a newer version
// counts for every action.
const policySetting = "actions.approval"

// ApproveDangerous says whether every dangerous action needs the approval of a second
// caller, whichever process on the store takes it in, and writes a change into the
// audit log. Those that were taken in before go on as they are.
func (r *Responder) ApproveDangerous(ctx context.Context, by Caller, on bool) error {
	policy := ""
	if on {
		policy = string(action.Dangerous)
	}
	e := entry(by, "actions.policy", "", policySetting, outcomeDone, auditDetail{Reason: "needs approval: " + cmp.Or(policy, "nothing")})
	changed, err := r.store.PutSetting(ctx, policySetting, policy, e)
	if changed {
		r.o.Log.InfoContext(ctx, "which response actions wait for approval has changed, for every process on this data", "risk", cmp.Or(policy, "nothing"))
	}
	return err
}

// approval tells whether an action waits for a second caller, and why, where that
// is not for the first to know.
func (r *Responder) approval(ctx context.Context, p plan) (wanted bool, why string, err error) {
	if p.order.Approval || r.o.Approve(p.kind) {
		return true, "", nil
	}
	policy, err := r.store.Setting(ctx, policySetting)
	if err != nil || policy == "" || policy == string(action.Dangerous) && p.kind.Risk != action.Dangerous {
		return false, "", err
	}
	return true, "it waits for approval by another key, as gatehouse serve was told for every action of this data that is " + policy, nil
}
