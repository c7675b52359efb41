package rest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestRowsThatAreNoJSON reads files in which rows between good ones are damaged.
func TestRowsThatAreNoJSON(t *testing.T) {
	t.Parallel()
	const one, two = `{"Id":"t1"}`, `{"Id":"t2"}`
	long := `{"Id":"` + strings.Repeat("x", 2*readAhead) + `"}`
	tests := []struct {
		name, text string
		want       []string // one that is no JSON as a text
		err        error
	}{
		{"word", one + "\nnot json\n" + two + "\n", []string{one, `"not json"`, two}, nil},
		{"first", "oops\n" + one + "\n", []string{`"oops"`, one}, nil},
		{"last", one + "\noops\n", []string{one, `"oops"`}, nil},
		{"two in a row", one + "\n{oops\n{,\n" + two, []string{one, `"{oops"`, `"{,"`, two}, nil},
		{"open object", one + "\n{\"Id\":\"t9\"\n" + two + "\n", []string{one, `"{\"Id\":\"t9\""`, two}, nil},
		{"open text", one + "\n{\"Id\":\"t9\n" + two + "\n", []string{one, `"{\"Id\":\"t9"`, two}, nil},
		{"open list", one + "\n{\"Id\":[\n" + two + "\n" + one + "\n", []string{one, `"{\"Id\":["`, two, one}, nil},
		{"open member", one + "\n{\"Id\":\n" + two + "\n", []string{one, `"{\"Id\":"`, two}, nil},
		{"more behind a row", one + " oops\n" + two + "\n", []string{one, `"oops"`, two}, nil},
		{"carriage returns", one + "\r\n{oops\r\n" + two + "\r\n", []string{one, `"{oops"`, two}, nil},
		{"on several lines", "{\n \"Id\": oops,\n \"N\": 1\n}\n" + two + "\n", []string{`"{\n \"Id\": oops,\n \"N\": 1\n}"`, two}, nil},
		{"broken UTF-8", one + "\n\xff\n" + two, []string{one, "\"\ufffd\"", two}, nil},
		{"longer than what is read at once", long + "\n{" + long + "\n" + long + "\n", []string{long, strconv.Quote("{" + long), long}, nil},
		{"marked", "\ufeff" + one + "\n{oops\n" + two, []string{one, `"{oops"`, two}, nil},

		{"line without an end", one + "\noops", []string{one}, ErrMalformed},
		{"row without an end", one + "\n{\"Id\":\"t2\"", []string{one}, ErrTruncated},
		{"row without an end, behind one that is no JSON", one + "\n{oops\n{\"Id\":\"t2\"", []string{one, `"{oops"`}, ErrTruncated},
		{"several lines without an end", one + "\n{\n \"Id\": \"t2\",\n", []string{one}, ErrTruncated},
		{"too long", one + "\n" + strings.Repeat("x", maxBadRow) + "\n" + two + "\n", []string{one}, ErrMalformed},
		{"no row at all", "<html>\n<p>no</p>\n</html>\n", []string{`"<html>\n<p>no</p>\n</html>"`}, ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, text := range map[string]string{"plain": tt.text, "gzip": zipped(tt.text)} {
				var got []string
				rows, err := readRows(strings.NewReader(text), func(raw jsontext.Value) error {
					got = append(got, string(raw))
					return nil
				})
				if diff := cmp.Diff(tt.want, got); diff != "" || rows != len(got) || !errors.Is(err, tt.err) {
					t.Errorf("%s: %d rows, %v\n%s", name, rows, err, diff)
				}
			}
		})
	}
}

// A row that is no JSON comes with a [*DecodeError] and all of its text, and the
// list goes on; also when the file breaks off behind it and is read again.
func TestExportGoesOnBehindARowThatIsNoJSON(t *testing.T) {
	t.Parallel()
	whole := zipped(lines(0, 3) + "{oops\n" + lines(3, 6))
	e := newExporter(1, func(_, try int, _ string) (*http.Response, error) {
		if try == 1 {
			return reply(200, whole[:len(whole)-3])
		}
		return reply(200, whole)
	})
	c, _, _ := begin(t, e.answer)
	var got []string
	for v, err := range Export[thing](t.Context(), c, Exporting{Request: Request{Operation: opExport}}) {
		odd, ok := errors.AsType[*DecodeError](err)
		if ok != (v.ID == "") || ok && string(odd.Raw) != `"{oops"` || err != nil && !ok {
			t.Fatalf("%s: %v", v.Raw, err)
		}
		got = append(got, v.ID)
	}
	if diff := cmp.Diff([]string{"t0", "t1", "t2", "", "t3", "t4", "t5"}, got); diff != "" {
		t.Error(diff)
	}
}

// Wherever rows are damaged, those that are not are handed out.
func TestDamagedRowsTakeNoOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var want []string
		for n := range rapid.IntRange(1, 50).Draw(t, "rows") {
			row := strings.TrimSuffix(lines(n, n+1), "\n")
			if bad := rapid.IntRange(0, 3).Draw(t, "bad") == 0; n > 0 && bad {
				row = row[:rapid.IntRange(1, len(row)-1).Draw(t, "cut")] // an object that does not end
				want = append(want, strconv.Quote(strings.TrimSpace(row)))
			} else {
				want = append(want, row)
			}
			text.WriteString(row + "\n")
		}
		text.WriteString(lines(99, 100))
		want = append(want, strings.TrimSuffix(lines(99, 100), "\n"))
		var got []string
		rows, err := readRows(strings.NewReader(text.String()), func(raw jsontext.Value) error {
			got = append(got, string(raw))
			return nil
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil || rows != len(got) {
			t.Fatalf("%d rows, %v\n%s", rows, err, diff)
		}
		cut := text.String()[:rapid.IntRange(1, text.Len()-1).Draw(t, "end")]
		if _, err := readRows(strings.NewReader(cut), func(jsontext.Value) error { return nil }); err == nil && !strings.ContainsAny(cut[len(cut)-1:], "}\n") {
			t.Fatalf("%q passes for a file", cut)
		}
	})
}
