package normalize_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/normalize"
	"github.com/gatehouse-sec/gatehouse/ocsf"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestEveryStream holds our table against the catalogue of streams: each stream,
// through each of its doors, has a mapping and a page.
func TestEveryStream(t *testing.T) {
	t.Parallel()
	ours := normalize.Streams()
	if len(ours) != len(stream.All()) {
		t.Errorf("%d streams have a mapping, %d are mirrored", len(ours), len(stream.All()))
	}
	for i, s := range stream.All() {
		if i >= len(ours) || ours[i].Name != s.Name {
			t.Fatalf("%s has no mapping at place %d", s.Name, i)
		}
		for _, door := range s.Doors {
			if !slices.Contains(ours[i].APIs, door.API) {
				t.Errorf("%s has no mapping from %s", s.Name, door.API)
			}
		}
		if _, err := os.Stat(filepath.Join("..", "docs", "reference", "mapping", string(s.Name)+".md")); err != nil {
			t.Error(err)
		}
	}
}

func TestRecordOfNoStream(t *testing.T) {
	t.Parallel()
	if _, err := normalize.Record("hats", normalize.Input{}); err == nil || !strings.Contains(err.Error(), `"hats" is no stream`) {
		t.Error(err)
	}
}

// TestEvent holds the event of the mirror's log: where its time and its numbers
// come from.
func TestEvent(t *testing.T) {
	t.Parallel()
	noticed := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	alert := `{"id":"da6","alertCreationTime":"2026-11-18T01:02:03Z","lastUpdateTime":"2026-11-19T01:02:03Z","status":"New"}`
	for _, c := range []struct {
		stream   gatehouse.Stream
		kind     gatehouse.EventKind
		document string
		want     time.Time
	}{
		{"alerts", gatehouse.EventCreated, alert, time.Date(2026, 11, 18, 1, 2, 3, 0, time.UTC)},
		{"alerts", gatehouse.EventUpdated, alert, time.Date(2026, 11, 19, 1, 2, 3, 0, time.UTC)},
		{"alerts", gatehouse.EventRemoved, alert, noticed},
		{"recommendations", gatehouse.EventCreated, `{"id":"va-_-x"}`, noticed},
	} {
		event, err := normalize.Event(
			gatehouse.Event{Number: 7, ID: "0123456789abcdef0123456789abcdef", Stream: c.stream, Kind: c.kind, Time: noticed},
			gatehouse.Record{API: gatehouse.APIMDE, Document: []byte(c.document)},
			normalize.Options{TenantID: "t", Integration: "contoso", WithRaw: true})
		if err != nil {
			t.Fatal(err)
		}
		m := *event.Common().Metadata
		if got := event.Common().Time.Time(); !got.Equal(c.want) {
			t.Errorf("%s %s: time %v, want %v", c.stream, c.kind, got, c.want)
		}
		if n, _ := m.Sequence.Get(); n != 7 || m.UID != "0123456789abcdef0123456789abcdef" || !m.LoggedTime.Time().Equal(noticed) || m.LogSource != "contoso" || *event.Common().RawData != c.document {
			t.Errorf("%s %s: %+v", c.stream, c.kind, m)
		}
		for _, v := range ocsf.Validate(event) {
			t.Error(v)
		}
	}
}
