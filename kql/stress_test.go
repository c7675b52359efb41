package kql_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// TestStress runs queries of great size: each is refused with an error of ours,
// or it runs. SQLite's own limits must never be met.
func TestStress(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	joins := "Numbers | project N, S"
	for range 38 {
		joins += " | join kind=inner (Numbers | project N, S) on N | project N, S"
	}
	lets := "let l0 = 1; "
	for i := range 40 {
		lets += fmt.Sprintf("let l%d = l%d + l%d; ", i+1, i, i)
	}
	tables := "let t0 = Numbers | project N; "
	for i := range 20 {
		tables += fmt.Sprintf("let t%d = union t%d, t%d; ", i+1, i, i)
	}
	for name, c := range map[string]struct {
		query string
		fails bool
	}{
		"or":        {"Numbers | where N == 0" + strings.Repeat(" or N == 1", 1900) + " | count", false},
		"sum":       {"print x = 1" + strings.Repeat(" + 1", 1900), true},
		"sum100":    {"print x = 1" + strings.Repeat(" + 1", 100), false},
		"in":        {"Numbers | where S in ('x'" + strings.Repeat(", 'y'", 10000) + ") | count", false},
		"stages":    {"Numbers" + strings.Repeat(" | where N > 0", 245) + " | count", false},
		"extending": {"Numbers" + strings.Repeat(" | extend N = N + 1 + 2 + 3", 245) + " | count", false},
		"letsums":   {"let a = 1" + strings.Repeat(" + 1", 150) + "; let b = a" + strings.Repeat(" + 1", 150) + "; print b", true},
		"too many":  {"Numbers" + strings.Repeat(" | where N > 0", 1000), true},
		"doubling":  {"Numbers | extend A = N" + strings.Repeat(" | extend A = A + A", 100), false},
		"reextend":  {"Numbers | extend A = strcat(S, S)" + strings.Repeat(" | where A has 'a' | extend A = substring(strcat(A, A), 0, 3)", 50), false},
		"sorting":   {"Numbers" + strings.Repeat(" | sort by N asc | take 3", 30), false},
		"grouping":  {"Numbers" + strings.Repeat(" | summarize N = sum(N) by S", 100), false},
		"joins":     {joins + " | count", false},
		"lets":      {lets + "print l40", true},
		"lets8":     {lets + "print l8", false},
		"tables":    {tables + "t20 | count", true},
		"tables5":   {tables + "t5 | count", false},
		"parens":    {"print " + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000), true},
		"not":       {"print " + strings.Repeat("not(", 60) + "true" + strings.Repeat(")", 60), false},
		"minus":     {"print x = " + strings.Repeat("- ", 50) + "1", false},
		"iff":       {"Numbers | extend A = N" + strings.Repeat(" | extend A = iff(A > 1, A, A + 1)", 100) + " | count", false},
		"columns":   {"Numbers | project N" + strings.Repeat(" , N", 999) + " | count", false},
		"columns+":  {"Numbers | project N" + strings.Repeat(" , N", 1000) + " | count", true},
		"union":     {"union Numbers" + strings.Repeat(", Numbers", 39) + " | summarize sum(N)", false},
		"subquery":  {"Numbers" + strings.Repeat(" | where N in (Numbers | where N > 0 | project N)", 30) + " | count", false},
		"nested":    {"Numbers | where N in (" + strings.Repeat("Numbers | where N in (", 15) + "Numbers" + strings.Repeat(")", 16) + " | count", false},
		"aggregate": {"Numbers | summarize " + strings.TrimSuffix(strings.Repeat("make_list(S), ", 300), ", "), false},
		"datatable": {"datatable(a:long)[1" + strings.Repeat(", 2", 399) + "] | summarize sum(a)", false},
		"concat":    {"print x = strcat('a'" + strings.Repeat(", 'b'", 63) + ")", false},
		"case":      {"Numbers | project case(" + strings.Repeat("N == 1, 2, ", 31) + "3)", false},
		"functions": {"Numbers | extend A = " + strings.Repeat("tolower(", 60) + "S" + strings.Repeat(")", 60), false},
		"between":   {"print " + strings.Repeat("1 between (", 60) + "1 .. 1)", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(db, c.query)
			var e *kql.Error
			if c.fails && !errors.As(err, &e) || !c.fails && err != nil {
				text := fmt.Sprint(err)
				t.Errorf("error: %.300s", text)
			}
		})
	}
}

// TestManyPlans runs one plan from many places at once.
func TestManyPlans(t *testing.T) {
	t.Parallel()
	db := openFixture(t)
	q, err := kql.Parse("DeviceInfo | where DeviceName has 'contoso' | join kind=inner DeviceProcessEvents on DeviceId | summarize make_set(FileName) by DeviceId")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := q.Compile(fixtureSchema())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for range 8 {
		go func() {
			for range 10 {
				rows, err := plan.Run(context.Background(), db, now)
				if err != nil {
					done <- err
					return
				}
				n := 0
				for _, err := range rows.All() {
					if err != nil {
						done <- err
						return
					}
					n++
				}
				if n != 2 {
					done <- fmt.Errorf("%d rows", n)
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
