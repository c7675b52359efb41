package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/store"
)

// IntegrationChange says what of an integration is to change. What is nil stays.
type IntegrationChange struct {
	Name    *string
	API     *gatehouse.API      // empty picks by what the permissions allow
	Streams *[]gatehouse.Stream // empty means every stream
}

// ChangeIntegration changes the settings of an integration and lets it be worked
// on anew.
func (a *App) ChangeIntegration(ctx context.Context, idOrName string, change IntegrationChange) (gatehouse.Integration, error) {
	i, err := a.store.Integration(ctx, idOrName)
	if err != nil {
		return i, err
	}
	if change.Name != nil {
		i.Name = *change.Name
	}
	if change.API != nil {
		i.API = *change.API
	}
	if change.Streams != nil {
		i.Streams = *change.Streams
	}
	for _, name := range i.Streams {
		if !a.accounts.knows(name) {
			return i, fmt.Errorf("there is no stream %q: %w", name, store.ErrInvalid)
		}
	}
	return a.changed(ctx, i)
}

// changed keeps an integration as it now is, with new secrets if there are any, and
// wakes those who work on it.
func (a *App) changed(ctx context.Context, i gatehouse.Integration, secrets ...store.NamedSecret) (gatehouse.Integration, error) {
	if err := a.store.UpdateIntegration(ctx, i, secrets...); err != nil {
		return i, err
	}
	a.accounts.forget(i.ID)
	i, err := a.store.Integration(ctx, i.ID)
	if err == nil && i.State == gatehouse.IntegrationActive {
		err = a.engine.Wake(ctx, i.ID)
	}
	return i, err
}

// NewCredential is a credential that takes the place of another one.
type NewCredential struct {
	Credential gatehouse.Credential // its kind, and where it is read when it is not in Secret
	Secret     entra.Secret         // the client secret, or the certificate file whole
	Password   entra.Secret         // of the certificate file
}

// ReplaceCredential checks a new credential and, when something can be read with
// it, keeps it in place of the old one. When it cannot work the old one stays, and
// the error is [ErrCheckFailed] with the report.
func (a *App) ReplaceCredential(ctx context.Context, idOrName string, n NewCredential) (gatehouse.Integration, *check.Report, error) {
	i, err := a.store.Integration(ctx, idOrName)
	if err != nil {
		return i, nil, err
	}
	i.Credential = n.Credential
	o, err := credentialOptions(i, literal{n.Secret, n.Password})
	if err != nil {
		return i, nil, &inputError{err}
	}
	cred, _, err := a.accounts.signIn(i, o)
	if err != nil {
		return i, nil, &inputError{err}
	}
	if end, known := cred.Expires(); known {
		i.Credential.Expires = end
	}
	report, err := a.check(ctx, NewIntegration{Integration: i}, o)
	if err != nil {
		return i, report, err
	}
	i, err = a.changed(ctx, i, keptSecrets(n.Secret, n.Password)...)
	return i, report, err
}

// CheckIntegration asks Microsoft what an integration can do, with the credential
// that is kept. That it can do nothing is in the report, and no error.
func (a *App) CheckIntegration(ctx context.Context, idOrName string) (*check.Report, error) {
	i, err := a.store.Integration(ctx, idOrName)
	if err != nil {
		return nil, err
	}
	i, o, err := a.accounts.credential(ctx, i)
	if err != nil {
		return nil, &settingError{err}
	}
	report, err := a.check(ctx, NewIntegration{Integration: i}, o)
	if errors.Is(err, ErrCheckFailed) {
		err = nil
	}
	return report, err
}
