package stream

import (
	"context"
	"strconv"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// incidents is the incidents of Defender XDR, each with its alerts.
func incidents() Stream {
	return Stream{
		Name: Incidents, Title: "Incidents", Mode: Incremental, Interval: often, Overlap: late, Reconcile: daily,
		Docs: "https://learn.microsoft.com/defender-xdr/api-list-incidents",
		Doors: []Door{
			{API: gatehouse.APIXDR, AnyOf: gatehouse.ResourceXDR.Permissions("Incident.Read.All", "Incident.ReadWrite.All"), Read: readIncidents},
			{API: gatehouse.APIGraph, AnyOf: gatehouse.ResourceGraph.Permissions("SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"), Read: readGraphIncidents},
		},
	}
}

func readIncidents(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, incidents(), gatehouse.APIXDR, r)
	p := pager[defender.Incident]{
		list: r.Clients.Defender.Incidents.List, largest: 100, smaller: []int{25, 5, 1}, item: incidentItem,
	}
	if since, ok := w.since(); ok {
		p.query.Filter = defender.Ge("lastUpdateTime", since)
	}
	if err := p.read(ctx, w); err != nil {
		return err
	}
	return w.finish()
}

func readGraphIncidents(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, incidents(), gatehouse.APIGraph, r)
	p := follower[graph.Incident]{
		list: r.Clients.Graph.Incidents.List, sizes: []int{graph.MaxIncidentPage, 10, 1},
		whole: func(ctx context.Context, i *graph.Incident) (graph.Incident, error) {
			return r.Clients.Graph.Incidents.Get(ctx, i.ID, true)
		},
		item: func(i *graph.Incident) item {
			return item{key: i.ID, document: i.Raw, common: graphIncidentFacts(i), changed: i.LastUpdateDateTime.Time}
		},
	}
	if since, ok := w.since(); ok {
		p.filter = "lastUpdateDateTime ge " + moment(since)
	}
	if err := p.read(ctx, w); err != nil {
		return err
	}
	return w.finish()
}

func incidentItem(i *defender.Incident) item {
	it := item{document: i.Raw, common: incidentFacts(i), changed: i.LastUpdateTime.Time}
	if i.IncidentID != 0 {
		it.key = strconv.FormatInt(i.IncidentID, 10)
	}
	return it
}

// incidentFacts are what both APIs know of an incident.
func incidentFacts(i *defender.Incident) facts {
	said := facts{}
	for _, c := range i.Comments {
		said = append(said, c.Comment)
	}
	redirect := ""
	if i.RedirectIncidentID != 0 {
		redirect = strconv.FormatInt(i.RedirectIncidentID, 10)
	}
	return append(facts{
		strconv.FormatInt(i.IncidentID, 10), redirect, i.IncidentName, enum(i.Severity), enum(i.Status), enum(i.Classification), determination(i.Determination),
		i.AssignedTo, sorted(i.Tags), second(i.CreatedTime),
	}, said...)
}

// graphIncidentFacts are the same of Graph. Tags that people give are called custom
// there.
func graphIncidentFacts(i *graph.Incident) facts {
	said := facts{}
	for _, c := range i.Comments {
		said = append(said, c.Comment)
	}
	return append(facts{
		i.ID, i.RedirectIncidentID, i.DisplayName, enum(i.Severity), enum(i.Status), enum(string(i.Classification)), determination(string(i.Determination)),
		i.AssignedTo, sorted(i.CustomTags), second(i.CreatedDateTime),
	}, said...)
}
