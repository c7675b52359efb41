package stream_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestCatalogueIsSound holds what every entry must have.
func TestCatalogueIsSound(t *testing.T) {
	t.Parallel()
	known := map[gatehouse.Permission]bool{}
	for _, p := range entra.Permissions() {
		known[p.Permission] = true
	}
	seen := map[gatehouse.Stream]bool{}
	for _, s := range stream.All() {
		if s.Name == "" || seen[s.Name] || s.Title == "" || s.Interval <= 0 || len(s.Doors) == 0 || !strings.HasPrefix(s.Docs, "https://learn.microsoft.com/") {
			t.Errorf("%s lacks something, or is there twice", s.Name)
		}
		seen[s.Name] = true
		if s.Mode != stream.Snapshot && (s.Reconcile <= s.Interval || s.Overlap <= 0) {
			t.Errorf("%s is %s and has no overlap, or no reading in full", s.Name, s.Mode)
		}
		for _, d := range s.Doors {
			for _, p := range d.AnyOf {
				if !known[p] {
					t.Errorf("%s: nobody knows %s", s.Name, p)
				}
			}
			if len(d.AnyOf) == 0 || d.Read == nil {
				t.Errorf("%s through %s lacks something", s.Name, d.API)
			}
		}
	}
	if _, ok := stream.ByName("nothing"); ok {
		t.Error("there is a stream that is not there")
	}
}

// ExampleAll shows what an application with permissions of Graph alone can mirror.
func ExampleAll() {
	held := []gatehouse.Permission{
		{Resource: gatehouse.ResourceGraph, Name: "SecurityAlert.Read.All"},
		{Resource: gatehouse.ResourceGraph, Name: "ThreatHunting.Read.All"},
	}
	for _, s := range stream.All() {
		for _, door := range s.Doors {
			if slices.ContainsFunc(door.AnyOf, func(p gatehouse.Permission) bool { return slices.Contains(held, p) }) {
				fmt.Println(s.Name, "through", door.API)
			}
		}
	}
	// Output:
	// alerts through graph
	// devices through graph
	// vulnerabilities through graph
}
