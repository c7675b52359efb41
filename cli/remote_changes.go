package cli

import (
	"context"
	"slices"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// remoteChangeHelp is what the help of a command says that changes something at
// once here, and by a response action at a server.
const remoteChangeHelp = `

With --server it is a response action of the server, which is followed to its
end: Ctrl-C ends the waiting, not the change.`

// mostTargets is how many targets one action takes.
const mostTargets = 500

// changes is what became of one change at a server: an action for every
// [mostTargets] targets.
type changes []api.Action

// change has the server take an action, and follows it to its end.
func (s *service) change(ctx context.Context, n api.NewAction) (changes, error) {
	const looks = "gatehouse actions list shows it if it was"
	n.Integration = s.p.config.integration
	var all changes
	for some := range slices.Chunk(n.Targets, mostTargets) {
		n.Targets = some
		a, err := s.submit(ctx, n, client.NewKey(), looks)
		if err != nil {
			return nil, err
		}
		if a, err = s.follow(ctx, a); err != nil {
			return nil, err
		}
		if err := endOf(a); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// ids are the ids of what was changed.
func (c changes) ids() []string {
	var ids []string
	for _, a := range c {
		for _, t := range a.Targets {
			ids = append(ids, t.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// printChanged prints the one thing that was changed as Microsoft showed it
// afterwards, and says of several what was done.
func printChanged[T any, P heldItem[T]](s *service, v view[T], c changes, done string) error {
	if len(c.ids()) > 1 {
		s.p.sayf("%s", done)
		return nil
	}
	a := c[0]
	item, err := itemOf[T, P](gatehouse.Record{Integration: a.Integration, Key: a.Targets[0].ID, API: a.API, Document: a.Targets[0].Result})
	if err != nil && !isDecodeError(err) {
		return err
	}
	return printOne(s.p, v, item)
}

func (s remoteDevices) tag(ctx context.Context, names []string, tags []tagChange) error {
	var made changes
	for _, change := range tags {
		kind := map[defender.TagAction]string{defender.TagAdd: "tag", defender.TagRemove: "untag"}[change.action]
		var err error
		if made, err = s.change(ctx, api.NewAction{
			Action: kind, Targets: names, Parameters: map[string]string{"tag": change.tag}, Comment: "gatehouse devices tag",
		}); err != nil {
			return err
		}
	}
	return printChanged(s.service, deviceView(), made, taggedText(len(tags), len(made.ids())))
}

func (s remoteAlerts) update(ctx context.Context, ids []string, update defender.AlertUpdate) error {
	n := api.NewAction{Action: "update-alert", Targets: ids, Comment: orElse(update.Comment, "gatehouse alerts update"), Parameters: map[string]string{
		"status": string(update.Status), "assignedTo": update.AssignedTo,
		"classification": string(update.Classification), "determination": string(update.Determination),
	}}
	if update == (defender.AlertUpdate{Comment: update.Comment}) {
		n.Action, n.Parameters = "comment-alert", nil
	}
	made, err := s.change(ctx, n)
	if err != nil {
		return err
	}
	return printChanged(s.service, alertView(), made, updatedText(len(ids)))
}
