package ocsf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestStream(t *testing.T) {
	t.Parallel()
	good := string(samples()[0].AppendJSON(nil))
	bad := strings.Replace(good, `"severity_id":4`, `"severity_id":44`, 1)
	twice := strings.Replace(good, `"severity_id":4`, `"severity_id":4,"severity_id":4`, 1)
	for _, tt := range []struct {
		name, text string
		errors     []int  // errors of each event
		err        string // how the stream ends; empty when well
	}{
		{"nothing", "", nil, ""},
		{"one", good, []int{0}, ""},
		{"lines", good + "\n" + bad + "\n\n" + good + "\n", []int{0, 1, 0}, ""},
		{"array", "[" + good + ",\n" + bad + "]", []int{0, 1}, ""},
		{"empty array", " [ ] ", nil, ""},
		{"array of arrays", "[[1]]", []int{1}, ""},
		{"finding that stops no stream", twice + "\n" + good, []int{1, 0}, ""},
		{"no object", "7 " + good, []int{1, 0}, ""},
		{"garbage", good + "\n}" + good, []int{0}, "event 1: "},
		{"cut", good + "\n" + good[:len(good)-1], []int{0}, "ends in the middle of an event"},
		{"cut array", "[" + good, []int{0}, "ends in the middle"},
	} {
		var got []int
		var err error
		for r, e := range (Validator{}).Stream(strings.NewReader(tt.text)) {
			if e != nil {
				err = e
				continue
			}
			if r.Index != len(got) || r.Violations == nil && (r.UID != "da637-1" || r.ClassUID != 2004) {
				t.Errorf("%s: %+v", tt.name, r)
			}
			if from := tt.text[r.Offset]; from != '{' && from != '7' && from != '[' {
				t.Errorf("%s: event %d begins with %c", tt.name, r.Index, from)
			}
			got = append(got, r.Errors())
		}
		if len(got) != len(tt.errors) {
			t.Errorf("%s: %d events, want %d", tt.name, len(got), len(tt.errors))
		}
		for i := range min(len(got), len(tt.errors)) {
			if got[i] != tt.errors[i] {
				t.Errorf("%s: event %d has %d errors, want %d", tt.name, i, got[i], tt.errors[i])
			}
		}
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
}

func TestStreamStops(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for _, err := range (Validator{}).Stream(iotest.ErrReader(broken)) {
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	n := 0
	for range (Validator{}).Stream(strings.NewReader("1 2 3")) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d events after a break", n)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(path, samples()[1].AppendJSON(nil), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	for r, err := range (Validator{}).File(path) {
		if err != nil || r.ClassUID != 2005 || len(r.Violations) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
		n++
	}
	for _, err := range (Validator{}).File(path + ".none") {
		if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d reports", n)
	}
}
