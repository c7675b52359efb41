package cli

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func testNow() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func TestTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-11-20":                "2026-11-20T00:00:00Z",
		"2026-11-20T10:00:00Z":      "2026-11-20T10:00:00Z",
		"2026-11-20T10:00:00+02:00": "2026-11-20T08:00:00Z",
		"24h":                       "2026-11-22T12:00:00Z",
		"7d":                        "2026-11-16T12:00:00Z",
		"2w":                        "2026-11-09T12:00:00Z",
		"1.5d":                      "2026-11-22T00:00:00Z",
		"yesterday":                 "",
		"":                          "",
		"-7d":                       "",
		"0h":                        "",
		"7dd":                       "",
		"2026-13-01":                "",
		"2026-12-24":                "", // the future
		"1e999d":                    "",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			f := &timeFlag{now: testNow}
			err := f.Set(text)
			if (err == nil) != (want != "") || f.String() != want {
				t.Errorf("%q is %q, error %v; want %q", text, f, err, want)
			}
		})
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"7d", "24h", "2026-11-23", "2026-11-23T00:00:00Z", "1e9w", "-1d", "NaNd", "Infw"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseTime(text, testNow())
		if err == nil && at.Location() != time.UTC {
			t.Errorf("%q is not in UTC", text)
		}
	})
}

func TestEnumFlag(t *testing.T) {
	t.Parallel()
	f := &enumFlag{valid: []string{"Informational", "Low", "Medium", "High"}}
	if err := f.Set("hIGH"); err != nil || f.value != "High" {
		t.Errorf("value is %q, error %v", f.value, err)
	}
	err := f.Set("hihg")
	if err == nil || err.Error() != "choose Informational, Low, Medium or High; did you mean High?" {
		t.Errorf("error is %v", err)
	}
	if f.value != "High" {
		t.Errorf("a refused word changed the value to %q", f.value)
	}
}

func TestLimitFlag(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"0", "-1", "x", "1x", "", "1.5", "99999999999999999999"} {
		f := &limitFlag{}
		if err := f.Set(bad); err == nil {
			t.Errorf("%q was taken as %d", bad, f.rows)
		}
	}
	f := &limitFlag{}
	if err := f.Set("12"); err != nil || f.rows != 12 {
		t.Errorf("12 is %d, error %v", f.rows, err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		candidates := rapid.SliceOfN(rapid.String(), 1, 8).Draw(r, "candidates")
		word := rapid.SampledFrom(candidates).Draw(r, "word")
		if got := nearest(word, candidates); !strings.EqualFold(got, word) {
			r.Fatalf("nearest to %q of %q is %q", word, candidates, got)
		}
	})
	if got := nearest("devizes", []string{"alerts", "vulnerabilities", "devices"}); got != "devices" {
		t.Errorf("nearest is %q", got)
	}
	if got := nearest("weather", []string{"alerts", "devices"}); got != "" {
		t.Errorf("nearest is %q", got)
	}
}

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"127.0.0.1:8443": "127.0.0.1:8443", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "~x": "'~x'", "$x": "'$x'",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
}

func TestExitStatusesAreDocumented(t *testing.T) {
	t.Parallel()
	page := exitStatusHelp()
	for _, e := range exits() {
		if e.meaning == "" || !strings.Contains(page, e.meaning) {
			t.Errorf("status %d is not in the help", e.status)
		}
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234: "-1,234", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
