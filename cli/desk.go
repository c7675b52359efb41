package cli

import (
	"context"
	"iter"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// at picks the desk that a noun is dealt with at: the one of this process, or that
// of the server which the settings name. Nothing is sent yet.
func at[D any](p *program, here D, there func(*service) D) (D, error) {
	if !p.remote() {
		return here, nil
	}
	c, err := p.serverClient()
	if err != nil {
		return here, err
	}
	return there(&service{Client: c, p: p}), nil
}

// chosen is the integration that --integration names, or the only one that the
// key may see.
func (s *service) chosen(ctx context.Context) (gatehouse.Integration, error) {
	all, err := s.integrations(ctx)
	if err != nil {
		return gatehouse.Integration{}, err
	}
	return s.p.chosenAmong(all)
}

// meant holds the id of the integration that --integration names; nothing for all.
func (s *service) meant(ctx context.Context) ([]string, error) {
	if s.p.config.integration == "" {
		return nil, nil
	}
	i, err := s.chosen(ctx)
	return given(i.ID), err
}

// records yields the records of a list. Problems of single integrations are
// warnings: what the others hold is there all the same.
func (s *service) records(ctx context.Context, list *client.RecordsService, q client.Query, limit int) iter.Seq2[gatehouse.Record, error] {
	meant, err := s.meant(ctx)
	if err != nil {
		return func(yield func(gatehouse.Record, error) bool) { yield(gatehouse.Record{}, err) }
	}
	q.Integrations, q.Raw, q.NoOCSF = meant, true, true
	if q.Live {
		return s.liveRecords(ctx, list, q)
	}
	if q.Limit = maxPage; limit > 0 {
		q.Limit = min(limit, maxPage)
	}
	return func(yield func(gatehouse.Record, error) bool) {
		for first := true; ; first = false {
			page, err := list.Page(ctx, q)
			if err != nil {
				yield(gatehouse.Record{}, err)
				return
			}
			if first {
				s.sayAge(ctx, page)
			}
			for _, r := range page.Items {
				if !yield(recordOf(r), nil) {
					return
				}
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				return
			}
		}
	}
}

// liveRecords yields what Defender has now. A server has one page of that: where
// there is more, its end is an error, so that nobody takes a part for the whole.
func (s *service) liveRecords(ctx context.Context, list *client.RecordsService, q client.Query) iter.Seq2[gatehouse.Record, error] {
	q.Limit = maxPage
	return func(yield func(gatehouse.Record, error) bool) {
		page, err := list.Page(ctx, q)
		whole := len(page.Items) < maxPage
		for _, problem := range page.Problems {
			switch {
			case problem.Code == api.CodeTooLarge:
				whole = false
			case len(page.Mirrors) == 0:
				err = &problem // nobody has answered
			default:
				s.p.warnf("%s: %s", s.nameOf(ctx, problem.Integration), describeProblem(&problem))
			}
		}
		for _, r := range page.Items {
			if !yield(recordOf(r), nil) {
				return
			}
		}
		if err == nil && !whole {
			err = usagef("Defender has more than the live list of a server holds, which ends here: narrow it, give --limit, or leave out --live")
		}
		if err != nil {
			yield(gatehouse.Record{}, err)
		}
	}
}

// sayAge says how old an answer is, and what is wrong with single integrations.
func (s *service) sayAge(ctx context.Context, page api.Records) {
	for _, m := range page.Mirrors {
		switch {
		case m.AsOf.IsZero():
			s.p.warnf("the %s of %s were not read yet", m.Stream, s.nameOf(ctx, m.Integration))
		default:
			s.p.sayf("from the server's mirror of %s, %s old", s.nameOf(ctx, m.Integration), age(s.p.now().Sub(m.AsOf)))
		}
	}
	for _, problem := range page.Problems {
		s.p.warnf("%s: %s", s.nameOf(ctx, problem.Integration), describeProblem(&problem))
	}
}

// recordOf is a record as the mirror has it, as far as the API tells.
func recordOf(r api.Record) gatehouse.Record {
	return gatehouse.Record{
		Integration: r.Integration, Stream: r.Stream, Key: r.ID, API: r.API, Document: r.Raw,
		Version: r.Version, FirstSeen: r.FirstSeen, Changed: r.Changed, Removed: r.Removed,
	}
}

// remoteItems yields the records of a list that are wanted, as the SDK has them.
func remoteItems[T any, P heldItem[T]](records iter.Seq2[gatehouse.Record, error], wanted func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for r, err := range records {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			item, err := itemOf[T, P](r)
			if (err != nil || wanted(item)) && !yield(item, err) {
				return
			}
		}
	}
}

// remoteItem reads one record of the chosen integration.
func remoteItem[T any, P heldItem[T]](ctx context.Context, s *service, list *client.RecordsService, id string) (T, error) {
	var none T
	i, err := s.chosen(ctx)
	if err != nil {
		return none, err
	}
	r, err := list.Get(ctx, i.ID, id, client.Query{Raw: true, NoOCSF: true})
	if err != nil {
		return none, err
	}
	item, err := itemOf[T, P](recordOf(r))
	if isDecodeError(err) {
		err = nil
	}
	return item, err
}

// deviceID is the id of the device of the chosen integration that goes by a name.
func (s *service) deviceID(ctx context.Context, idOrName string) (string, error) {
	if err := checkDevice(idOrName); err != nil {
		return "", err
	}
	i, err := s.chosen(ctx)
	if err != nil {
		return "", err
	}
	device, err := s.Devices.Get(ctx, i.ID, idOrName, client.Query{NoOCSF: true})
	return device.ID, err
}

// where is a list of conditions as the API takes them.
type where []string

// eq adds that a field has a value, if there is one.
func (w *where) eq(field, value string) {
	if value != "" {
		*w = append(*w, field+"[eq]"+value)
	}
}

// since adds that a field is at or after a time, if there is one.
func (w *where) since(field string, at *timeFlag) {
	if !at.at.IsZero() {
		*w = append(*w, field+"[ge]"+timeText(defender.Time{Time: at.at}))
	}
}

// notThere refuses what a server does not do.
func notThere(what, instead string) error {
	return usagef("%s asks Microsoft with the account of the settings, and --server asks a server: %s", what, instead)
}

// noOData refuses a filter in Microsoft's terms: a server filters what it holds,
// over every API that it was read through.
func noOData(what string) error {
	return notThere(what+" --filter", "use the other flags, or leave out --server")
}
