package engine

import (
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Progress tells how a run of one stream goes. It is told after every page, and
// once more at the run's end.
type Progress struct {
	Integration gatehouse.Integration
	API         gatehouse.API
	Run         gatehouse.SyncRun      // its sums so far
	Elapsed     time.Duration          // of this attempt
	Rows        int64                  // read in this attempt
	RowsPerSec  float64                // of this attempt
	Calls       int64                  // made upstream in this attempt
	Floor       int64                  // the fewest calls it could have taken
	Upstream    int64                  // records that Microsoft counts; -1 when it does not say
	Budget      Budget                 // of the route that was called last; set by whoever knows the limits
	Page        PageProgress           // what the page just committed, or the sweep, has added
	Done        bool                   // the run has ended, or stopped to be resumed later
	Err         error                  // why it did not end well
	Health      gatehouse.StreamHealth // behind the attempt; set when it is done
}

// PageProgress is what one page has added to a run.
type PageProgress struct {
	Rows, Created, Updated, Removed, Calls int64

	Took time.Duration // to commit it; zero for a sweep
}

// Budget says what a rate limit leaves to scheduled work.
type Budget struct {
	Limited bool          // there is a limit at all
	Left    int           // calls that can leave now
	Wait    time.Duration // until the next call can leave, when none is left
}
