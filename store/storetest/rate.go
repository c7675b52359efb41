package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// Load is what [Measure] writes.
type Load struct {
	Rows int // records
	Page int // records in one transaction
	Size int // bytes of one document
}

// Rates are rows in a second.
type Rates struct {
	Bare      float64 // inserted into one table with a primary key, and nothing else
	Created   float64 // committed as new records with their events
	Unchanged float64 // committed again as they are
	Updated   float64 // committed again, each changed
}

// Measure writes the same rows bare and through CommitPage, and then again
// unchanged and changed. The store must not hold them yet.
func Measure(ctx context.Context, s *store.Store, run gatehouse.SyncRun, l Load) (r Rates, err error) {
	bare, err := NewBare(ctx, s)
	if err != nil {
		return r, err
	}
	commit := func(page []store.PageRecord) error {
		_, err := s.CommitPage(ctx, store.Page{Run: run, Records: page})
		return err
	}
	for _, pass := range []struct {
		rate    *float64
		version int
		write   func([]store.PageRecord) error
	}{
		{&r.Bare, 1, func(page []store.PageRecord) error { return bare.Insert(ctx, page) }},
		{&r.Created, 1, commit}, {&r.Unchanged, 1, commit}, {&r.Updated, 2, commit},
	} {
		if *pass.rate, err = rate(l, pass.version, pass.write); err != nil {
			return r, err
		}
	}
	return r, nil
}

// rate writes all pages and returns the rows in a second of writing.
func rate(l Load, version int, write func([]store.PageRecord) error) (float64, error) {
	var spent time.Duration
	for from := 0; from < l.Rows; from += l.Page {
		page := make([]store.PageRecord, 0, l.Page)
		for i := from; i < min(from+l.Page, l.Rows); i++ {
			page = append(page, loadRecord(l, i, version))
		}
		start := time.Now()
		if err := write(page); err != nil {
			return 0, err
		}
		spent += time.Since(start)
	}
	return float64(l.Rows) / spent.Seconds(), nil
}

// loadRecord makes a record whose key, like Microsoft's, has no order.
func loadRecord(l Load, i, version int) store.PageRecord {
	//nolint:gosec // the same rows each time
	random := rand.New(rand.NewPCG(uint64(i), 1))
	document := make([]byte, 0, l.Size+64)
	document = fmt.Appendf(document, `{"version":%d,"fill":"`, version)
	for len(document) < l.Size-2 {
		document = fmt.Appendf(document, "%016x", random.Uint64())
	}
	document = append(document, `"}`...)
	h := gatehouse.HashOf(document)
	return store.PageRecord{Key: fmt.Sprintf("%016x%016x%08x", random.Uint64(), random.Uint64(), i), Document: document, Content: h, Whole: h}
}
