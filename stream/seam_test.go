package stream

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A list that grows at its front and shrinks anywhere while it is read page by page
// is read without a gap: what stood in it all the time was seen, or the reading says
// that it cannot tell.
func TestSeamLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(3, 60).Draw(t, "size")
		var list []string
		born := 0
		grow := func(n int) {
			for range n {
				born++
				list = slices.Insert(list, 0, fmt.Sprint(born))
			}
		}
		grow(rapid.IntRange(0, 400).Draw(t, "rows"))
		lasting := map[string]bool{}
		for _, key := range list {
			lasting[key] = true
		}
		seen := map[string]bool{}
		var at seam
		shrinks := rapid.SampledFrom([]int{6, 60}).Draw(t, "shrinks by")
		for page := 0; ; page++ {
			if page > 1000 {
				t.Fatal("the reading does not end")
			}
			from := min(int(at.begin(size)), len(list))
			to := min(from+size, len(list))
			more := to < len(list)
			for _, key := range list[from:to] {
				at.take(key)
				seen[key] = true
			}
			joins, err := at.end()
			if err != nil {
				return // it says so
			}
			if joins && !more {
				break
			}
			grow(rapid.IntRange(0, 3).Draw(t, "grows"))
			for range min(len(list), rapid.IntRange(0, shrinks).Draw(t, "shrinks")) {
				n := rapid.IntRange(0, len(list)-1).Draw(t, "removed")
				delete(lasting, list[n])
				list = slices.Delete(list, n, n+1)
			}
		}
		for key := range lasting {
			if !seen[key] {
				t.Errorf("%s was there all the time and was not seen", key)
			}
		}
	})
}

// A list that stands still takes no more calls than its pages, but where the last one
// has no room for the rows that are read twice.
func TestSeamCost(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int64]int{9: 1, 9_999: 1, 19_900: 2, 99_700: 10, 100_000: 11, 995_000: 100} {
		var at seam
		calls := 0
		for at.rows < rows {
			calls++
			from := at.begin(0)
			for n := from; n < min(rows, from+10_000); n++ {
				at.take(fmt.Sprint(n))
			}
			if joins, err := at.end(); err != nil || !joins {
				t.Fatalf("%d rows: %v, %v", rows, joins, err)
			}
		}
		if calls != want {
			t.Errorf("%d rows took %d calls, want %d", rows, calls, want)
		}
	}
}
