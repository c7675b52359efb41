package graph

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// The words that this SDK shares with that of Defender for Endpoint.
type (
	// Operation is one operation of the API: method, path, rate limits,
	// permissions and the address of Microsoft's page.
	Operation = rest.Operation
	// Record keeps one item as Microsoft sent it, in its field Raw. It is embedded
	// in every item type, so that no unknown member is lost.
	Record = rest.Record
	// Item is a pointer to an item type: to a struct that embeds Record.
	Item[T any] = rest.Item[T]
	// Time is a moment as Microsoft prints it. The zero Time stands for null and
	// for an absent member.
	Time = rest.Time
	// Error is what a call came back with when it did not succeed. Ask for its
	// kind by errors.Is and one of the Err values.
	Error = rest.Error
	// DecodeError tells that an item did not fit its Go type. The item comes with
	// it, with Raw whole and with every member that did fit; a list goes on.
	DecodeError = rest.DecodeError
	// LinkError tells why a next link was not followed. The list is not complete.
	LinkError = rest.LinkError
	// Call is one request that left, as Options.OnCall sees it.
	Call = rest.Call
	// PageRead is one page of a list that was read to its end, as Query.OnPage sees
	// it.
	PageRead = rest.PageRead
	// Budgets keep the calls of one application in one tenant inside Microsoft's
	// limits.
	Budgets = rest.Budgets
	// Column is one column of a hunt's answer: its name and Microsoft's type name.
	Column = rest.Column
	// Row is one row of a hunt's answer, its cells in the order of the columns.
	Row = rest.Row
	// Hunt is the answer to a hunting query. Its rows are read from the network as
	// they are asked for.
	Hunt = rest.Hunt
)

// The kinds of [Error], and of other failures, for errors.Is.
var (
	ErrInput          = rest.ErrInput          // what was given is wrong, and nothing was sent
	ErrNotFound       = rest.ErrNotFound       // 404
	ErrUnauthorized   = rest.ErrUnauthorized   // 401: the token is missing, expired or for another audience
	ErrForbidden      = rest.ErrForbidden      // 403: the token is good and a permission is missing
	ErrThrottled      = rest.ErrThrottled      // 429, or our own budget for the route is spent
	ErrUnlicensed     = rest.ErrUnlicensed     // the tenant lacks a licence, or is inactive
	ErrUnreachable    = rest.ErrUnreachable    // no answer at all: DNS, TLS, connection
	ErrResultTooLarge = rest.ErrResultTooLarge // a hunt's answer has more rows or bytes than the service gives
	ErrQueryTooHeavy  = rest.ErrQueryTooHeavy  // a hunt takes more time, memory or processor than allowed
	ErrRedirected     = rest.ErrRedirected     // 3xx: never followed
	ErrTruncated      = rest.ErrTruncated      // an answer broke off, and reading it again did not help
	ErrMalformed      = rest.ErrMalformed      // an answer is not the documented JSON
	ErrChanged        = rest.ErrChanged        // after a break the list is no longer the one that was begun
	ErrNextLink       = rest.ErrNextLink       // every LinkError
	ErrCursorExpired  = rest.ErrCursorExpired  // what is behind a next link is gone
)

// NewBudgets returns budgets of which nothing is spent, to be shared by clients
// of the same application and tenant.
func NewBudgets() *Budgets { return rest.NewBudgets() }

// Decode reads an item that was kept as JSON, the way lists read theirs: raw stays
// in it, names are taken in any case, and a number is taken for a text, or a text
// for a number, where the page says otherwise. What does not fit is named in a
// [*DecodeError], which comes with all that does.
func Decode[T any, P Item[T]](raw jsontext.Value) (T, error) { return rest.Decode[T, P](raw) }

// MaxHuntRows is the most rows that the answer of a hunt has.
const MaxHuntRows = rest.MaxHuntRows

// WithOnCall returns a context whose every request is told to f, beside
// Options.OnCall: so the calls of one piece of work can be counted on a client
// that does other work at the same time. f must be safe for concurrent use when
// the context is used so.
func WithOnCall(ctx context.Context, f func(Call)) context.Context { return rest.WithOnCall(ctx, f) }

// NotSent reports whether an error says that nothing has left: bad input, no
// access token, a host that no token may go to, a budget that is spent, or no
// connection. Of any other failure without an answer it is not known whether the
// request arrived.
func NotSent(err error) bool { return rest.NotSent(err) }
