package sdktest

import (
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// Calls are calls that were made, each by its name and with what it came to.
type Calls = []struct {
	Name string
	Err  error
}

// Requests holds what calls have sent, in their order, against a golden file for
// people to read. None of the calls may have failed.
func Requests(t *testing.T, r *Recorder, calls Calls) {
	t.Helper()
	for _, call := range calls {
		if call.Err != nil {
			t.Errorf("%s: %v", call.Name, call.Err)
		}
	}
	golden.Check(t, "testdata/requests.golden", r.Sent.String())
}

// Refusals are calls with bad input; Want is part of the error's text.
type Refusals = []struct {
	Name, Want string
	Err        error
}

// Refused holds that bad input is refused with a text of one line that says how
// to mend it, and that nothing was sent.
func Refused(t *testing.T, r *Recorder, calls Refusals) {
	t.Helper()
	for _, call := range calls {
		if !errors.Is(call.Err, rest.ErrInput) || !strings.Contains(call.Err.Error(), call.Want) || strings.Contains(call.Err.Error(), "\n") {
			t.Errorf("%s: got %v, want %q", call.Name, call.Err, call.Want)
		}
	}
	if r.Sent.Len() > 0 {
		t.Errorf("sent %s", r.Sent.String())
	}
}

// Each reads a list to its end, or to its first error.
func Each[T any](list iter.Seq2[T, error]) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// One drops the item of a call.
func One[T any](_ T, err error) error { return err }

// Collect reads a whole list.
func Collect[T any](tb testing.TB, list iter.Seq2[T, error]) (items []T) {
	tb.Helper()
	for item, err := range list {
		if err != nil {
			tb.Fatal(err)
		}
		items = append(items, item)
	}
	return items
}
