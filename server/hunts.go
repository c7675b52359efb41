package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
)

// everyLeast is the shortest interval of a scheduled hunt: Microsoft bounds both
// how many hunts a tenant runs and their processor time.
const everyLeast = 5 * time.Minute

// addHuntRoutes registers saved hunts and the runs of hunts.
func addHuntRoutes(s *Server) {
	read, respond := gatehouse.ScopeRead, gatehouse.ScopeRespond
	add(s, route{
		method: http.MethodGet, path: "/v1/hunts", scope: read, id: "listHunts", tag: "Hunts",
		summary: "List the saved hunts", description: "Those whose every integration the key may see.",
	}, s.listHunts)
	add(s, route{
		method: http.MethodPost, path: "/v1/hunts", scope: respond, id: "createHunt", does: "hunts.create", tag: "Hunts", status: http.StatusCreated,
		summary: "Save a hunt", description: "With `every` it runs by itself. It needs the scope respond, since a hunt reads whatever there is.",
	}, s.createHunt)
	add(s, route{
		method: http.MethodGet, path: "/v1/hunts/{hunt}", scope: read, id: "getHunt", tag: "Hunts", summary: "Get a saved hunt", description: "By id or name.",
	}, s.getHunt)
	add(s, route{
		method: http.MethodPut, path: "/v1/hunts/{hunt}", scope: respond, id: "replaceHunt", does: "hunts.update", tag: "Hunts",
		summary: "Change a saved hunt", description: "What is absent is set to its default.",
	}, s.replaceHunt)
	add(s, route{
		method: http.MethodDelete, path: "/v1/hunts/{hunt}", scope: respond, id: "deleteHunt", does: "hunts.delete", tag: "Hunts",
		summary: "Delete a saved hunt", description: "Its runs stay until they are forgotten.",
	}, s.deleteHunt)
	addHuntRunRoutes(s)
}

// HuntPath names a hunt.
type HuntPath struct {
	Hunt string `path:"hunt" doc:"Id or name."`
}

// newHuntInput is a hunt to save.
type newHuntInput struct{ Body api.NewHunt }

// replaceHuntInput is another version of a hunt.
type replaceHuntInput struct {
	HuntPath

	Body api.NewHunt
}

func (s *Server) listHunts(ctx context.Context, _ *none) (*answer[api.Hunts], error) {
	all, err := s.store.Hunts(ctx)
	if err != nil {
		return nil, err
	}
	page := api.Hunts{Items: []api.Hunt{}}
	for _, h := range all {
		if callerOf(ctx).seesHunt(h) {
			page.Items = append(page.Items, huntOf(h))
		}
	}
	return &answer[api.Hunts]{page}, nil
}

// seesHunt reports whether the caller sees every integration of a hunt. One
// without a list runs on all of them, those to come too.
func (c *caller) seesHunt(h gatehouse.Hunt) bool {
	if len(h.Integrations) == 0 {
		return c.all
	}
	return !slices.ContainsFunc(h.Integrations, func(id string) bool { return !c.seesIntegration(id) })
}

// huntOf is a hunt as it is shown.
func huntOf(h gatehouse.Hunt) api.Hunt {
	return api.Hunt{
		ID: h.ID, Name: huntName(h), Query: h.Query, Integrations: h.Integrations, Every: h.Schedule, Enabled: h.Enabled, By: h.By,
		Created: h.Created, Changed: h.Changed, NextRun: h.NextRun, Reason: h.Unreadable,
	}
}

// oneHunt returns a hunt that the caller sees, and notes it for the audit.
func (s *Server) oneHunt(ctx context.Context, idOrName string) (gatehouse.Hunt, error) {
	missing := notFound(fmt.Sprintf("there is no hunt %q", shortened(idOrName)), "GET /v1/hunts lists them")
	all, err := s.store.Hunts(ctx)
	if err != nil {
		return gatehouse.Hunt{}, err
	}
	var found []gatehouse.Hunt
	for _, h := range all {
		if (h.ID == idOrName || huntName(h) == idOrName) && callerOf(ctx).seesHunt(h) {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 0:
		return gatehouse.Hunt{}, missing
	case 1:
		noteOf(ctx).target = found[0].ID
		return found[0], nil
	}
	p := newProblem(api.CodeAmbiguous, fmt.Sprintf("there are %d hunts %q", len(found), shortened(idOrName)), "send the id of one of them")
	for _, h := range found {
		p.Candidates = append(p.Candidates, api.Candidate{ID: h.ID, Name: huntName(h), Detail: "in " + strings.Join(h.Integrations, ", ")})
	}
	return gatehouse.Hunt{}, p
}

// huntMark parts the name of a hunt from what tells it, in the store, from hunts of
// that name in other integrations.
const huntMark = "\x1f"

// huntName is what a hunt is called.
func huntName(h gatehouse.Hunt) string {
	name, _, _ := strings.Cut(h.Name, huntMark)
	return name
}

// keptName is the name of a hunt as the store has it: one of its kind among the
// hunts of the same integrations. Were it so among all, whoever may not see a hunt
// would learn from a refusal that it is there.
func keptName(h gatehouse.Hunt) string {
	if len(h.Integrations) == 0 {
		return h.Name
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(h.Integrations)), " ")))
	return h.Name + huntMark + hex.EncodeToString(sum[:8])
}

// keepHunt keeps a hunt, by adding or changing it.
func keepHunt(ctx context.Context, h gatehouse.Hunt, put func(context.Context, gatehouse.Hunt) (gatehouse.Hunt, error)) (*answer[api.Hunt], error) {
	name := h.Name
	h.Name = keptName(h)
	kept, err := put(ctx, h)
	if errors.Is(err, store.ErrExists) {
		return nil, newProblem(api.CodeConflict, fmt.Sprintf("there is a hunt %q in these integrations", shortened(name)), "choose another name")
	}
	return &answer[api.Hunt]{huntOf(kept)}, err
}

func (s *Server) getHunt(ctx context.Context, in *HuntPath) (*answer[api.Hunt], error) {
	h, err := s.oneHunt(ctx, in.Hunt)
	return &answer[api.Hunt]{huntOf(h)}, err
}

func (s *Server) createHunt(ctx context.Context, in *newHuntInput) (*answer[api.Hunt], error) {
	h, err := s.huntFrom(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	h.ID, h.By = "hunt_"+newToken(), callerOf(ctx).id
	noteOf(ctx).target = h.ID
	return keepHunt(ctx, h, s.store.AddHunt)
}

func (s *Server) replaceHunt(ctx context.Context, in *replaceHuntInput) (*answer[api.Hunt], error) {
	held, err := s.oneHunt(ctx, in.Hunt)
	if err != nil {
		return nil, err
	}
	h, err := s.huntFrom(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	h.ID, h.By = held.ID, callerOf(ctx).id
	return keepHunt(ctx, h, s.store.UpdateHunt)
}

func (s *Server) deleteHunt(ctx context.Context, in *HuntPath) (*none, error) {
	h, err := s.oneHunt(ctx, in.Hunt)
	if err != nil {
		return nil, err
	}
	return &none{}, s.store.RemoveHunt(ctx, h.ID)
}

// huntFrom checks a hunt. The integrations of one whose caller is confined are
// those that the caller sees now, and no others later.
func (s *Server) huntFrom(ctx context.Context, n api.NewHunt) (gatehouse.Hunt, error) {
	h := gatehouse.Hunt{Name: strings.TrimSpace(n.Name), Query: n.Query, Schedule: n.Every, Enabled: n.Enabled == nil || *n.Enabled}
	if h.Name == "" || strings.TrimSpace(n.Query) == "" || strings.HasPrefix(h.Name, "hunt_") {
		return h, invalid("body.name", "a hunt needs a name, which does not begin with hunt_, and a query", "")
	}
	if strings.ContainsFunc(h.Name, unicode.IsControl) {
		return h, invalid("body.name", "it has control characters in it", "")
	}
	if n.Every != "" {
		every, err := time.ParseDuration(n.Every)
		if err != nil || every < everyLeast {
			return h, invalid("body.every", fmt.Sprintf("%q is no interval of 5 minutes or more", shortened(n.Every)), "write it as 30m or 24h")
		}
		h.NextRun = s.now().Add(every).UTC()
	}
	chosen, err := s.visible(ctx, n.Integrations)
	if err != nil {
		return h, err
	}
	if len(n.Integrations) == 0 && callerOf(ctx).all {
		return h, nil
	}
	for _, i := range chosen {
		h.Integrations = append(h.Integrations, i.ID)
	}
	if len(h.Integrations) == 0 {
		return h, invalid("body.integrations", "the key sees no integration to hunt in", "")
	}
	return h, nil
}

// newToken is the part of an id that makes it one of its kind.
func newToken() string { return strings.ToLower(rand.Text()) }
