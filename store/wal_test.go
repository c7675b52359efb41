package store_test

import (
	"os"
	"testing"

	"github.com/gatehouse-sec/gatehouse/store"
)

// Readers that dwell in the midst of the log of events, of the records or of a search
// do not keep SQLite's own log from being written back: it stays small beside them.
func TestReadersThatDwell(t *testing.T) {
	t.Parallel()
	o := sqliteOptions(t)
	s, run := opened(t, o)
	pages := 0
	commit := func(n int) {
		t.Helper()
		for range n {
			if _, err := s.CommitPage(t.Context(), heavy(run, pages)); err != nil {
				t.Fatal(err)
			}
			pages++
		}
	}
	commit(3)
	const most = 64 << 20 // twice what is written back at once
	for _, err := range s.Events(t.Context(), 0, store.EventFilter{}, 1) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range s.Records(t.Context(), run.Integration, run.Stream, store.RecordQuery{Documents: true, Limit: 1}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range s.Search(t.Context(), store.SearchQuery{Integrations: []string{run.Integration}, Stream: run.Stream, Limit: 1}) {
				if err != nil {
					t.Fatal(err)
				}
				commit(120)
			}
		}
	}
	info, err := os.Stat(o.Path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("the log has %d MB after %d pages of a megabyte", info.Size()>>20, pages); info.Size() > most {
		t.Errorf("the log has grown to %d MB", info.Size()>>20)
	}
}
