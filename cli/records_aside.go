package cli

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func newRecordsAsideCommand(p *program) *cobra.Command {
	var streams *streamsFlag
	var limit *limitFlag
	cmd := withExits(&cobra.Command{
		Use: "aside", Short: "List what could not be mirrored, and why",
		Long: `List what Microsoft sent and no record could be made of, such as an item without
an id. It is set aside as it came, and the others of its stream are mirrored. It
goes from this list when its key comes with what can be read, and when a full
reading does not find it any more. json and ndjson print the documents as well.

Without --integration those of every account are listed.`,
		Example: `  gatehouse records aside
  gatehouse records aside --integration contoso --stream alerts --output ndjson`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.useMirror(cmd.Context(), func(held *store.Store) error {
				meant, err := p.meantOrAll(cmd.Context(), held)
				if err != nil {
					return err
				}
				return printList(cmd.Context(), p, asideView(), asideRows(cmd.Context(), held, meant, streams.streams), limit.rows)
			})
		},
	})
	streams = addStreams(cmd, "only this stream")
	limit = addLimit(cmd)
	return cmd
}

// meantOrAll is the integration that --integration names, or every one.
func (p *program) meantOrAll(ctx context.Context, held *store.Store) ([]gatehouse.Integration, error) {
	all, err := held.Integrations(ctx)
	if err != nil || p.config.integration == "" {
		return all, err
	}
	i, err := integrationNamed(all, p.config.integration)
	return []gatehouse.Integration{i}, err
}

// asideRow is one item that was set aside.
type asideRow struct {
	store.SetAsideItem

	integration gatehouse.Integration
	stream      gatehouse.Stream
}

// asideRows yields what was set aside in streams, by integration and stream; in
// every stream when there are none.
func asideRows(ctx context.Context, held *store.Store, integrations []gatehouse.Integration, streams []gatehouse.Stream) iter.Seq2[asideRow, error] {
	return func(yield func(asideRow, error) bool) {
		for _, i := range integrations {
			health, err := held.Health(ctx, i.ID)
			if err != nil {
				yield(asideRow{}, err)
				return
			}
			for _, h := range health {
				if h.SetAside == 0 || len(streams) > 0 && !slices.Contains(streams, h.Stream) {
					continue
				}
				for item, err := range held.SetAside(ctx, i.ID, h.Stream) {
					if !yield(asideRow{item, i, h.Stream}, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

func asideView() view[asideRow] {
	type aside = asideRow
	return view[aside]{
		noun: "records that were set aside",
		columns: []column[aside]{
			field("name", "Integration", func(a aside) string { return a.integration.Name }),
			field("stream", "Stream", func(a aside) string { return string(a.stream) }),
			field("key", "Key", func(a aside) string { return a.Key }).dropped(2),
			when("since", "Since", func(a aside) time.Time { return a.FirstSeen }).dropped(3),
			when("lastSeen", "", func(a aside) time.Time { return a.LastSeen }),
			count("times", "Times", func(a aside) int64 { return a.Times }).dropped(1),
			field("reason", "Reason", func(a aside) string { return a.Error }).flexible(),
		},
		raw: encodeAside,
	}
}

// encodeAside writes an item with its document, which is a text where it is no JSON.
func encodeAside(a asideRow) jsontext.Value {
	document := jsontext.Value(a.Raw)
	if !document.IsValid() {
		document = encode(string(a.Raw))
	}
	return encode(struct {
		Integration string           `json:"integration"`
		Name        string           `json:"name"`
		Stream      gatehouse.Stream `json:"stream"`
		Key         string           `json:"key,omitempty"`
		Since       time.Time        `json:"since"`
		LastSeen    time.Time        `json:"lastSeen"`
		Times       int64            `json:"times"`
		Reason      string           `json:"reason"`
		Document    jsontext.Value   `json:"document"`
	}{a.integration.ID, a.integration.Name, a.stream, a.Key, a.FirstSeen, a.LastSeen, a.Times, a.Error, document})
}
