package action_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/action"
)

// Whatever is given as a parameter, what passes is in its normal form, and what
// does not is refused in one line.
func FuzzNormalize(f *testing.F) {
	f.Add("isolate", "type", "selective")
	f.Add("stop-and-quarantine", "sha1", "87662BC3D60E4200CEAF7AAE249D1C343F4B83C9")
	f.Add("update-incident", "tags", "a, b,,")
	f.Add("update-alert", "determination", "NotMalicious")
	f.Add("tag", "tag", "a\nb")
	f.Add("", "", "\x00")
	f.Fuzz(func(t *testing.T, name, parameter, value string) {
		a, ok, near := action.ByName(name)
		if !ok {
			if len(near) == 0 {
				t.Error("no names are offered")
			}
			return
		}
		got, err := a.Normalize(map[string]string{parameter: value})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q", err)
			}
			return
		}
		again, err := a.Normalize(got)
		if err != nil || len(again) != len(got) {
			t.Fatalf("%v, then %v, %v", got, again, err)
		}
		for name := range got {
			if again[name] != got[name] {
				t.Errorf("%s: %q, then %q", name, got[name], again[name])
			}
		}
	})
}

// Only the end of a comment is a marker, and only where it is whole.
func FuzzMark(f *testing.F) {
	f.Add("because", "act_1", 1, 11)
	f.Add("[gatehouse act_2/1]", "act_2", 1, 2)
	f.Add("", "", 0, 0)
	f.Fuzz(func(t *testing.T, comment, id string, n, m int) {
		mine, other := action.Marker(id, n), action.Marker(id, m)
		text := action.Mark(comment, mine)
		if !strings.HasSuffix(text, mine) {
			t.Errorf("%q does not end with %q", text, mine)
		}
		if n != m && strings.HasSuffix(text, other) {
			t.Errorf("%q ends with %q, too", text, other)
		}
	})
}
