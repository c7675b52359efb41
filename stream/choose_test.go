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

func TestPick(t *testing.T) {
	t.Parallel()
	mde := gatehouse.Permission{Resource: gatehouse.ResourceMDE, Name: "Machine.Read.All"}
	hunting := gatehouse.Permission{Resource: gatehouse.ResourceGraph, Name: "ThreatHunting.Read.All"}
	other := gatehouse.Permission{Resource: gatehouse.ResourceGraph, Name: "Machine.Read.All"} // of the wrong resource
	incidents := gatehouse.Permission{Resource: gatehouse.ResourceXDR, Name: "Incident.Read.All"}
	tests := []struct {
		name   gatehouse.Stream
		held   []gatehouse.Permission
		prefer gatehouse.API
		want   gatehouse.API
		reason string
	}{
		{stream.Devices, []gatehouse.Permission{mde}, "", gatehouse.APIMDE, "WindowsDefenderATP/Machine.Read.All is held"},
		{stream.Devices, []gatehouse.Permission{hunting}, "", gatehouse.APIGraph, "ThreatHunting.Read.All is held"},
		{stream.Devices, []gatehouse.Permission{hunting, mde}, "", gatehouse.APIMDE, ""},
		{stream.Devices, []gatehouse.Permission{hunting, mde}, gatehouse.APIGraph, gatehouse.APIGraph, ""},
		{stream.Devices, []gatehouse.Permission{hunting}, gatehouse.APIMDE, "", "grant Machine.Read.All on WindowsDefenderATP"},
		{stream.Devices, []gatehouse.Permission{other}, "", "", "or ThreatHunting.Read.All on Microsoft Graph"},
		{stream.Software, []gatehouse.Permission{hunting}, gatehouse.APIGraph, "", "software cannot be read through graph, only through mde"},
		{stream.Incidents, []gatehouse.Permission{incidents}, gatehouse.APIMDE, gatehouse.APIXDR, ""},
	}
	for _, tt := range tests {
		s, _ := stream.ByName(tt.name)
		d, reason, ok := stream.Pick(s, tt.held, tt.prefer)
		if d.API != tt.want || ok != (tt.want != "") || !strings.Contains(reason, tt.reason) {
			t.Errorf("%s with %v, %s preferred: %q, %q, %v", tt.name, tt.held, tt.prefer, d.API, reason, ok)
		}
	}
}

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

// ExamplePick shows what an application with permissions of Graph alone can
// mirror, and what it would have to be granted for the rest.
func ExamplePick() {
	held := []gatehouse.Permission{
		{Resource: gatehouse.ResourceGraph, Name: "SecurityAlert.Read.All"},
		{Resource: gatehouse.ResourceGraph, Name: "ThreatHunting.Read.All"},
	}
	for _, s := range stream.All() {
		if door, reason, ok := stream.Pick(s, held, ""); ok {
			fmt.Println(s.Name, "through", door.API)
		} else if slices.Contains([]gatehouse.Stream{stream.Software, stream.SecureScores}, s.Name) {
			fmt.Println(s.Name, "is off:", reason)
		}
	}
	// Output:
	// alerts through graph
	// devices through graph
	// vulnerabilities through graph
	// software is off: grant Software.Read.All on WindowsDefenderATP (application permission, with admin consent)
	// secure-scores is off: grant SecurityEvents.Read.All on Microsoft Graph (application permission, with admin consent)
}
