package cli

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestRawRecords reads each form that a file of records can have.
func TestRawRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":            {"", ""},
		"blanks":             {" \n\t\n", ""},
		"one":                {`{"a":1}`, `{"a":1}`},
		"pretty":             {"{\n  \"a\": [1, 2],\n  \"b\": {}\n}\n", `{"a":[1, 2],"b":{}}`},
		"lines":              {"{\"a\":1}\r\n\n{\"a\":2}\n", `{"a":1} {"a":2}`},
		"one behind another": {`{"a":1}{"a":2} {"a":3}`, `{"a":1} {"a":2} {"a":3}`},
		"array":              {`[{"a":1},{"a":2}]`, `{"a":1} {"a":2}`},
		"array of lines":     {"[\n{\"a\":1},\n{\"a\":2}\n]\n", `{"a":1} {"a":2}`},
		"page":               {`{"@odata.context":"x","value":[{"a":1},{"a":2}],"@odata.nextLink":"y"}`, `{"a":1} {"a":2}`},
		"pages":              {"{\"value\":[{\"a\":1}]}\n{\"value\":[{\"a\":2}]}\n", `{"a":1} {"a":2}`},
		"hunt":               {`{"Stats":{},"Schema":[{"Name":"a"}],"Results":[{"a":1}]}`, `{"a":1}`},
		"empty page":         {`{"value":[]}`, ""},
		"value that is none": {`{"value":7,"a":1}`, `{"value":7,"a":1}`},
		"a bad line":         {"{\"a\":1}\n{\"a\":\n{\"a\":3}\n", `{"a":1} !line 2 {"a":3}`},
		"bad at first":       {"{\"a\":\n{\"a\":2}\n", `!line 1 {"a":2}`},
		"prose at first":     {"Dear customer,\n{\"a\":2}\n", `!line 1 {"a":2}`},
		"prose":              {"Dear customer", "!record 1"},
		"no object":          {"{\"a\":1}\n17\n", `{"a":1} !line 2`},
		"cut array":          {`[{"a":1},{"a":`, `{"a":1} !record 2`},
		"cut page":           {"{\n\"value\":[{\"a\":1},{\"a\"", `{"a":1} !record 2`},
	} {
		var got []string
		for r, err := range rawRecords(strings.NewReader(c.text)) {
			if err != nil {
				got = append(got, "!"+r.place)
				continue
			}
			got = append(got, string(r.raw))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// TestRawRecordsFromAPipe reads the first record before the second is there.
func TestRawRecordsFromAPipe(t *testing.T) {
	t.Parallel()
	from, to := io.Pipe()
	first := make(chan string, 2)
	go func() {
		for r, err := range rawRecords(from) {
			first <- fmt.Sprint(string(r.raw), err)
		}
		close(first)
	}()
	for _, line := range []string{`{"a":1}`, `{"a":2}`} {
		if _, err := io.WriteString(to, line+"\n"); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-first:
			if got != line+"<nil>" {
				t.Error(got)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the record waits for the next one")
		}
	}
	to.Close()
}

// TestRawRecordsAreFlat reads a page and an array of 64 MB, each on one line.
func TestRawRecordsAreFlat(t *testing.T) { //nolint:paralleltest // it counts what is allocated while it runs
	record := `{"id":"` + strings.Repeat("x", 8<<10) + `"}`
	const n = 8 << 10
	for _, bracket := range [][2]string{{`{"value":[`, `]}`}, {`[`, `]`}} {
		parts := []io.Reader{strings.NewReader(bracket[0] + record)}
		for range n - 1 {
			parts = append(parts, strings.NewReader(","+record))
		}
		parts = append(parts, strings.NewReader(bracket[1]))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		count := 0
		for r, err := range rawRecords(io.MultiReader(parts...)) {
			if err != nil || len(r.raw) != len(record) {
				t.Fatal(err, len(r.raw))
			}
			count++
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; count != n || grown > 48<<20 {
			t.Errorf("%s: %d records, %d bytes allocated in all", bracket[0], count, grown)
		}
	}
}

func FuzzRawRecords(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "{\"a\":1}\n{", `[{"a":1}]`, `{"value":[{"a":1}]}`, "{\n\"a\":\n1}", "x\n{\"a\":1}\n", `{"value":[[{}],1]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		for r, err := range rawRecords(strings.NewReader(text)) {
			if n++; n > len(text) {
				t.Fatalf("more records than bytes")
			}
			if err == nil && !r.raw.IsValid() {
				t.Errorf("%q is no JSON", r.raw)
			}
		}
	})
}
