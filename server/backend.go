package server

import (
	"context"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// Backend is what the server needs of the application beside the store: all that
// asks Microsoft or moves the engine. Integrations are named by id.
type Backend interface {
	IntegrationBackend
	LiveBackend
	HuntBackend
	// Problem explains an error of the backend or of Microsoft; nil when it is
	// neither.
	Problem(err error) *api.Problem
}

// IntegrationBackend connects Defender accounts.
type IntegrationBackend interface {
	// AddIntegration checks an account and keeps it. When the check finds that it
	// cannot work, the check comes with the error.
	AddIntegration(ctx context.Context, n api.NewIntegration) (gatehouse.Integration, *api.Check, error)
	// UpdateIntegration changes what is named.
	UpdateIntegration(ctx context.Context, id string, change api.ChangeIntegration) (gatehouse.Integration, error)
	// ReplaceCredential checks a new credential and keeps it in place of the old,
	// which stays when the check finds that the new one cannot work.
	ReplaceCredential(ctx context.Context, id string, c api.NewCredential) (gatehouse.Integration, *api.Check, error)
	// Pause stops work on an integration, Resume takes it up again.
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	// Remove deletes an integration with all that is mirrored of it.
	Remove(ctx context.Context, id string) error
	// CheckIntegration asks Microsoft what the account can do.
	CheckIntegration(ctx context.Context, id string) (*api.Check, error)
	// Permissions are what the account holds and lacks. They may be an hour old.
	Permissions(ctx context.Context, id string) (api.Permissions, error)
	// Budget is what is left of Microsoft's limits, as this process has counted.
	Budget(ctx context.Context, id string) (api.Budget, error)
	// Status says how every stream of an integration fares.
	Status(ctx context.Context, id string) ([]gatehouse.StreamHealth, error)
}

// LiveBackend asks Defender instead of the mirror.
type LiveBackend interface {
	// ReadLive reads one object. It fails with an error that [Backend].Problem
	// explains when there is none.
	ReadLive(ctx context.Context, integration string, stream gatehouse.Stream, key string) (LiveRecord, error)
}

// LiveRecord is one object as Defender has just answered it.
type LiveRecord struct {
	API      gatehouse.API
	Key      string
	Document []byte // JSON as Microsoft sent it
}

// HuntBackend runs advanced hunting queries.
type HuntBackend interface {
	// Hunt runs a query once.
	Hunt(ctx context.Context, integration string, q HuntQuery) (HuntResult, error)
}

// HuntQuery is a query as it is run.
type HuntQuery struct {
	Text     string        // in Kusto
	API      gatehouse.API // to run it through; empty: the first that is allowed
	Timespan string        // ISO 8601, for Graph only; may be empty
	// Scheduled tells that nobody waits for it: it leaves a part of Microsoft's limits
	// to those that somebody waits for.
	Scheduled bool
}

// HuntResult is what a query has found.
type HuntResult struct {
	API       gatehouse.API
	Columns   []api.HuntColumn
	Rows      [][]byte // one JSON object each, as Microsoft sent it
	Truncated bool     // Microsoft's caps have cut it
}
