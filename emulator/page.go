package emulator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// listing is a collection of rows that one GET returns.
type listing[T any] struct {
	set      string // what follows $metadata# in @odata.context
	typeName string // of a row, for messages
	count    int    // rows before filtering
	at       func(i int) T
	whole    func(i int) any // row as it is written; nil: as at gives it. at then needs only what can be filtered by
	columns  []column[T]     // filterable; nil: $filter is not an option of the route
	page     int             // Microsoft's page size; 0 means that the whole collection is one page
	maxTop   int             // largest $top; 0 means page
	graph    bool            // Microsoft Graph: a page is as long as $top says and there is a nextLink nonetheless
	token    bool            // the nextLink carries an opaque $skiptoken in place of $skip
	total    bool            // answer $count=true
}

// window is the part of a listing that a call asks for.
type window struct {
	top, skip int
	asked     bool // $top was sent
}

// queryInt reads a whole number of at least 0 from the query; absent gives the default.
func queryInt(c *call, name string, standard int) (int, error) {
	text := c.query.Get(name)
	if !c.query.Has(name) {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, odataErrorf("Invalid value '%s' for %s query option found. The %s query option requires a non-negative integer value.", text, name, name)
	}
	return n, nil
}

// readWindow reads $top and $skip.
func readWindow(c *call, page, maxTop int) (window, error) {
	top, err := queryInt(c, "$top", page)
	if err != nil {
		return window{}, err
	}
	if maxTop > 0 && top > maxTop {
		// The documents give the largest $top but not what happens above it; Microsoft's OData library says this.
		return window{}, odataErrorf("The limit of '%d' for Top query has been exceeded. The value from the incoming request is '%d'.", maxTop, top)
	}
	skip, err := queryInt(c, "$skip", 0)
	if token := c.query.Get("$skiptoken"); token != "" && err == nil {
		raw, _ := base64.RawURLEncoding.DecodeString(token) // garbage is no number either
		if skip, err = strconv.Atoi(string(raw)); err != nil || skip < 0 {
			return window{}, odataErrorf("Skiptoken value is not valid.")
		}
	}
	return window{top: top, skip: skip, asked: c.query.Has("$top")}, err
}

// refuseOData is the 400 for a query option that cannot be read.
func refuseOData(graph bool, err error) reply {
	if graph {
		return fail(http.StatusBadRequest, "BadRequest", err.Error())
	}
	return fail(http.StatusBadRequest, "ODataError", "Invalid OData URI query "+err.Error())
}

// pageSize applies the tenant's cap to a page size of Microsoft.
func (t *tenant) pageSize(standard int) int {
	if t.size.PageSize > 0 {
		return min(t.size.PageSize, standard)
	}
	return standard
}

// serve answers a GET of the collection.
func (l listing[T]) serve(c *call) reply {
	page := l.count
	if l.page > 0 {
		page = c.tenant.pageSize(l.page)
	}
	maxTop := l.maxTop
	if maxTop == 0 {
		maxTop = l.page
	}
	w, err := readWindow(c, page, maxTop)
	if err != nil {
		return refuseOData(l.graph, err)
	}
	var f *filter[T]
	if text := c.query.Get("$filter"); text != "" {
		if f, err = bindFilter(text, l.typeName, l.columns); err != nil {
			return refuseOData(l.graph, err)
		}
	}
	return reply{stream: func(out io.Writer) error { return l.write(out, c, w, f) }}
}

// write streams the collection: context, rows, and the link to the next page if there is one.
func (l listing[T]) write(out io.Writer, c *call, w window, f *filter[T]) error {
	rows := newRowWriter(out)
	rows.begin(contextOf(c, l.graph, l.set))
	if l.total && strings.EqualFold(c.query.Get("$count"), "true") {
		rows.member("@odata.count", l.matches(f))
	}
	rows.openValue()
	if c.empty && (l.graph || !w.asked) && l.page > 0 {
		return rows.end(nextLink(c, "$skip", "0"+strconv.Itoa(w.skip))) // a zero in front makes it another link
	}
	written, more := l.writeRows(rows, w, f)
	next := ""
	if more && (l.graph || !w.asked) && w.top > 0 { // Microsoft sends no nextLink when the caller sent $top (core.md 3.2)
		next = l.nextLink(c, w.skip+written)
	}
	return rows.end(next)
}

// writeRows writes the rows of a window and tells how many there were and whether more follow.
func (l listing[T]) writeRows(rows *rowWriter, w window, f *filter[T]) (written int, more bool) {
	start, skip := 0, w.skip
	if f == nil { // no need to look at the rows before the window
		start, skip = min(w.skip, l.count), 0
	}
	for i := start; i < l.count && rows.err == nil; i++ {
		if f == nil && written == w.top {
			return written, true
		}
		if f == nil && l.whole != nil {
			rows.row(l.whole(i))
			written++
			continue
		}
		row := l.at(i)
		if !f.match(&row) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if written == w.top {
			return written, true
		}
		if l.whole != nil {
			rows.row(l.whole(i))
		} else {
			rows.row(row)
		}
		written++
	}
	return written, false
}

// nextLink makes the link to the rows from an ordinal on.
func (l listing[T]) nextLink(c *call, from int) string {
	if l.token {
		return nextLink(c, "$skiptoken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(from))))
	}
	return nextLink(c, "$skip", strconv.Itoa(from))
}

// matches counts the rows that pass a filter.
func (l listing[T]) matches(f *filter[T]) int {
	if f == nil {
		return l.count
	}
	n := 0
	for i := range l.count {
		if row := l.at(i); f.match(&row) {
			n++
		}
	}
	return n
}

// contextOf gives @odata.context.
func contextOf(c *call, graph bool, set string) string {
	if graph {
		return c.base + "/v1.0/$metadata#" + set
	}
	return c.base + "/api/$metadata#" + set
}

// nextLink repeats the URL of the call with one query option set anew.
func nextLink(c *call, option, value string) string {
	var keep []string
	for part := range strings.SplitSeq(c.r.URL.RawQuery, "&") {
		key, _, _ := strings.Cut(part, "=")
		key = strings.ReplaceAll(strings.ToLower(key), "%24", "$")
		if part != "" && key != option && (option != "$skiptoken" || key != "$skip") {
			keep = append(keep, part)
		}
	}
	return c.base + c.r.URL.EscapedPath() + "?" + strings.Join(append(keep, option+"="+value), "&")
}

// rowWriter writes a collection row by row, so that a page of any size needs the memory of one row.
type rowWriter struct {
	out   io.Writer
	buf   bytes.Buffer
	json  *json.Encoder
	first bool
	err   error
}

func newRowWriter(out io.Writer) *rowWriter {
	w := &rowWriter{out: out, first: true}
	w.json = json.NewEncoder(&w.buf)
	w.json.SetEscapeHTML(false)
	return w
}

// encode appends a value without the encoder's newline.
func (w *rowWriter) encode(v any) {
	if err := w.json.Encode(v); err != nil && w.err == nil {
		w.err = err
	}
	w.buf.Truncate(max(0, w.buf.Len()-1))
}

// begin writes the context.
func (w *rowWriter) begin(context string) {
	w.buf.WriteString(`{"@odata.context":`)
	w.encode(context)
}

// member writes one more member before the rows.
func (w *rowWriter) member(name string, value any) {
	w.buf.WriteString(`,"` + name + `":`)
	w.encode(value)
}

// openValue begins the rows.
func (w *rowWriter) openValue() { w.buf.WriteString(`,"value":[`) }

// row writes one row.
func (w *rowWriter) row(v any) {
	if !w.first {
		w.buf.WriteByte(',')
	}
	w.first = false
	w.encode(v)
	if w.buf.Len() > 32<<10 {
		w.flush()
	}
}

// flush hands on what is buffered.
func (w *rowWriter) flush() {
	if w.err == nil {
		_, w.err = w.out.Write(w.buf.Bytes())
	}
	w.buf.Reset()
}

// end closes the rows and writes the link to the next page, if any.
func (w *rowWriter) end(next string) error {
	w.buf.WriteByte(']')
	if next != "" {
		w.member("@odata.nextLink", next)
	}
	w.buf.WriteByte('}')
	w.flush()
	return w.err
}

// entity is one row with its context in front, as a GET of a single thing returns it.
type entity struct {
	context string
	row     any
}

var _ json.Marshaler = entity{}

// MarshalJSON puts the context before the members of the row.
func (e entity) MarshalJSON() ([]byte, error) {
	context, err := json.Marshal(e.context)
	if err != nil {
		return nil, err
	}
	row, err := json.Marshal(e.row)
	if err != nil {
		return nil, err
	}
	joined := append([]byte(`{"@odata.context":`), context...)
	if len(row) > 2 {
		joined = append(joined, ',')
	}
	return append(joined, row[1:]...), nil
}

// single answers with one entity.
func single(c *call, graph bool, set string, row any) reply {
	return reply{body: entity{context: contextOf(c, graph, set+"/$entity"), row: row}}
}

// listOf makes a listing of rows that are there already, all on one page.
func listOf[T any](set string, rows []T) listing[T] {
	return listing[T]{set: set, count: len(rows), at: func(i int) T { return rows[i] }}
}
