package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// huntingStats is what the XDR door adds to a result.
type huntingStats struct {
	ExecutionTime float64 `json:"ExecutionTime"`
	ResourceUsage struct {
		Cache struct {
			Memory cacheUse `json:"memory"`
			Disk   cacheUse `json:"disk"`
		} `json:"cache"`
		CPU struct {
			User   string `json:"user"`
			Kernel string `json:"kernel"`
			Total  string `json:"total cpu"`
		} `json:"cpu"`
		Memory struct {
			PeakPerNode int64 `json:"peak_per_node"`
		} `json:"memory"`
	} `json:"resource_usage"`
	DatasetStatistics []datasetUse `json:"dataset_statistics"`
}

// cacheUse counts the hits of a cache.
type cacheUse struct {
	Hits   int `json:"hits"`
	Misses int `json:"misses"`
	Total  int `json:"total"`
}

// datasetUse is the size of a result.
type datasetUse struct {
	TableRowCount int `json:"table_row_count"`
	TableSize     int `json:"table_size"`
}

// stats tells what a query cost.
func (h *hunt) stats() huntingStats {
	s := huntingStats{ExecutionTime: h.took.Seconds(), DatasetStatistics: []datasetUse{{h.rows, len(h.text)}}}
	s.ResourceUsage.Cache.Memory = cacheUse{Hits: 16, Total: 16}
	ticks := h.took.Nanoseconds() / 100
	cpu := fmt.Sprintf("%02d:%02d:%02d.%07d", ticks/36e9, ticks/6e8%60, ticks/1e7%60, ticks%1e7)
	s.ResourceUsage.CPU.User, s.ResourceUsage.CPU.Kernel, s.ResourceUsage.CPU.Total = cpu, "00:00:00", cpu
	s.ResourceUsage.Memory.PeakPerNode = int64(16<<20 + len(h.text))
	return s
}

// runXDRHunt is POST /api/advancedhunting/run: every table, and statistics.
func runXDRHunt(c *call) reply {
	h, refusal, ok := runPlain(c)
	if !ok {
		return refusal
	}
	return reply{header: huntingHeader(), body: struct {
		Stats   huntingStats    `json:"Stats"`
		Schema  []schemaColumn  `json:"Schema"`
		Results json.RawMessage `json:"Results"`
	}{h.stats(), h.schema(), h.text}}
}

// graphColumn is a column as Graph prints it.
type graphColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// runGraphHunt is POST /security/runHuntingQuery. The names of its parameters differ in case between the documents and
// the schema, and both are taken.
func runGraphHunt(c *call) reply {
	var body struct {
		Query    *string `json:"Query" also:"query"`
		Timespan *string `json:"Timespan" also:"timespan"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return refusal
	}
	if body.Query == nil || *body.Query == "" {
		return fail(http.StatusBadRequest, "BadRequest", "The query parameter is missing or empty.")
	}
	query := *body.Query
	if body.Timespan != nil && *body.Timespan != "" {
		from, to, err := parseTimespan(*body.Timespan, c.now)
		if err != nil {
			return fail(http.StatusBadRequest, "BadRequest", "The timespan is not valid: "+err.Error())
		}
		query = within(query, from, to)
	}
	h, err := dialect{cell: graphCell}.run(c, query)
	switch {
	case errors.Is(err, errTooLong):
		return fail(http.StatusBadRequest, "BadRequest",
			"Query execution has exceeded the allowed limits. The query execution was preempted. This could possibly be due to high CPU and/or memory resource consumption. Optimize your query by following best practices and try again.")
	case err != nil:
		return refuseQuery(err)
	}
	columns := []graphColumn{}
	for _, col := range h.schema() {
		columns = append(columns, graphColumn(col))
	}
	return reply{body: struct {
		Context string          `json:"@odata.context"`
		Schema  []graphColumn   `json:"schema"`
		Results json.RawMessage `json:"results"`
	}{contextOf(c, true, "microsoft.graph.security.huntingQueryResults"), columns, h.text}}
}

// within narrows the tables of a query to a span of time: a let statement takes the place of each.
func within(query string, from, to time.Time) string {
	var lets strings.Builder
	for _, table := range namedTables(query) {
		if strings.Contains(" "+strings.Join(strings.Fields(table.columns), " "), " Timestamp:") {
			fmt.Fprintf(&lets, "let %s = %s | where Timestamp >= datetime(%s) and Timestamp <= datetime(%s); ",
				table.name, table.name, from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))
		}
	}
	return lets.String() + query
}

// parseTimespan reads an ISO 8601 span: start/end, duration/end, start/duration, a duration or a single start.
func parseTimespan(text string, now time.Time) (from, to time.Time, err error) {
	first, second, two := strings.Cut(text, "/")
	isSpan := func(s string) bool { return strings.HasPrefix(s, "P") }
	switch {
	case !two && isSpan(first):
		d, err := parseISODuration(first)
		return now.Add(-d), now, err
	case !two:
		from, err = parseISOTime(first)
		return from, now, err
	case isSpan(first):
		d, err := parseISODuration(first)
		if err != nil {
			return from, to, err
		}
		to, err = parseISOTime(second)
		return to.Add(-d), to, err
	}
	if from, err = parseISOTime(first); err != nil {
		return from, to, err
	}
	if isSpan(second) {
		d, err := parseISODuration(second)
		return from, from.Add(d), err
	}
	to, err = parseISOTime(second)
	return from, to, err
}

// parseISOTime reads a time or a date.
func parseISOTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no ISO 8601 time", text)
}

// parseISODuration reads weeks, days, hours, minutes and seconds; months and years have no fixed length.
func parseISODuration(text string) (time.Duration, error) {
	var total time.Duration
	date, clock, _ := strings.Cut(strings.TrimPrefix(text, "P"), "T")
	units := []map[byte]time.Duration{{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour}, {'H': time.Hour, 'M': time.Minute, 'S': time.Second}}
	for i, part := range []string{date, clock} {
		for part != "" {
			end := strings.IndexFunc(part, func(r rune) bool { return r >= 'A' && r <= 'Z' })
			if end < 1 || units[i][part[end]] == 0 {
				return 0, fmt.Errorf("%q is no ISO 8601 duration", text)
			}
			n, err := strconv.ParseFloat(part[:end], 64)
			if err != nil || n < 0 || n > 36500 {
				return 0, fmt.Errorf("%q is no ISO 8601 duration", text)
			}
			total += time.Duration(n * float64(units[i][part[end]]))
			part = part[end+1:]
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("%q is no ISO 8601 duration", text)
	}
	return total, nil
}
