package rest

import (
	"errors"
	"testing"
	"time"
)

func TestPick(t *testing.T) {
	t.Parallel()
	type colour string
	valid := []colour{"Red", "DarkBlue"}
	tests := []struct {
		given, want   colour
		pick, require string // the texts of the errors
	}{
		{"Red", "Red", "", ""},
		{"darkblue", "DarkBlue", "", ""},
		{"", "", "", "colour is missing: use Red, DarkBlue"},
		{"blue", "blue", `colour "blue" is not valid: use Red, DarkBlue`, `colour "blue" is not valid: use Red, DarkBlue`},
	}
	for _, tt := range tests {
		picked, required := tt.given, tt.given
		wantText(t, Pick("colour", &picked, valid), tt.pick)
		wantText(t, Require("colour", &required, valid), tt.require)
		if picked != tt.want || required != tt.want {
			t.Errorf("%q became %q and %q", tt.given, picked, required)
		}
	}
}

// wantText fails when err is not bad input with a text; no text means no error.
func wantText(t *testing.T, err error, text string) {
	t.Helper()
	if text == "" && err != nil || text != "" && (!errors.Is(err, ErrInput) || err.Error() != text) {
		t.Errorf("got %v, want %q", err, text)
	}
}

func TestNoneBlank(t *testing.T) {
	t.Parallel()
	wantText(t, NoneBlank("tags", nil), "")
	wantText(t, NoneBlank("tags", []string{"a", "b c"}), "")
	wantText(t, NoneBlank("tags", []string{"a", " "}), "one of the tags is empty")
}

func TestFormatTime(t *testing.T) {
	t.Parallel()
	cet := time.FixedZone("CET", 3600)
	for want, at := range map[string]time.Time{
		"2026-05-04T10:00:00Z":         time.Date(2026, 5, 4, 11, 0, 0, 0, cet),
		"2026-05-04T10:00:00.5Z":       time.Date(2026, 5, 4, 10, 0, 0, 500_000_000, time.UTC),
		"2026-05-04T10:00:00.1234567Z": time.Date(2026, 5, 4, 10, 0, 0, 123_456_799, time.UTC),
	} {
		got := FormatTime(at)
		back, err := ParseTime(got)
		if got != want || err != nil || back.After(at) {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}
