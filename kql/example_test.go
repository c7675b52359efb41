package kql_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// A table is created and filled, and a hunting query runs over it.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	columns := []kql.Column{
		{Name: "Timestamp", Type: kql.TypeDateTime},
		{Name: "DeviceName", Type: kql.TypeString},
		{Name: "ExposureLevel", Type: kql.TypeString},
	}
	schema := kql.Schema{Tables: map[string][]kql.Column{"DeviceInfo": columns}}

	db, err := kql.OpenMemory()
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := kql.CreateTable(ctx, db, "DeviceInfo", columns); err != nil {
		log.Fatal(err)
	}
	_, err = kql.Insert(ctx, db, "DeviceInfo", columns, slices.Values([][]any{
		{now.Add(-3 * time.Hour), "web-1", "Low"},
		{now.Add(-1 * time.Hour), "web-1", "High"},
		{now.Add(-2 * time.Hour), "lap-7", "Low"},
	}))
	if err != nil {
		log.Fatal(err)
	}

	query, err := kql.Parse(`
		DeviceInfo
		| where Timestamp > ago(1d)
		| summarize arg_max(Timestamp, *) by DeviceName
		| where ExposureLevel == "High"`)
	if err != nil {
		log.Fatal(err)
	}
	plan, err := query.Compile(schema)
	if err != nil {
		log.Fatal(err)
	}
	rows, err := plan.Run(ctx, db, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rows.Columns())
	for values, err := range rows.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(values...)
	}

	wrong, err := kql.Parse("DeviceInfo | where Foo > 1")
	if err != nil {
		log.Fatal(err)
	}
	_, err = wrong.Compile(schema)
	fmt.Println(err)
	// Output:
	// [{DeviceName string} {Timestamp datetime} {ExposureLevel string}]
	// web-1 2026-03-15 11:00:00 +0000 UTC High
	// semantic error: 'where' operator: Failed to resolve column or scalar expression named 'Foo' (line 1, position 20)
}
