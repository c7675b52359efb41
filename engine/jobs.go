package engine

import (
	"context"
	"time"
)

// Jobs is a durable queue that holds one job for each integration and hands it
// out to one worker of one process at a time. [NewRiver] makes one.
type Jobs interface {
	// Start hands out jobs to work until Stop. Work says after how long the job
	// is to come back; a negative time ends it for good. Work may be cut short by
	// its context and must then return soon. A job whose process has died comes
	// back, too.
	Start(ctx context.Context, work func(ctx context.Context, integration string) time.Duration) error
	// Ensure makes the jobs of the integrations that have none. One that would come
	// back later than any is put back for, since the clock was set back, comes at once.
	Ensure(ctx context.Context, integrations []string) error
	// Wake makes the job of an integration when it has none, and lets it come at
	// once. One that is at work is left alone.
	Wake(ctx context.Context, integration string) error
	// Stop hands out no more jobs and waits for those at work.
	Stop(ctx context.Context) error
}
