package action

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// record is an alert or an incident as it is read back, through whatever API.
type record struct {
	id       string
	fields   map[string]string // by the name of the parameter
	tags     []string          // of an incident
	comments []string
	raw      []byte
}

// desk is one API for records of one kind: how to change one and how to read it.
type desk struct {
	api     gatehouse.API
	write   []gatehouse.Permission
	reads   []gatehouse.Permission
	change  func(ctx context.Context, c Clients, r Request) error
	comment func(ctx context.Context, c Clients, r Request) error // nil where change does it
	read    func(ctx context.Context, c Clients, id string) (record, error)
}

// door makes the door of an update. A comment goes with every update: it carries
// the marker, by which a lost answer is found again.
func (d desk) door() Door {
	return Door{API: d.api, AnyOf: d.write, Follow: d.reads, Submit: d.submit, Poll: d.poll, Find: d.find, ReadBack: true}
}

// submit changes the record, then comments on it where that is a call of its own:
// the change does the same when it is sent again, the comment does not, and so it
// comes last.
func (d desk) submit(ctx context.Context, c Clients, r Request) (Submission, error) {
	if len(r.Parameters) > 0 || d.comment == nil {
		if err := unlessOdd(d.change(ctx, c, r)); err != nil {
			return Submission{}, err
		}
	}
	if d.comment != nil {
		if err := unlessOdd(d.comment(ctx, c, r)); err != nil {
			return Submission{}, fmt.Errorf("%s: %w", d.begun(r), err)
		}
	}
	return Submission{UpstreamID: r.Target, Status: Status{State: InProgress, Reason: "it is being read back"}}, nil
}

// begun says what was done before a comment failed.
func (d desk) begun(r Request) string {
	if len(r.Parameters) > 0 {
		return "the change was made, the comment was not"
	}
	return "comment"
}

// poll reads the record back.
func (d desk) poll(ctx context.Context, c Clients, r Request, id string) (Status, error) {
	rec, err := d.read(ctx, c, id)
	if err = unlessOdd(err); err != nil {
		return Status{}, err
	}
	s := Status{State: Succeeded, Raw: json.RawMessage(rec.raw)}
	if s.Reason = rec.differs(r); s.Reason != "" {
		s.State = InProgress
	}
	return s, nil
}

// find looks for the marker among the comments: the last thing that submit sends.
func (d desk) find(ctx context.Context, c Clients, r Request, _ time.Time) (*Submission, error) {
	rec, err := d.read(ctx, c, r.Target)
	if err = unlessOdd(err); err != nil {
		return nil, err
	}
	if !rec.commented(r.Marker) {
		return nil, nil //nolint:nilnil // it was not sent, or not to its end
	}
	s := Status{State: InProgress, Reason: rec.differs(r), Raw: json.RawMessage(rec.raw)}
	if s.Reason == "" {
		s.State = Succeeded
	}
	return &Submission{UpstreamID: r.Target, Status: s}, nil
}

func (rec record) commented(marker string) bool {
	return slices.ContainsFunc(rec.comments, func(c string) bool { return marked(c, marker) })
}

// differs says what is not as a request wants it, or nothing.
func (rec record) differs(r Request) string {
	for _, name := range []string{"status", "assignedTo", "classification", "determination"} {
		if want := r.Parameters[name]; want != "" && meaning(want) != meaning(rec.fields[name]) {
			return name + " is " + rec.fields[name] + ", not " + want
		}
	}
	if want, ok := r.Parameters["tags"]; ok && !sameSet(splitList(want), rec.tags) {
		return "tags are " + strings.Join(rec.tags, ", ") + ", not " + want
	}
	if !rec.commented(r.Marker) {
		return "the comment is not there yet"
	}
	return ""
}

// sameSet tells whether two lists have the same items.
func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// meaning returns one word for the spellings of a value on Microsoft's pages, in
// lower case.
func meaning(value string) string {
	value = strings.ToLower(value)
	if one, ok := map[string]string{
		"notmalicious": "clean", "confirmeduseractivity": "confirmedactivity", "compromisedaccount": "compromiseduser",
		"noenoughdatatovalidate": "insufficientdata", "notenoughdatatovalidate": "insufficientdata",
		"informational, expected activity": "informationalexpectedactivity",
	}[value]; ok {
		return one
	}
	return value
}

// alertsOfMDE is the desk of Defender for Endpoint for alerts.
func alertsOfMDE() desk {
	return desk{
		api: gatehouse.APIMDE, write: gatehouse.ResourceMDE.Permissions("Alert.ReadWrite.All"), reads: gatehouse.ResourceMDE.Permissions("Alert.Read.All", "Alert.ReadWrite.All"),
		change: func(ctx context.Context, c Clients, r Request) error {
			_, err := c.Defender.Alerts.Update(ctx, r.Target, alertUpdate(r))
			return err
		},
		read: func(ctx context.Context, c Clients, id string) (record, error) {
			a, err := c.Defender.Alerts.Get(ctx, id)
			return record{
				id: a.ID, raw: a.Raw, comments: said(a.Comments, func(c defender.AlertComment) string { return c.Comment }),
				fields: triage(a.Status, a.AssignedTo, a.Classification, a.Determination),
			}, err
		},
	}
}

// alertUpdate is the update of Defender for Endpoint, which takes the comment, too.
func alertUpdate(r Request) defender.AlertUpdate {
	return defender.AlertUpdate{
		Status: defender.AlertStatus(r.Parameters["status"]), AssignedTo: r.Parameters["assignedTo"],
		Classification: defender.AlertClassification(r.Parameters["classification"]),
		Determination:  defender.AlertDetermination(r.Parameters["determination"]), Comment: r.text(),
	}
}

// alertsOfGraph is the desk of Microsoft Graph for alerts.
func alertsOfGraph() desk {
	return desk{
		api: gatehouse.APIGraph, write: gatehouse.ResourceGraph.Permissions("SecurityAlert.ReadWrite.All"),
		reads: gatehouse.ResourceGraph.Permissions("SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"),
		change: func(ctx context.Context, c Clients, r Request) error {
			_, err := c.Graph.Alerts.Update(ctx, r.Target, graph.AlertUpdate{
				Status: graph.AlertStatus(r.Parameters["status"]), AssignedTo: r.Parameters["assignedTo"],
				Classification: graph.AlertClassification(r.Parameters["classification"]),
				Determination:  graph.AlertDetermination(r.Parameters["determination"]),
			})
			return err
		},
		comment: func(ctx context.Context, c Clients, r Request) error {
			_, err := c.Graph.Alerts.Comment(ctx, r.Target, r.text())
			return err
		},
		read: func(ctx context.Context, c Clients, id string) (record, error) {
			a, err := c.Graph.Alerts.Get(ctx, id)
			return record{
				id: a.ID, raw: a.Raw, comments: said(a.Comments, graphComment), fields: triage(a.Status, a.AssignedTo, a.Classification, a.Determination),
			}, err
		},
	}
}

// triage are the fields of a record by the names of the parameters that change them.
func triage[S, C, D ~string](status S, assignedTo string, classification C, determination D) map[string]string {
	return map[string]string{
		"status": string(status), "assignedTo": assignedTo, "classification": string(classification), "determination": string(determination),
	}
}

// said are the texts of comments, which have a type of their own in each API.
func said[T any](comments []T, text func(T) string) []string {
	texts := make([]string, len(comments))
	for i, c := range comments {
		texts[i] = text(c)
	}
	return texts
}

func graphComment(c graph.AlertComment) string { return c.Comment }

// triageParameters are what both an alert and an incident can be updated with.
func triageParameters(statuses []string) []Parameter {
	return []Parameter{
		{Name: "status", Title: "Status", Kind: Enum, Values: statuses, Doc: "How far it is dealt with."},
		{Name: "assignedTo", Title: "Owner", Kind: Text, Doc: "Who deals with it, usually a user principal name."},
		{Name: "classification", Title: "Classification", Kind: Enum, Values: texts(defender.ValidAlertClassifications()), Doc: "What it turned out to be."},
		{Name: "determination", Title: "Determination", Kind: Enum, Values: texts(defender.ValidAlertDeterminations()), Doc: "The reason behind the classification."},
	}
}

// alertDoors are the doors of every action on alerts.
func alertDoors() []Door {
	d := alertsOfMDE().door()
	d.MaxMany = maxAlerts
	d.Many = func(ctx context.Context, c Clients, targets []string, r Request) error {
		return c.Defender.Alerts.BatchUpdate(ctx, targets, alertUpdate(r))
	}
	return []Door{d, alertsOfGraph().door()}
}

// maxAlerts is how many alerts we update at once. Microsoft documents no bound,
// but a refusal for too many.
const maxAlerts = 100
