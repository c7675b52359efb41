package normalize

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

func TestRandomIncidents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prove(t, Incident, randomInput(t, gatehouse.APIXDR, defender.Incident{}, withAlerts(defender.IncidentAlert{})))
	})
}

func TestRandomGraphIncidents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prove(t, Incident, randomInput(t, gatehouse.APIGraph, graph.Incident{}, withAlerts(graph.Alert{})))
	})
}

func TestIncidentMapping(t *testing.T) {
	t.Parallel()
	checkMapping(t, incidentMapping, map[gatehouse.API]any{gatehouse.APIXDR: defender.Incident{}, gatehouse.APIGraph: graph.Incident{}})
}
