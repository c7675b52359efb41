package stream

import (
	"errors"
	"slices"
)

// Bounds of the rows that are read twice where two pages of a list meet.
const (
	seamKeys   = 20 // keys that are remembered, and the most rows that are read twice at first
	seamLeast  = 2  // rows, however small the pages are
	seamPart   = 50 // of a page so many parts, one of which is read twice
	seamGrowth = 8  // times more rows after a seam that did not hold
)

// errMoved tells that a list has moved so far that its pages do not join.
var errMoved = errors.New("the list moved while it was read")

// seam joins the pages of a list that are counted and not keyed: a page begins some
// rows before the end of what was read. When one of the last rows comes again,
// nothing has slipped through between the two, for rows keep their order: what stood
// behind that row stands behind it still. When none does, the list has shrunk by
// more rows than that, and the page is read again from further back. Pages of one row
// do not overlap.
type seam struct {
	rows int64    // of the list that were read; the next page begins back rows before
	back int64    // rows that are read twice
	most int64    // the most rows that may be, for the page to reach what was read last
	page int64    // rows of the page before
	last []string // keys of the last rows that have one

	begun  int64 // where the page under way begins
	taken  int64 // rows of it
	fresh  bool  // its last row is not one of the last before
	tied   bool  // it joins
	latest []string
}

// begin begins a page of at most so many rows, 0 when that is not known, or begins it
// again. It returns how many rows to pass over.
func (s *seam) begin(size int) int64 {
	s.most = s.page - 1
	if half := int64(size / 2); size > 0 {
		s.back, s.most = min(s.back, half), min(s.most, half)
	}
	s.begun = max(0, s.rows-s.back)
	s.taken, s.fresh, s.tied = 0, false, s.begun == 0 || s.back == 0
	s.latest = append(s.latest[:0], s.last...)
	return s.begun
}

// take takes a row of the page.
func (s *seam) take(key string) {
	s.taken++
	if key == "" {
		return
	}
	known := slices.Contains(s.last, key)
	s.tied = s.tied || known
	s.fresh = !known
	if i := slices.Index(s.latest, key); i >= 0 {
		s.latest = slices.Delete(s.latest, i, i+1)
	}
	s.latest = append(s.latest, key)
	if len(s.latest) > seamKeys {
		s.latest = s.latest[1:]
	}
}

// end ends a page that was read to its end. It tells whether the page joins; when it
// does not it is to be read again, and when there is no further back, that is errMoved.
func (s *seam) end() (bool, error) {
	if !s.tied {
		if s.back >= s.most {
			return false, errMoved
		}
		s.back = min(s.back*seamGrowth, s.most)
		return false, nil
	}
	s.rows, s.page = s.begun+s.taken, s.taken
	s.last = append(s.last[:0], s.latest...)
	s.back = min(s.rows, seamKeys, max(seamLeast, s.page/seamPart))
	return true, nil
}
