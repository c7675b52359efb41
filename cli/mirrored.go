package cli

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/store"
)

// addLive adds --live to a list that the mirror may answer.
func addLive(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("live", false, "ask Defender, also when there is a mirror")
}

// mirrorHelp is what the help of such a list says.
const mirrorHelp = `

When the account is mirrored ("gatehouse integrations add", "gatehouse sync"),
the list comes from the mirror, and standard error says how old that is. --live
asks Defender, and so does what the mirror cannot apply, such as --filter.

With --server the list comes from the server's mirror. --live has the server ask
Defender, for one page; --filter is refused.`

// mirrored is one stream of one integration, read whole at least once.
type mirrored struct {
	held        *store.Store
	integration gatehouse.Integration
	stream      gatehouse.Stream
	read        time.Time // when it was last read
}

// fromMirror answers a list from the mirror when it can: list is then called
// with the stream, and answered is true. It cannot when there is no mirror, when
// the account of the settings is not in it, when the stream was not read whole
// yet, or when it came through Graph, unless graphToo says that Graph's records
// have all that is asked for.
func (p *program) fromMirror(ctx context.Context, s gatehouse.Stream, live, graphToo bool, list func(mirrored) error) (answered bool, err error) {
	named := p.config.integration != ""
	switch {
	case live && named:
		return false, usagef("--live, --filter and --device ask with the account of the settings, and --integration names one of the mirror: leave one out")
	case live, !named && !p.hasMirror():
		return false, nil
	}
	err = p.useMirror(ctx, func(held *store.Store) error {
		m, ok, err := p.findMirrored(ctx, held, s, graphToo)
		if err != nil || !ok {
			return err
		}
		answered = true
		p.sayf("from the mirror of %s, %s old; --live asks Defender", m.integration.Name, age(p.now().Sub(m.read)))
		return list(m)
	})
	if err == nil && !answered && named {
		err = usagef("the mirror of %s cannot answer this: its %s were not read over mde yet (gatehouse status says more)", p.config.integration, s)
	}
	return answered, err
}

// hasMirror says whether there is one; a list does not need one.
func (p *program) hasMirror() bool {
	place, err := p.mirrorPlace()
	return err == nil && place.there()
}

func (p *program) findMirrored(ctx context.Context, held *store.Store, s gatehouse.Stream, graphToo bool) (mirrored, bool, error) {
	all, err := held.Integrations(ctx)
	if err != nil {
		return mirrored{}, false, err
	}
	i, ok, err := p.meantIntegration(all)
	if err != nil || !ok {
		return mirrored{}, false, err
	}
	health, err := held.Health(ctx, i.ID)
	if err != nil {
		return mirrored{}, false, err
	}
	for _, h := range health {
		if h.Stream == s && !h.LastSuccess.IsZero() && (h.API != gatehouse.APIGraph || graphToo) {
			return mirrored{held: held, integration: i, stream: s, read: h.LastSuccess}, true, nil
		}
	}
	return mirrored{}, false, nil
}

// meantIntegration is the one that --integration names, or that is the account
// of the settings; without an account in the settings, the only one there is.
func (p *program) meantIntegration(all []gatehouse.Integration) (gatehouse.Integration, bool, error) {
	if p.config.integration != "" {
		i, err := integrationNamed(all, p.config.integration)
		return i, err == nil, err
	}
	if p.config.tenantID == "" && p.config.clientID == "" {
		if len(all) != 1 {
			return gatehouse.Integration{}, false, nil
		}
		return all[0], true, nil
	}
	for _, i := range all {
		if strings.EqualFold(i.Tenant, p.config.tenantID) && strings.EqualFold(i.ClientID, p.config.clientID) {
			return i, true, nil
		}
	}
	return gatehouse.Integration{}, false, nil
}

// heldItem is a type of the SDK that keeps what Microsoft sent.
type heldItem[T any] = defender.Item[T]

// itemsOf yields the records of a stream that are wanted, in the order of their
// keys.
func itemsOf[T any, P heldItem[T]](ctx context.Context, m mirrored, wanted func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for record, err := range m.held.Records(ctx, m.integration.ID, m.stream, store.RecordQuery{Documents: true}) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			item, err := itemOf[T, P](record)
			if (err != nil || wanted(item)) && !yield(item, err) {
				return
			}
		}
	}
}

// itemOf decodes a document of the mirror. One that came through Graph has
// another shape: its columns are filled where they are known, and it is handed out
// as it came.
func itemOf[T any, P heldItem[T]](record gatehouse.Record) (T, error) {
	if record.API != gatehouse.APIGraph {
		return defender.Decode[T, P](record.Document)
	}
	var item T
	P(&item).SetRaw(record.Document)
	err := fromGraph(&item, record.Document)
	return item, err
}

// errOtherShape says why some documents of Graph have no columns here.
var errOtherShape = errors.New("it came through Graph")

// newest yields the items that are wanted, those with the latest time first. It
// holds the time and the key of each, and reads the items one by one.
func newest[T any, P heldItem[T]](ctx context.Context, m mirrored, wanted func(T) bool, at func(T) defender.Time) iter.Seq2[T, error] {
	type place struct {
		key string
		at  time.Time
	}
	return func(yield func(T, error) bool) {
		var none T
		var places []place
		for record, err := range m.held.Records(ctx, m.integration.ID, m.stream, store.RecordQuery{Documents: true}) {
			if err != nil {
				yield(none, err)
				return
			}
			item, err := itemOf[T, P](record)
			if err != nil || wanted(item) {
				places = append(places, place{record.Key, at(item).Time})
			}
		}
		slices.SortStableFunc(places, func(a, b place) int { return b.at.Compare(a.at) })
		for _, one := range places {
			record, err := m.held.Record(ctx, m.integration.ID, m.stream, one.key)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(itemOf[T, P](record)) {
				return
			}
		}
	}
}

// since says whether a time lies at or after one that was asked for.
func since(at defender.Time, asked time.Time) bool {
	return asked.IsZero() || !at.Before(asked)
}

// isWord says whether a property has the value that was asked for.
func isWord(value, asked string) bool { return asked == "" || strings.EqualFold(value, asked) }
