package cli

import (
	"context"
	"errors"
)

// exitStatus is the one table from an error to an exit status.
func exitStatus(ctx context.Context, err error) int {
	var reported *reportedError
	var usage *usageError
	switch {
	case errors.As(err, &reported):
		return reported.status
	case errors.As(err, &usage):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return exitFailure
}

// describe is the one line that a person reads about an error.
func describe(ctx context.Context, err error) string {
	if exitStatus(ctx, err) == exitInterrupted {
		return "interrupted"
	}
	return err.Error()
}

func isDecodeError(error) bool { return false }
