package respond

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse/action"
)

// bounded is a door of which no call takes longer than most: a service that takes
// a connection and never answers holds no worker up, and whatever is submitted has
// left by then, or never does. What is fetched takes as long as it takes.
func bounded(d action.Door, most time.Duration) action.Door {
	submit, poll, find, many, cancel := d.Submit, d.Poll, d.Find, d.Many, d.Cancel
	d.Submit = func(ctx context.Context, c action.Clients, r action.Request) (action.Submission, error) {
		ctx, stop := context.WithTimeout(ctx, most)
		defer stop()
		return submit(ctx, c, r)
	}
	d.Poll = func(ctx context.Context, c action.Clients, r action.Request, id string) (action.Status, error) {
		ctx, stop := context.WithTimeout(ctx, most)
		defer stop()
		return poll(ctx, c, r, id)
	}
	d.Find = func(ctx context.Context, c action.Clients, r action.Request, since time.Time) (*action.Submission, error) {
		ctx, stop := context.WithTimeout(ctx, most)
		defer stop()
		return find(ctx, c, r, since)
	}
	d.Pending, d.Already = boundedLook(d.Pending, most), boundedLook(d.Already, most)
	if many != nil {
		d.Many = func(ctx context.Context, c action.Clients, targets []string, r action.Request) error {
			ctx, stop := context.WithTimeout(ctx, most)
			defer stop()
			return many(ctx, c, targets, r)
		}
	}
	if cancel != nil {
		d.Cancel = func(ctx context.Context, c action.Clients, id, comment string) error {
			ctx, stop := context.WithTimeout(ctx, most)
			defer stop()
			return cancel(ctx, c, id, comment)
		}
	}
	return d
}

// looking is a question of a door about a target.
type looking = func(context.Context, action.Clients, action.Request) (*action.Submission, error)

// boundedLook bounds one question, if there is one.
func boundedLook(f looking, most time.Duration) looking {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, c action.Clients, r action.Request) (*action.Submission, error) {
		ctx, stop := context.WithTimeout(ctx, most)
		defer stop()
		return f(ctx, c, r)
	}
}
