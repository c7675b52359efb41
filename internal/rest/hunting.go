package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxHuntRows is the most rows that the answer of a hunt has, at every door.
const MaxHuntRows = 100_000

// Column is one column of a hunt's answer.
type Column struct {
	Name string `json:"name"`
	// Type is as Microsoft names it: String, DateTime, Int32, Int64, Double,
	// SByte (a KQL bool), and others that are not documented.
	Type string `json:"type"`
}

// Row is one row of a hunt's answer.
type Row struct {
	Record
	// Cells stand in the order of the columns, each the JSON value as it was sent.
	// An absent cell is null, and so is the {} that Graph sends in place of null.
	// Names with "@odata.type" behind them are not cells; they are in Raw.
	Cells []jsontext.Value
}

// Text returns a cell for people: a text without its quotes, nothing for null,
// JSON for all else. A column that does not exist is empty.
func (r Row) Text(column int) string {
	if column < 0 || column >= len(r.Cells) || r.Cells[column].Kind() == jsontext.KindNull {
		return ""
	}
	cell := r.Cells[column]
	var s string
	if cell.Kind() == jsontext.KindString && json.Unmarshal(cell, &s, strictly) == nil {
		return s
	}
	return string(cell)
}

// Hunt is the answer to a hunting query. Its rows are read from the network as
// they are asked for; Close it when they are not read to their end.
type Hunt struct {
	// Columns in the order of the query.
	Columns []Column

	ctx   context.Context
	op    Operation
	dec   *jsontext.Decoder
	body  *watchedReader
	close func()
	early []jsontext.Value // rows that came before the schema
	index map[string]int
	done  bool
}

// RunHunt sends a query and reads the answer up to its first row.
func (c *Client) RunHunt(ctx context.Context, r Request) (*Hunt, error) {
	u, err := c.url(r)
	if err != nil {
		return nil, err
	}
	resp, err := c.open(ctx, r.Operation, u, r.Body) //nolint:bodyclose // Hunt.Close does
	if err != nil {
		return nil, err
	}
	h := newHunt(ctx, r.Operation, resp.Body)
	if err := h.begin(); err != nil {
		err = h.failure(err)
		h.close()
		return nil, err
	}
	return h, nil
}

func newHunt(ctx context.Context, op Operation, body io.ReadCloser) *Hunt {
	watched := &watchedReader{r: body}
	return &Hunt{
		ctx: ctx, op: op, body: watched,
		dec:   jsontext.NewDecoder(skipMark(watched, readAhead), strictly),
		close: sync.OnceFunc(func() { _ = body.Close() }),
	}
}

// Close gives up the rows that were not read. It may be called more than once.
func (h *Hunt) Close() error {
	h.done = true
	h.close()
	return nil
}

// begin reads members up to the rows. When these come before the schema (no
// answer seen does that) they are held until it is known.
func (h *Hunt) begin() error {
	tok, err := h.dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != jsontext.KindBeginObject {
		return fmt.Errorf("it begins with %s", tok.Kind())
	}
	for h.dec.PeekKind() == jsontext.KindString {
		tok, err := h.dec.ReadToken()
		if err != nil {
			return err
		}
		switch strings.ToLower(tok.String()) {
		case "schema":
			err = json.UnmarshalDecode(h.dec, &h.Columns, strictly)
			h.indexColumns()
		case "results":
			if h.index == nil {
				err = h.holdRows()
				break
			}
			var begun bool
			if begun, err = decodeOpening(h.dec); begun {
				return nil
			}
		case "error":
			err = decodeError(h.dec)
		default:
			err = h.dec.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	return h.end()
}

func (h *Hunt) holdRows() error {
	_, err := decodeValue(h.dec, func(raw jsontext.Value) error {
		h.early = append(h.early, raw.Clone())
		return nil
	})
	return err
}

func (h *Hunt) indexColumns() {
	h.index = make(map[string]int, len(h.Columns))
	for i, c := range h.Columns {
		h.index[c.Name] = i
	}
}

// end reads what stands behind the rows, to the end of the answer.
func (h *Hunt) end() error {
	h.done = true
	err := decodeMembers(h.dec, func(name string) error {
		if name == "error" {
			return decodeError(h.dec)
		}
		return h.dec.SkipValue()
	})
	if err != nil {
		return err
	}
	if h.index == nil {
		return errors.New("it has no schema")
	}
	return ended(h.dec)
}

// failure explains an error of the stream.
func (h *Hunt) failure(err error) error {
	if h.ctx.Err() != nil {
		return h.ctx.Err()
	}
	err = bodyError(err, h.body)
	if own, ok := errors.AsType[*Error](err); ok {
		own.Method, own.Path = h.op.Method, h.op.Path
		return err
	}
	return fmt.Errorf("%s: %w", h.op, err)
}

// Rows hands out the rows, once. The loop ends at the natural end of the answer
// or with an error; a row that does not decode comes with a [*DecodeError] and
// the loop goes on. Leaving the loop closes the hunt.
//
// The services cut an answer at [MaxHuntRows] without a word. So behind that many
// rows comes an error that is ErrResultTooLarge: more may be missing, or none.
func (h *Hunt) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		defer h.close()
		n := 0
		early := h.early
		h.early = nil
		for _, raw := range early {
			if n++; !yield(h.row(raw)) {
				return
			}
		}
		for !h.done {
			raw, err := h.next()
			if err != nil {
				yield(Row{}, h.failure(err))
				return
			}
			if raw == nil {
				break
			}
			if n++; !yield(h.row(raw.Clone())) {
				return
			}
		}
		if n >= MaxHuntRows {
			yield(Row{}, fmt.Errorf("%s: the answer has %d rows, the most that the service gives, so that others may be missing: %w", h.op, n, ErrResultTooLarge))
		}
	}
}

// next reads one row, or nothing and the rest of the answer behind the last.
func (h *Hunt) next() (jsontext.Value, error) {
	if h.dec.PeekKind() != jsontext.KindEndArray {
		return h.dec.ReadValue()
	}
	if _, err := h.dec.ReadToken(); err != nil {
		return nil, err
	}
	return nil, h.end()
}

// row sorts the members of a row into its cells.
func (h *Hunt) row(raw jsontext.Value) (Row, error) {
	row := Row{Record: Record{Raw: raw}, Cells: make([]jsontext.Value, len(h.Columns))}
	for i := range row.Cells {
		row.Cells[i] = jsontext.Value("null")
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members, strictly); err != nil {
		return row, &DecodeError{Type: "Row", Raw: raw, Err: err}
	}
	for name, value := range members {
		if i, ok := h.index[name]; ok && string(value) != "{}" {
			row.Cells[i] = value
		}
	}
	return row, nil
}
