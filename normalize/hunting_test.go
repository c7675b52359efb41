package normalize

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// rowOf is the mapping of one table as a function of the tests.
func rowOf(table string) normalizer {
	return func(in Input) (ocsf.Event, error) { return HuntingRow(table, in) }
}

func TestHuntingMappings(t *testing.T) {
	t.Parallel()
	for _, m := range huntingMappings() {
		checkMapping(t, m, map[gatehouse.API]any{gatehouse.APIGraph: columns(documentedColumns()[m.table])})
		if !slices.Contains(HuntingTables(), m.table) {
			t.Errorf("%s has a page and no mapping", m.table)
		}
	}
}

// TestHuntingColumns holds our lists against those that were read from Microsoft's
// pages, where they are at hand.
func TestHuntingColumns(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "defender-api", "hunting_tables.json"))
	if err != nil {
		t.Skip("the columns of Microsoft's pages are not beside the repository")
	}
	type column struct {
		Name string `json:"name"`
	}
	var pages struct {
		Tables map[string]struct {
			Columns  []column `json:"columns"`
			Observed []column `json:"observed_not_documented"`
		} `json:"tables"`
	}
	if err := json.Unmarshal(raw, &pages); err != nil {
		t.Fatal(err)
	}
	for table, ours := range documentedColumns() {
		for _, c := range slices.Concat(pages.Tables[table].Columns, pages.Tables[table].Observed) {
			if !slices.Contains(strings.Fields(ours), c.Name) {
				t.Errorf("%s: the column %s is missing", table, c.Name)
			}
		}
	}
}

// TestHuntingGolden maps rows as the emulator gives them through both doors, and
// some that were made to have every column.
func TestHuntingGolden(t *testing.T) {
	t.Parallel()
	for name, api := range map[string]gatehouse.API{"mde": gatehouse.APIMDE, "graph": gatehouse.APIGraph, "made": gatehouse.APIMDE} {
		f, err := os.Open(filepath.Join("testdata", "hunting", name+".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var got []byte
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var line struct {
				Table string         `json:"table"`
				Row   jsontext.Value `json:"row"`
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			event := prove(t, rowOf(line.Table), Input{Raw: line.Row, API: api, TenantID: "b3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c", Integration: "contoso"})
			pretty := jsontext.Value(event.AppendJSON(nil))
			if err := pretty.Indent(jsontext.WithIndent("  ")); err != nil {
				t.Fatal(err)
			}
			got = append(append(got, pretty...), '\n')
		}
		golden.Check(t, filepath.Join("testdata", "hunting", name+".golden"), got)
	}
}

// huntedWords are what rows of hunting say, in any column.
var huntedWords = []any{
	nil, "", "svchost.exe", `C:\Windows\System32\svchost.exe`, `C:\Windows\System32`, "/usr/bin/curl", "/usr/bin", "10.0.0.4", "", "999.1.1.1", "fe80::1",
	"Public", "Private", "Loopback", "Tcp", "TcpV6", "Udp", "Icmp", "Kerberos", "Negotiate", "Network", "Remote interactive (RDP)", "Medium", "System", "AppContainer",
	"da39a3ee5e6b4b0d3255bfef95601890afd80709", "ada@contoso.example", "CONTOSO", "S-1-5-18", "String", "Dword", "Binary", "17", "0x11", `HKEY_LOCAL_MACHINE\SOFTWARE\Run`,
	"https://example.com/a?b=c", "example.com", "not a url", "2026-11-20T08:30:00.1234567Z", "2026-11-20 08:30:00", "0001-01-01T00:00:00Z",
	443, 0, 70000, -1, 4120, 7.5, 1e15, true, false, []any{}, map[string]any{}, map[string]any{"Name": "x-inner"}, []any{"x", nil},
}

// randomRow draws a row of a table: any word in any column, through either door.
func randomRow(t *rapid.T, table string) Input {
	record := map[string]any{}
	actions := slices.Concat(words(processActions), words(fileActions), words(networkActions), words(registryKeyActions), words(registryValueActions),
		words(logonActions), words(moduleActions), []string{"", "BrandNew", "AsrOfficeMacroBlocked", "AsrOfficeMacroAudited", "PowerShellCommand"})
	for column := range strings.FieldsSeq(documentedColumns()[table]) {
		if rapid.IntRange(0, 4).Draw(t, "absent") == 0 {
			continue
		}
		v := rapid.OneOf(rapid.SampledFrom(huntedWords), rapid.Map(rapid.StringMatching(`[A-Za-z]{3}[0-9]{5}`), func(s string) any { return s })).Draw(t, column)
		if column == "ActionType" {
			v = rapid.SampledFrom(actions).Draw(t, "action")
		}
		record[column] = v
		if _, number := v.(int); number {
			record[column+"@odata.type"] = "#Int64"
		}
	}
	if rapid.Bool().Draw(t, "novel") {
		record["NovelColumn"] = map[string]any{"deep": []any{1, "two"}}
	}
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	return Input{Raw: raw, API: rapid.SampledFrom([]gatehouse.API{gatehouse.APIMDE, gatehouse.APIXDR, gatehouse.APIGraph}).Draw(t, "api"), Time: time.Unix(1_790_000_000, 0), EventID: "e1"}
}

// words lists the words of a table.
func words[T ~int64](table []word[T]) []string {
	var all []string
	for _, w := range table {
		all = append(all, w.text)
	}
	return all
}

func TestHuntingOfAnything(t *testing.T) {
	t.Parallel()
	for table := range documentedColumns() {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { prove(t, rowOf(table), randomRow(t, table)) })
			prove(t, rowOf(table), Input{Raw: jsontext.Value(`{}`), Time: time.Unix(1_790_000_000, 0), EventID: "e1"})
		})
	}
}

func TestHuntingRowsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ table, raw, want string }{
		{"EmailEvents", `{}`, `rows of the table "EmailEvents" have no mapping`},
		{"DeviceFileEvents", `[]`, "is not a JSON object"},
		{"DeviceFileEvents", `{"FileName":"a"}`, "has no time"},
		{"DeviceFileEvents", `{"Timestamp":"2026-11-20T08:30:00Z","FileName":"a"}`, "has no id"},
	} {
		if _, err := HuntingRow(c.table, Input{Raw: jsontext.Value(c.raw)}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v, want %q", c.table, c.raw, err, c.want)
		}
	}
}

func FuzzHuntingRow(f *testing.F) {
	for _, api := range []string{"mde", "graph", "made"} {
		raw, err := os.ReadFile(filepath.Join("testdata", "hunting", api+".ndjson"))
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			f.Add([]byte(line[strings.Index(line, `"row":`)+6 : strings.LastIndexByte(line, '}')]))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for table := range documentedColumns() {
			event, err := HuntingRow(table, Input{Raw: raw, Time: time.Unix(1_790_000_000, 0), EventID: "e", WithRaw: true})
			if err != nil {
				continue
			}
			if line, violations := (ocsf.Validator{}).Append(nil, event); len(violations) > 0 || !jsontext.Value(line).IsValid() {
				t.Errorf("%v\n%s", violations, line)
			}
		}
	})
}
