package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

const (
	// longestSnooze is how long a job is put back at most, so that one that lies
	// further ahead can be told.
	longestSnooze = time.Hour
	// clocksDiffer is by how much the clocks of two machines may.
	clocksDiffer = 10 * time.Minute
)

// setRight brings back what a clock that has been set back since has put far into
// the future, where it would stay until the clock is there again: jobs, and the
// claim of a dead process to be the one that keeps the queue in order.
func (j *riverJobs[T]) setRight(ctx context.Context, jobs []*rivertype.JobRow) error {
	now := time.Now()
	for _, job := range jobs {
		if !liesAhead(job, now) {
			continue
		}
		if err := j.bringBack(ctx, job); err != nil {
			return fmt.Errorf("engine: bring back a job that lies too far ahead: %w", err)
		}
	}
	return j.setRightLeader(ctx, now)
}

// liesAhead tells whether a job was begun, or is to be, later than any that the clock
// as it is now has put there.
func liesAhead(job *rivertype.JobRow, now time.Time) bool {
	if job.State == rivertype.JobStateRunning {
		return job.AttemptedAt != nil && job.AttemptedAt.After(now.Add(clocksDiffer))
	}
	return job.ScheduledAt.After(now.Add(longestSnooze + clocksDiffer))
}

// bringBack lets a job come at once. Nobody is at one that seems to run, or else
// whoever comes finds the lease taken.
func (j *riverJobs[T]) bringBack(ctx context.Context, job *rivertype.JobRow) error {
	if job.State == rivertype.JobStateRunning {
		stopped := &riverdriver.JobUpdateFullParams{ID: job.ID, StateDoUpdate: true, State: rivertype.JobStateRetryable}
		if _, err := j.driver.GetExecutor().JobUpdateFull(ctx, stopped); err != nil {
			return err
		}
	}
	_, err := j.client.JobRetry(ctx, job.ID)
	return err
}

// setRightLeader ends a leadership that lasts longer than any is given for.
func (j *riverJobs[T]) setRightLeader(ctx context.Context, now time.Time) error {
	queue := j.driver.GetExecutor()
	leader, err := queue.LeaderGetElectedLeader(ctx, &riverdriver.LeaderGetElectedLeaderParams{})
	if errors.Is(err, rivertype.ErrNotFound) || err == nil && !leader.ExpiresAt.After(now.Add(clocksDiffer)) {
		return nil
	}
	if err == nil {
		behind := leader.ExpiresAt.Add(time.Second)
		_, err = queue.LeaderDeleteExpired(ctx, &riverdriver.LeaderDeleteExpiredParams{Now: &behind})
	}
	if err != nil {
		return fmt.Errorf("engine: look after the leader of the job queue: %w", err)
	}
	return nil
}
