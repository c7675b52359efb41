package stream

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// late is how far back an incremental reading goes. Microsoft publishes alerts at
// least five minutes after their own time, and more than six hours were seen.
const late = 7 * time.Hour

// alerts is the alerts of Defender for Endpoint, or of every Defender product
// through Graph.
func alerts() Stream {
	return Stream{
		Name: Alerts, Title: "Alerts", Mode: Incremental, Interval: often, Overlap: late, Reconcile: daily,
		Docs: "https://learn.microsoft.com/defender-endpoint/api/get-alerts",
		Doors: []Door{
			{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Alert.Read.All", "Alert.ReadWrite.All"), Only: ofEndpoint, Read: readAlerts},
			{API: gatehouse.APIGraph, AnyOf: gatehouse.ResourceGraph.Permissions("SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"), Read: readGraphAlerts},
		},
	}
}

// ofEndpoint tells of an alert whether it is one of Defender for Endpoint. Graph has
// those of the other products as well, and names the product; Defender for Endpoint
// does not, and has no others to speak of.
func ofEndpoint(document []byte) bool {
	var alert struct {
		Source string `json:"serviceSource"`
	}
	_ = lenient(document, &alert)
	switch enum(alert.Source) {
	case "", "microsoftdefenderforendpoint":
		return true
	}
	return false
}

func readAlerts(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, alerts(), gatehouse.APIMDE, r)
	p := pager[defender.Alert]{
		list: r.Clients.Defender.Alerts.List, largest: 10_000, item: alertItem,
		query: defender.Query{Expand: []string{"evidence"}},
		whole: func(ctx context.Context, a *defender.Alert) (defender.Alert, error) {
			return r.Clients.Defender.Alerts.Get(ctx, a.ID) // with its evidence
		},
	}
	if since, ok := w.since(); ok {
		p.query.Filter = defender.Ge("lastUpdateTime", since)
	}
	if err := p.read(ctx, w); err != nil {
		return err
	}
	return w.finish()
}

func alertItem(a *defender.Alert) item {
	return item{key: a.ID, document: a.Raw, common: alertFacts(a), changed: a.LastUpdateTime.Time}
}

func readGraphAlerts(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, alerts(), gatehouse.APIGraph, r)
	p := follower[graph.Alert]{
		list: r.Clients.Graph.Alerts.List, sizes: []int{1000, 100, 10},
		item: func(a *graph.Alert) item {
			return item{key: a.ID, document: a.Raw, common: graphAlertFacts(a), changed: a.LastUpdateDateTime.Time}
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

// alertFacts are what both APIs know of an alert. Its last update is not among
// them: each API has its own idea of that.
func alertFacts(a *defender.Alert) facts {
	said := facts{}
	for _, c := range a.Comments {
		said = append(said, c.Comment)
	}
	incident := ""
	if a.IncidentID != 0 {
		incident = strconv.FormatInt(a.IncidentID, 10)
	}
	return append(facts{
		a.ID, incident, enum(string(a.Severity)), enum(string(a.Status)), enum(string(a.Classification)), determination(string(a.Determination)),
		a.Title, a.Category, a.AssignedTo, second(a.AlertCreationTime), second(a.ResolvedTime),
	}, said...)
}

// graphAlertFacts are the same of Graph.
func graphAlertFacts(a *graph.Alert) facts {
	said := facts{}
	for _, c := range a.Comments {
		said = append(said, c.Comment)
	}
	return append(facts{
		a.ID, a.IncidentID, enum(a.Severity), enum(string(a.Status)), enum(string(a.Classification)), determination(string(a.Determination)),
		a.Title, a.Category, a.AssignedTo, second(a.CreatedDateTime), second(a.ResolvedDateTime),
	}, said...)
}

// second prints a moment to the second, since one API may print more digits than
// the other.
func second(t defender.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// moment prints a moment for a filter of Graph, to the 100 ns that Microsoft
// counts in.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }

// enum brings a member of an enumeration to the one spelling of all APIs.
// Nothing, unknown and unspecified are the same.
func enum(s string) string {
	s = strings.ToLower(strings.NewReplacer(" ", "", ",", "").Replace(s))
	switch s {
	case "unknown", "unspecified", "notavailable":
		return ""
	}
	return s
}

// determination brings the determinations of all APIs to one spelling. Four of
// them have two names.
func determination(s string) string {
	s = enum(s)
	switch s {
	case "compromisedaccount":
		return "compromiseduser"
	case "clean":
		return "notmalicious"
	case "notenoughdatatovalidate":
		return "insufficientdata"
	case "confirmeduseractivity":
		return "confirmedactivity"
	}
	return s
}
