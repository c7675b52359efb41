package engine

import (
	"context"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Source is one stream of one integration, ready to be read.
type Source struct {
	Stream gatehouse.Stream
	// API is the door it is read through.
	API gatehouse.API
	// Stays tells of a record, by its document, that it stays when a whole reading
	// through API has not seen it, since that door cannot show it. Default: none does.
	Stays func(document []byte) bool
	// Others are doors that are open as well, in order of preference. The first of
	// them is taken when API fails by itself for long. Default: API is all there is.
	Others []Door
	// Next is what is read once everything has been read in full:
	// [gatehouse.SyncFull] for a stream that is always read whole.
	Next gatehouse.SyncMode
	// Interval is how often it is read. Default: 15 minutes.
	Interval time.Duration
	// Reconcile is how often it is read in full where Next is something else.
	// Default: one week.
	Reconcile time.Duration
	// Long tells that a whole reading takes long and can be interrupted behind many
	// of its pages: it comes last, and gives way to what is due meanwhile.
	Long bool
	// Read reads it, through the door that the request names, and hands out pages
	// until the stream's end.
	Read func(context.Context, Request) error
	// Off says why it cannot be read at all, for example a permission that is
	// missing. It is then not read, and that is no failure. Default: it can.
	Off *Verdict
}

// Door is another API through which a source can be read.
type Door struct {
	API gatehouse.API
	// Stays is what Source.Stays is, for this door.
	Stays func(document []byte) bool
}

// Request is one reading of a source.
type Request struct {
	// API is the door to read through: that of the source, or one of its others.
	API gatehouse.API
	// Mode says what to read.
	Mode gatehouse.SyncMode
	// From is where the last page left the stream. The zero value begins anew.
	From gatehouse.Checkpoint
	// Resumed tells that From belongs to this very run, which was interrupted at a
	// page whose checkpoint has a phase. Every other reading begins at its start.
	Resumed bool
	// Held is how many records of the stream are held.
	Held int64
	// Emit commits a page. Its error must end the reading.
	Emit func(gatehouse.Page) error
	// PageRows is how many records make a page.
	PageRows int
	// Now is the clock.
	Now func() time.Time
}

// Connection is what an integration can be read through, for one session of
// work.
type Connection struct {
	Sources []Source
	// Expires is when the credential ends; zero when that is not known.
	Expires time.Time
	// Close ends the connection. Default: nothing is to be done.
	Close func()
}

// Connector connects an integration. It is the only way in which the engine
// reaches Microsoft, of which it knows nothing.
type Connector interface {
	// Connect makes the sources of an integration. It fails when the credential
	// is refused.
	Connect(ctx context.Context, i gatehouse.Integration) (Connection, error)
	// Explain says what an error of Connect or of a Read means. Errors of the
	// store are not asked about.
	Explain(err error) Verdict
}

// Verdict says what an error means: who has to act, and how.
type Verdict struct {
	State  gatehouse.StreamState
	Owner  string        // you, microsoft, gatehouse or nobody
	Reason string        // one line
	Mend   string        // one line
	Wait   time.Duration // before it makes sense to try again; 0 when nobody says
	// Anew says that the run cannot go on from where it stood, for example
	// because Microsoft has dropped the snapshot behind it: a new one is begun.
	Anew bool
	// Elsewhere says for how long the door may fail so before another one is taken;
	// 0 when it is not the door's own fault.
	Elsewhere time.Duration
}
