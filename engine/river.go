package engine

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/gatehouse-sec/gatehouse/store"
)

// RiverOptions say where River keeps its jobs.
type RiverOptions struct {
	// DatabaseURL is the PostgreSQL database of the store. Default: the store's
	// SQLite file.
	DatabaseURL string
	// Workers is how many jobs are at work at once. Default: 32.
	Workers int
	// Poll is how often the queue is asked for jobs. Default: one second.
	Poll time.Duration
	// Log takes River's own messages from warnings on. Default: nothing is told.
	Log *slog.Logger
}

// NewRiver returns jobs that lie beside what the store keeps, so that one backup
// holds both. Its tables are made when they are missing.
//
// On SQLite River shares the store's one connection that writes: its statements
// queue up between two pages and the two never lock each other out. On
// PostgreSQL it has a small pool of its own, for it listens.
func NewRiver(ctx context.Context, s *store.Store, o RiverOptions) (Jobs, error) {
	if o.Workers <= 0 {
		o.Workers = 32
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if s.Database() == "sqlite3" {
		return newRiver(ctx, riversqlite.New(s.DB()), o, func() {})
	}
	pool, err := riverPool(ctx, o.DatabaseURL)
	if err != nil {
		return nil, err
	}
	var jobs Jobs
	err = alone(ctx, pool, func() (err error) {
		jobs, err = newRiver(ctx, riverpgxv5.New(pool), o, pool.Close)
		return err
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return jobs, nil
}

// alone does something while no other process does it: River's migrations do not
// bear company. The lock is PostgreSQL's own, of a session: it needs no table, and a
// process that dies with it gives it back.
func alone(ctx context.Context, pool *pgxpool.Pool, do func() error) error {
	const key = 0x6761746568 // "gateh"
	c, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("engine: connect the job queue: %w", err)
	}
	defer c.Release()
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return fmt.Errorf("engine: wait for another process that makes the tables of the job queue: %w", err)
	}
	err = do()
	if _, unlock := c.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key); unlock != nil {
		// The lock goes with its connection.
		_ = c.Conn().Close(context.WithoutCancel(ctx))
	}
	return err
}

// riverPool opens the connections of River: one listens, the others work. They are
// few and not those of the store, so that a queue that waits for its database takes
// no connection from a page that is being committed. Their name in pg_stat_activity
// tells the two apart.
func riverPool(ctx context.Context, address string) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(address)
	if err != nil {
		// The driver's own text may quote the address, and so a password.
		return nil, fmt.Errorf("engine: %w: the database address cannot be read: write it as postgres://user:password@host:5432/name", store.ErrInvalid)
	}
	c.MaxConns = 4
	if _, given := c.ConnConfig.RuntimeParams["application_name"]; !given {
		c.ConnConfig.RuntimeParams["application_name"] = "gatehouse-jobs"
	}
	return pgxpool.NewWithConfig(ctx, c)
}

// riverJobs are jobs on River, over either driver. River's client is made by Start:
// only there is it known what the jobs do, and a process that reads once and ends
// needs no queue.
type riverJobs[T any] struct {
	driver  riverdriver.Driver[T]
	options RiverOptions
	client  *river.Client[T]
	close   func()
}

var _ Jobs = (*riverJobs[*sql.Tx])(nil)

// migrationTries is how often the tables are tried to be made when several
// processes open one SQLite file at once: the loser finds the winner's work on
// its next try.
const migrationTries = 5

// newRiver makes jobs over a driver, and their tables.
func newRiver[T any](ctx context.Context, driver riverdriver.Driver[T], o RiverOptions, closeAll func()) (*riverJobs[T], error) {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: o.Log})
	if err != nil {
		return nil, err
	}
	for range migrationTries {
		if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("engine: make the tables of the job queue: %w", err)
	}
	return &riverJobs[T]{driver: driver, options: o, close: closeAll}, nil
}

// syncArgs are the arguments of a job.
type syncArgs struct {
	Integration string `json:"integration" river:"unique"`
}

// Kind names the job in the database.
func (syncArgs) Kind() string { return "sync" }

// The times of a job. It is short, however long the session that it looks after:
// River takes a job for dead by the clock alone, so that a session of hours as one job
// would be handed out twice. The timeout is above what the engine needs to answer, and
// the rescue above the timeout, for River not to rescue what still runs.
const (
	jobTimeout = 20 * time.Second
	jobRescue  = 30 * time.Second
)

// maxAttempts is as good as for ever: a snooze takes none, a rescue takes one.
const maxAttempts = 30000

// insertOpts say that an integration has one job, whatever it is doing: a second one
// would only find its work taken, and come back for as long as the first. A job that
// has ended does not count: it ends when its integration is gone.
func insertOpts() *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: maxAttempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// syncWorker works on jobs.
type syncWorker struct {
	river.WorkerDefaults[syncArgs]

	work func(ctx context.Context, integration string) time.Duration
}

// Work works on one job and puts it back for later. It never fails: what goes wrong
// with an integration is kept in the health of its streams, which say themselves when
// they are due again; River's own pauses between attempts know nothing of that. A
// snooze leaves the job in its row, so that the queue does not grow with time.
func (w *syncWorker) Work(ctx context.Context, job *river.Job[syncArgs]) error {
	again := w.work(ctx, job.Args.Integration)
	if again < 0 {
		return nil
	}
	return river.JobSnooze(again)
}

// Timeout is when a job is cut short.
func (*syncWorker) Timeout(*river.Job[syncArgs]) time.Duration { return jobTimeout }

// NextRetry lets a job that was rescued come back at once: its process has died, and
// the integration has waited for the rescue already.
func (*syncWorker) NextRetry(*river.Job[syncArgs]) time.Time { return time.Now() }

// Start hands out jobs to work until Stop. The context is for the start alone: when
// the caller's ends, Stop is what follows, in good order. A queue that ended with it
// would cut the jobs at work short before their sessions are.
func (j *riverJobs[T]) Start(ctx context.Context, work func(context.Context, string) time.Duration) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &syncWorker{work: work})
	client, err := river.NewClient(j.driver, &river.Config{
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: j.options.Workers}},
		Workers:              workers,
		FetchPollInterval:    j.options.Poll,
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: jobRescue,
		// Jobs are few and live for ever; what has ended is of no interest.
		CompletedJobRetentionPeriod: time.Hour,
		Logger:                      j.options.Log,
	})
	if err != nil {
		return err
	}
	j.client = client
	return client.Start(context.WithoutCancel(ctx))
}

// Ensure makes the jobs of the integrations that have none, and brings back those that
// lie too far ahead. It may be called for all of them at any time and by every
// process: the queue knows which are there. It goes in batches, since a statement
// takes only so many values, and on SQLite pages wait behind it.
func (j *riverJobs[T]) Ensure(ctx context.Context, integrations []string) error {
	const batch = 200
	for len(integrations) > 0 {
		n := min(batch, len(integrations))
		params := make([]river.InsertManyParams, n)
		for i, id := range integrations[:n] {
			params[i] = river.InsertManyParams{Args: syncArgs{id}, InsertOpts: insertOpts()}
		}
		added, err := j.client.InsertMany(ctx, params)
		if err != nil {
			return fmt.Errorf("engine: add jobs: %w", err)
		}
		var had []*rivertype.JobRow
		for _, a := range added {
			if a.UniqueSkippedAsDuplicate {
				had = append(had, a.Job)
			}
		}
		if err := j.setRight(ctx, had); err != nil {
			return err
		}
		integrations = integrations[n:]
	}
	return nil
}

// Wake lets the job of an integration come at once, and makes it when it has none. It
// inserts first and looks then, for between a look and an insertion another process
// may insert. A job that runs is left as it is by River.
func (j *riverJobs[T]) Wake(ctx context.Context, integration string) error {
	added, err := j.client.Insert(ctx, syncArgs{integration}, insertOpts())
	if err == nil && added.UniqueSkippedAsDuplicate {
		_, err = j.client.JobRetry(ctx, added.Job.ID)
	}
	if err != nil {
		return fmt.Errorf("engine: wake the job of integration %s: %w", integration, err)
	}
	return nil
}

// Stop hands out no more jobs and waits for those at work, and closes the connections.
// When ctx ends first the jobs are cancelled: they only look after sessions, which the
// engine has ended before, so that nothing is lost with them.
func (j *riverJobs[T]) Stop(ctx context.Context) error {
	defer j.close()
	if j.client == nil {
		return nil
	}
	err := j.client.Stop(ctx)
	if err == nil {
		return nil
	}
	return j.client.StopAndCancel(context.WithoutCancel(ctx))
}
