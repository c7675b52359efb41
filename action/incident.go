package action

import (
	"context"
	"strconv"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// incidentNumber reads the id of an incident.
func incidentNumber(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		return 0, inputf("incident %q is no id: give a whole number above zero", id)
	}
	return n, nil
}

// tagsOf returns the tags that an incident shall have, nil for no change.
func tagsOf(r Request) []string {
	if r.Parameters["tags"] == "" {
		return nil
	}
	return splitList(r.Parameters["tags"])
}

// incidentsOfXDR is the desk of Defender XDR for incidents.
func incidentsOfXDR() desk {
	return desk{
		api: gatehouse.APIXDR, write: gatehouse.ResourceXDR.Permissions("Incident.ReadWrite.All"), reads: gatehouse.ResourceXDR.Permissions("Incident.Read.All", "Incident.ReadWrite.All"),
		change: func(ctx context.Context, c Clients, r Request) error {
			n, err := incidentNumber(r.Target)
			if err != nil {
				return err
			}
			_, err = c.Defender.Incidents.Update(ctx, n, defender.IncidentUpdate{
				Status: defender.IncidentStatus(r.Parameters["status"]), AssignedTo: r.Parameters["assignedTo"],
				Classification: defender.AlertClassification(r.Parameters["classification"]),
				Determination:  defender.AlertDetermination(r.Parameters["determination"]),
				Tags:           tagsOf(r), Comment: r.text(),
			})
			return err
		},
		read: readIncidentOfXDR,
	}
}

func readIncidentOfXDR(ctx context.Context, c Clients, id string) (record, error) {
	n, err := incidentNumber(id)
	if err != nil {
		return record{}, err
	}
	i, err := c.Defender.Incidents.Get(ctx, n)
	return record{
		id: id, raw: i.Raw, tags: i.Tags, comments: said(i.Comments, func(c defender.IncidentComment) string { return c.Comment }),
		fields: triage(i.Status, i.AssignedTo, i.Classification, i.Determination),
	}, err
}

// incidentsOfGraph is the desk of Microsoft Graph for incidents.
func incidentsOfGraph() desk {
	return desk{
		api: gatehouse.APIGraph, write: gatehouse.ResourceGraph.Permissions("SecurityIncident.ReadWrite.All"),
		reads: gatehouse.ResourceGraph.Permissions("SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"),
		change: func(ctx context.Context, c Clients, r Request) error {
			_, err := c.Graph.Incidents.Update(ctx, r.Target, graph.IncidentUpdate{
				Status: graph.IncidentStatus(r.Parameters["status"]), AssignedTo: r.Parameters["assignedTo"],
				Classification: graph.AlertClassification(r.Parameters["classification"]),
				Determination:  graph.AlertDetermination(r.Parameters["determination"]), CustomTags: tagsOf(r),
			})
			return err
		},
		comment: func(ctx context.Context, c Clients, r Request) error {
			_, err := c.Graph.Incidents.Comment(ctx, r.Target, r.text())
			return err
		},
		read: func(ctx context.Context, c Clients, id string) (record, error) {
			i, err := c.Graph.Incidents.Get(ctx, id, false)
			return record{
				id: i.ID, raw: i.Raw, tags: i.CustomTags, comments: said(i.Comments, graphComment),
				fields: triage(i.Status, i.AssignedTo, i.Classification, i.Determination),
			}, err
		},
	}
}

// incidentDoors are the doors of every action on incidents.
func incidentDoors() []Door { return []Door{incidentsOfXDR().door(), incidentsOfGraph().door()} }
