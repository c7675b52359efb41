package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// narrowWriter takes whole writes until one no longer fits, as a full disk or a
// closed pipe does.
type narrowWriter struct {
	bytes.Buffer
	room int
}

func (w *narrowWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		w.room = 0
		return 0, errors.New("no room")
	}
	return w.Buffer.Write(p)
}

type sampleRow struct {
	raw  string
	cell string
}

func sampleView() view[sampleRow] {
	return view[sampleRow]{
		noun: "rows",
		columns: []column[sampleRow]{
			field("cell", "Cell", func(r sampleRow) string { return r.cell }).flexible(),
			count("length", "Length", func(r sampleRow) int64 { return int64(len(r.cell)) }).dropped(1),
		},
		raw: func(r sampleRow) jsontext.Value { return jsontext.Value(r.raw) },
	}
}

func drawRows(r *rapid.T) []sampleRow {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) sampleRow {
		cell := rapid.String().Draw(r, "cell")
		raw, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(cell, ""))
		if err != nil {
			r.Fatal(err)
		}
		space := rapid.SampledFrom([]string{"", " ", "\n", "\r\n\t"}).Draw(r, "space")
		return sampleRow{raw: "{" + space + `"cell":` + space + string(raw) + space + "}", cell: cell}
	}), 0, 30).Draw(r, "rows")
}

// printTo prints rows in a format and returns the error.
func printTo(ctx context.Context, w io.Writer, format string, rows iter.Seq2[sampleRow, error], limit int) error {
	p := newProgram(Process{Stdout: w})
	p.config = &config{}
	p.out = newOutput(w, format, terminal{})
	err := printList(ctx, p, sampleView(), rows, limit)
	return errors.Join(err, p.out.finish())
}

// Whatever ends a list early (a full disk, a limit, an interrupt, an error of
// the upstream), ndjson holds whole lines only, and a prefix of the rows.
func TestNDJSONHoldsWholeLinesOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rows := drawRows(r)
		out := &narrowWriter{room: rapid.IntRange(0, 2000).Draw(r, "room")}
		limit := rapid.IntRange(0, 10).Draw(r, "limit")
		stop := rapid.IntRange(0, 40).Draw(r, "stop")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := printTo(ctx, out, "ndjson", func(yield func(sampleRow, error) bool) {
			for i, row := range rows {
				if i == stop {
					cancel()
				}
				if !yield(row, nil) {
					return
				}
			}
		}, limit)
		lines := checkLines(r, out.String())
		if len(lines) > len(rows) || limit > 0 && len(lines) > limit {
			r.Fatalf("%d lines of %d rows with limit %d", len(lines), len(rows), limit)
		}
		if err == nil && limit == 0 && len(lines) != len(rows) {
			r.Fatalf("%d lines of %d rows and no error", len(lines), len(rows))
		}
	})
}

func checkLines(r *rapid.T, text string) []string {
	if text == "" {
		return nil
	}
	if !strings.HasSuffix(text, "\n") {
		r.Fatalf("the last line is cut: %q", text)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range lines {
		if !jsontext.Value(line).IsValid() {
			r.Fatalf("not a whole object: %q", line)
		}
	}
	return lines
}

// A whole list is one valid JSON array; a list that was cut never is.
func TestJSONArrayIsValidOnlyWhenWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rows := drawRows(r)
		cutAt := rapid.IntRange(0, 40).Draw(r, "cut")
		var out bytes.Buffer
		err := printTo(context.Background(), &out, "json", func(yield func(sampleRow, error) bool) {
			for i, row := range rows {
				if i == cutAt {
					yield(sampleRow{}, errors.New("cut"))
					return
				}
				if !yield(row, nil) {
					return
				}
			}
		}, 0)
		if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
			r.Fatalf("the last line is cut: %q", out.String())
		}
		if valid := jsontext.Value(out.Bytes()).IsValid(); valid != (err == nil) {
			r.Fatalf("error %v, and %q", err, out.String())
		}
	})
}

// CSV reads back as what was written, under its heading.
func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rows := drawRows(r)
		var out bytes.Buffer
		if err := printTo(context.Background(), &out, "csv", rowsOf(rows), 0); err != nil {
			r.Fatal(err)
		}
		records, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			r.Fatal(err)
		}
		if len(records) != len(rows)+1 || records[0][0] != "cell" {
			r.Fatalf("%d records for %d rows: %v", len(records), len(rows), records)
		}
		for i, row := range rows {
			// encoding/csv folds \r\n into \n when it reads.
			if want := strings.ReplaceAll(row.cell, "\r\n", "\n"); records[i+1][0] != want {
				r.Fatalf("row %d is %q, want %q", i, records[i+1][0], want)
			}
		}
	})
}

// No row of a table is wider than the terminal as long as the columns that
// must stay fit, and no text steers the terminal.
func TestTableFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rows := drawRows(r)
		width := rapid.IntRange(tableMinimum, 120).Draw(r, "width")
		var out bytes.Buffer
		p := newProgram(Process{Stdout: &out})
		p.config = &config{quiet: true}
		p.out = newOutput(&out, "table", terminal{width: width})
		if err := printList(context.Background(), p, sampleView(), rowsOf(rows), 0); err != nil {
			r.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\a\r\b") {
			r.Fatalf("control characters came through: %q", out.String())
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(rows) > 0 && len(lines) != len(rows)+1 {
			r.Fatalf("%d lines for %d rows", len(lines), len(rows))
		}
		for _, line := range lines {
			if displayWidth(line) > width {
				r.Fatalf("%d columns in a terminal of %d: %q", displayWidth(line), width, line)
			}
		}
	})
}

func TestTableDropsAndCuts(t *testing.T) {
	t.Parallel()
	heads := []head{
		{name: "a", title: "Alpha"},
		{name: "b", title: "Beta", flex: true},
		{name: "c", title: "Gamma", drop: 2},
		{name: "d", title: "Delta", drop: 1},
		{name: "e", title: "Never filled", drop: 3},
		{name: "f"},
	}
	rows := [][]string{{"1", strings.Repeat("x", 30), "gamma-value", "delta-value", "", "hidden"}}
	for width, want := range map[int]string{
		0:  "ALPHA  BETA                            GAMMA        DELTA\n1      xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  gamma-value  delta-value\n",
		60: "ALPHA  BETA                         GAMMA        DELTA\n1      xxxxxxxxxxxxxxxxxxxxxxxxxx…  gamma-value  delta-value\n",
		33: "ALPHA  BETA           GAMMA\n1      xxxxxxxxxxxx…  gamma-value\n",
		20: "ALPHA  BETA\n1      xxxxxxxxxxxx…\n",
	} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := newTableWriter(newLineWriter(&out, false), heads, terminal{width: width})
			for _, cells := range rows {
				if err := w.row(record{cells: cells}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.close(true); err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				t.Errorf("got\n%swant\n%s", out.String(), want)
			}
		})
	}
}

// A table that streams past its sample stays aligned and loses no row.
func TestTableStreams(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	const count = 3 * tableSample
	err := printTo(context.Background(), &out, "table", func(yield func(sampleRow, error) bool) {
		for i := range count {
			if !yield(sampleRow{cell: fmt.Sprintf("row %d", i)}, nil) {
				return
			}
		}
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != count+1 {
		t.Errorf("%d lines, want %d", lines, count+1)
	}
}

func TestColorOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	plain, colored := terminal{}, terminal{color: true}
	if got := plain.paint("High", toneBad); got != "High" {
		t.Errorf("plain is %q", got)
	}
	if got := colored.paint("High", toneBad); !strings.Contains(got, "\x1b[") || !strings.Contains(got, "High") {
		t.Errorf("colored is %q", got)
	}
	if got := terminalOf(&bytes.Buffer{}, environment{"COLUMNS": "77"}, true); got.color || got.tty || got.width != 77 {
		t.Errorf("a buffer is %+v", got)
	}
}

// What was written for programs may come to a terminal all the same: no text steers
// it, and JSON means what it meant.
func TestNothingSteersATerminal(t *testing.T) {
	t.Parallel()
	const text = "x\x1b[31m\u202e\u009b31m\x7féß"
	raw, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range outputFormats() {
		var out bytes.Buffer
		w := newOutput(&out, format, terminal{tty: true}).list([]head{{name: "cell", title: "Cell"}})
		if err := w.row(record{raw: raw, cells: []string{text}}); err != nil {
			t.Fatal(err)
		}
		if err := w.close(true); err != nil {
			t.Fatal(err)
		}
		if shown := out.String(); strings.ContainsFunc(shown, steers) || !strings.Contains(shown, "éß") {
			t.Errorf("%s shows %q", format, shown)
		}
		var back string
		if format == "ndjson" && (json.Unmarshal(out.Bytes(), &back) != nil || back != text) {
			t.Errorf("%s reads back as %q", format, back)
		}
	}
}
