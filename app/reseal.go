package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
)

// Reseal seals the secrets of all integrations anew with the first key of a file, all
// or nothing, writes that down in the audit log, and returns how many there were.
func (a *App) Reseal(ctx context.Context, keyFile string) (int, error) {
	n, err := a.store.ResealSecrets(ctx, "file:"+keyFile)
	if err != nil {
		return 0, err
	}
	_, err = a.store.AppendAudit(ctx, gatehouse.AuditEntry{
		Actor: LocalUser(), ActorKind: gatehouse.ActorLocal, Operation: "integrations.reseal", Outcome: "done",
		Detail: json.RawMessage(fmt.Sprintf(`{"secrets":%d}`, n)),
	})
	return n, err
}
