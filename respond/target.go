package respond

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/store"
)

// mostCandidates is how many an ambiguous name lists.
const mostCandidates = 20

// place says where targets of one kind are mirrored, and what their ids look
// like.
type place struct {
	stream gatehouse.Stream
	id     *regexp.Regexp
	lower  bool // ids are in small letters
	// names are the facets by which a target may be called other than by its id.
	names []string
	what  string // what to give, for people
}

// placeOf is the place of a kind of target.
func placeOf(k action.TargetKind) place {
	switch k {
	case action.Device:
		return place{
			stream: "devices", lower: true, id: regexp.MustCompile(`^[0-9a-f]{32}([0-9a-f]{8})?$`), names: []string{"name", "ip", "aadDeviceId"},
			what: "the id, the host name, an IP address or the Entra device id of a device",
		}
	case action.Alert:
		return place{stream: "alerts", id: regexp.MustCompile(`^[0-9A-Za-z]{2,}[_-][-0-9A-Za-z_]+$`), what: "the id of an alert"}
	case action.Incident:
		return place{stream: "incidents", id: regexp.MustCompile(`^[0-9]{1,18}$`), what: "the number of an incident"}
	case action.MachineAction:
		return place{
			stream: "machine-actions", lower: true, id: regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
			what: "the id of a machine action, which is a GUID",
		}
	}
	return place{id: regexp.MustCompile(`.`)}
}

// resolve finds the one thing that a text means, or says why it does not mean
// one.
func (r *Responder) resolve(ctx context.Context, kind action.TargetKind, text string, among []gatehouse.Integration) (Candidate, error) {
	text = strings.TrimSpace(text)
	p := placeOf(kind)
	found, err := r.byID(ctx, p, text, among)
	if err == nil && len(found) == 0 {
		found, err = r.byName(ctx, p, text, among)
		found = unmerged(found)
	}
	switch {
	case err != nil:
		return Candidate{}, err
	case len(found) > 1:
		return Candidate{}, &AmbiguousError{Text: text, Candidates: found}
	case len(found) == 1 && found[0].merged != "":
		return Candidate{}, requestf("targets", "%s %q was merged into %s: give that id", kind, shortened(text), found[0].merged)
	case len(found) == 1 && found[0].doubt != "":
		return Candidate{}, requestf("targets", "%s", found[0].doubt)
	case len(found) == 1:
		return found[0], nil
	case len(among) == 1 && p.id.MatchString(strings.ToLower(text)):
		if p.lower {
			text = strings.ToLower(text) // one id is one target, however it is written
		}
		return Candidate{Integration: among[0], ID: text}, nil // too new for the mirror: Microsoft knows
	}
	return Candidate{}, fmt.Errorf("%w: the mirror has no %s %q: give %s", ErrNoTarget, kind, shortened(text), p.what)
}

// shortened keeps a text short enough for a message.
func shortened(text string) string {
	if letters := []rune(text); len(letters) > 80 {
		return string(letters[:80]) + "…"
	}
	return text
}

// byID looks for a record with that key.
func (r *Responder) byID(ctx context.Context, p place, text string, among []gatehouse.Integration) ([]Candidate, error) {
	var found []Candidate
	for _, i := range among {
		rec, err := r.store.Record(ctx, i.ID, p.stream, text)
		if errors.Is(err, store.ErrNotFound) {
			rec, err = r.store.Record(ctx, i.ID, p.stream, strings.ToLower(text))
		}
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && rec.Gone():
		case err != nil:
			return nil, err
		default:
			found = append(found, candidate(i, rec))
		}
	}
	return found, nil
}

// byName looks for records that are called so. Names, addresses and ids are one
// field each, so one search for each.
func (r *Responder) byName(ctx context.Context, p place, text string, among []gatehouse.Integration) ([]Candidate, error) {
	byID := map[string]gatehouse.Integration{}
	ids := make([]string, 0, len(among))
	for _, i := range among {
		byID[i.ID] = i
		ids = append(ids, i.ID)
	}
	var found []Candidate
	seen := map[[2]string]bool{}
	for _, name := range p.names {
		q := store.SearchQuery{
			Integrations: ids, Stream: p.stream, Documents: true, Limit: mostCandidates,
			Where: []store.Condition{{Name: name, Op: store.OpEqual, Values: []string{strings.ToLower(text)}}},
		}
		for f, err := range r.store.Search(ctx, q) {
			if err != nil {
				return nil, err
			}
			if at := [2]string{f.Integration, f.Key}; !seen[at] {
				seen[at] = true
				c := candidate(byID[f.Integration], f.Record)
				if name == "ip" {
					c.doubt = r.byAddress(c, strings.ToLower(text))
				}
				found = append(found, c)
			}
		}
	}
	return found, nil
}
