package stream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-sec/gatehouse/graph"
)

// What a slice is made for: less than Microsoft's bounds of 100,000 rows and
// 50 MB, since a table can grow between the count and the reading, and rows
// differ in size. Source:
// https://learn.microsoft.com/graph/api/security-security-runhuntingquery.
const (
	sliceRows  = 95_000
	sliceBytes = 42 << 20
)

// hunter reads a table of hunting that is too large for one answer, in slices by
// the first digits of the device's id.
type hunter struct {
	run func(context.Context, string, *graph.HuntOptions) (*graph.Hunt, error)
	// query gives the rows, count as many; {slice} stands where the condition on
	// DeviceId goes.
	query, count string
	row          func(cells) item
	guess        int64 // bytes of a row, as long as none was read

	limit       int64 // rows of a slice, once one was too large
	cuts        int
	rows, bytes int64 // that were read
}

// cells is a row with its columns by name.
type cells struct {
	columns map[string]int
	row     graph.Row
}

// text returns a cell as text, nothing for null.
func (c cells) text(column string) string {
	if i, ok := c.columns[column]; ok {
		return c.row.Text(i)
	}
	return ""
}

// bucket is the rows whose device's id begins with prefix.
type bucket struct {
	prefix string
	rows   int64
}

// maxCuts is how often a slice may turn out too large before the reading gives up:
// a service that has no processor time left refuses slices of any size.
const maxCuts = 24

// read reads every slice. The slices are made as they go, since only the rows
// tell how large rows are.
func (h *hunter) read(ctx context.Context, w *writer) error {
	todo, err := h.buckets(ctx, "")
	if err != nil {
		return err
	}
	total := sum(todo)
	for len(todo) > 0 {
		slice := todo[:h.fit(todo)]
		err := h.slice(ctx, w, slice)
		if err == nil {
			todo = todo[len(slice):]
			continue
		}
		if h.cuts++; !tooLarge(err) || h.cuts > maxCuts {
			return err
		}
		if len(slice) > 1 {
			h.limit = sum(slice) / 2
		} else if todo, err = h.deeper(ctx, todo, err); err != nil {
			return err
		}
	}
	w.upstream = max(w.upstream, 0) + total
	w.floor += floorOf(total, graph.MaxHuntRows)
	return nil
}

// fit returns how many buckets make the next slice: as many as fit, and one at
// least.
func (h *hunter) fit(todo []bucket) int {
	most, size := int64(sliceRows), h.guess
	if h.rows > 0 {
		size = h.bytes/h.rows + 1
	}
	most = min(most, sliceBytes/size)
	if h.limit > 0 {
		most = min(most, h.limit)
	}
	n, rows := 0, int64(0)
	for n < len(todo) && len(todo[n].prefix) == len(todo[0].prefix) {
		if rows += todo[n].rows; rows > most {
			break
		}
		n++
	}
	return max(n, 1)
}

// deeper cuts the first bucket by longer prefixes. One device that does not fit is
// the error that it is.
func (h *hunter) deeper(ctx context.Context, todo []bucket, tooLarge error) ([]bucket, error) {
	whole := todo[0].prefix
	parts, err := h.buckets(ctx, whole)
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 && parts[0].prefix == whole {
		return nil, fmt.Errorf("device %s alone: %w", whole, tooLarge)
	}
	return append(parts, todo[1:]...), nil
}

// prefixStep is by how many digits a prefix grows: 256 buckets where ids are
// evenly spread hexadecimal numbers.
const prefixStep = 2

// buckets counts the rows by the next digits behind a prefix.
func (h *hunter) buckets(ctx context.Context, prefix string) ([]bucket, error) {
	digits := len(prefix) + prefixStep
	query := strings.ReplaceAll(h.count, "{slice}", condition(prefix)) +
		fmt.Sprintf(" | summarize Rows = count() by Prefix = substring(DeviceId, 0, %d)", digits)
	var list []bucket
	err := h.ask(ctx, query, func(c cells, err error) error {
		if err != nil {
			return err
		}
		rows, err := strconv.ParseInt(c.text("Rows"), 10, 64)
		list = append(list, bucket{c.text("Prefix"), rows})
		return err
	})
	slices.SortFunc(list, func(a, b bucket) int { return strings.Compare(a.prefix, b.prefix) })
	return list, err
}

// condition selects the devices whose id begins with one of some prefixes, all of
// one length. Letters count as they are: the prefixes are those that were counted.
func condition(prefixes ...string) string {
	if len(prefixes[0]) == 0 {
		return "isnotempty(DeviceId)"
	}
	quoted := make([]string, len(prefixes))
	for i, p := range prefixes {
		quoted[i] = quote(p)
	}
	return fmt.Sprintf("substring(DeviceId, 0, %d) in (%s)", len(prefixes[0]), strings.Join(quoted, ", "))
}

// quote writes a text as Kusto does.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// short tells whether far fewer rows came than were counted: the table changes in
// between, so that one in a hundred, or ten, say nothing.
func short(rows, counted int64) bool { return counted-rows > max(10, counted/100) }

// slice reads the rows of some buckets. An answer that breaks off, or is short, is
// asked for again. One that stays short proves nothing.
func (h *hunter) slice(ctx context.Context, w *writer, list []bucket) error {
	prefixes := make([]string, len(list))
	for i, b := range list {
		prefixes[i] = b.prefix
	}
	query := strings.ReplaceAll(h.query, "{slice}", condition(prefixes...))
	for try := 1; ; try++ {
		before := h.rows
		err := h.ask(ctx, query, func(c cells, err error) error {
			h.rows++
			h.bytes += int64(len(c.row.Raw))
			return w.one(h.row(c), err)
		})
		few := err == nil && short(h.rows-before, sum(list))
		if try < maxPasses && (few || errors.Is(err, graph.ErrTruncated)) && ctx.Err() == nil {
			continue
		}
		w.doubtful = w.doubtful || few
		return err
	}
}

// ask runs a query and hands out its rows.
func (h *hunter) ask(ctx context.Context, query string, row func(cells, error) error) error {
	answer, err := h.run(ctx, query, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Close() }() // a hunt that was read to its end is closed
	columns := make(map[string]int, len(answer.Columns))
	for i, c := range answer.Columns {
		columns[c.Name] = i
	}
	for r, err := range answer.Rows() {
		if err != nil && !undecoded(err) {
			return err
		}
		if err := row(cells{columns, r}, err); err != nil {
			return err
		}
	}
	return nil
}

// tooLarge tells whether a smaller slice may go through: the answer or the work
// behind it was above a bound, or the gateway did not wait for it.
func tooLarge(err error) bool {
	refused, ok := errors.AsType[*graph.Error](err)
	return errors.Is(err, graph.ErrResultTooLarge) || errors.Is(err, graph.ErrQueryTooHeavy) ||
		ok && refused.StatusCode == http.StatusGatewayTimeout
}

func sum(list []bucket) int64 {
	var n int64
	for _, b := range list {
		n += b.rows
	}
	return n
}
