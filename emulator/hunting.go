package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// Limits of a hunting query (tvm-xdr-graph.md 5).
const (
	huntingMaxRows  = 100000
	huntingMaxBytes = 50 << 20
	huntingMaxTime  = 200 * time.Second
)

// huntingRoutes lists the three doors to advanced hunting.
func huntingRoutes() []route {
	return []route{
		{method: http.MethodPost, path: "/api/advancedqueries/run", api: apiMDE, roles: []string{"AdvancedQuery.Read.All"}, perMinute: 45, perHour: 1500, handle: runMDEHunt},
		{method: http.MethodPost, path: "/api/advancedhunting/run", api: apiXDR, roles: []string{"AdvancedHunting.Read.All"}, perMinute: 45, handle: runXDRHunt},
		{method: http.MethodPost, path: "/v1.0/security/runhuntingquery", api: apiGraph, roles: []string{"ThreatHunting.Read.All"}, perMinute: 45, handle: runGraphHunt},
	}
}

// hunts tells whether a route runs a query.
func (r *route) hunts() bool {
	return strings.HasSuffix(r.path, "/run") || strings.HasSuffix(r.path, "/runhuntingquery")
}

// dialect is how a door prints a result.
type dialect struct {
	tables []string                                                          // prefixes of the tables it knows; none means all
	cell   func(b *bytes.Buffer, enc *json.Encoder, c kql.Column, value any) // writes the members of one cell
}

// hunt is a query that ran.
type hunt struct {
	columns []kql.Column
	rows    int
	text    []byte // the rows, as a JSON array
	took    time.Duration
}

// errTooLong tells that a result is above the limit.
var errTooLong = errors.New("result is too long")

// refuseQuery is the refusal of a query, in the words of its kind.
func refuseQuery(err error) reply {
	var bad *kql.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fail(http.StatusBadRequest, "BadRequest", "Query exceeded the timeout period.")
	case !errors.As(err, &bad):
		return fail(http.StatusInternalServerError, "InternalServerError", "An unexpected error occurred during query execution. Please try again in a few minutes.")
	case bad.Kind == kql.KindSyntax:
		return fail(http.StatusBadRequest, "BadRequest", "A recognition error occurred.. Fix syntax errors in your query.")
	case bad.Kind == kql.KindUnsupported:
		// Kusto would run this one; what the emulator lacks it says in its own words behind Microsoft's.
		return fail(http.StatusBadRequest, "BadRequest", "A recognition error occurred.. Fix syntax errors in your query. (The emulator does not support this: "+bad.Message+")")
	}
	return fail(http.StatusBadRequest, "BadRequest", bad.Message+". Fix semantic errors in your query.")
}

// run compiles and runs a query.
func (d dialect) run(c *call, query string) (hunt, error) {
	ctx, cancel := context.WithTimeout(c.r.Context(), huntingMaxTime)
	defer cancel()
	parsed, err := kql.Parse(query)
	if err != nil {
		return hunt{}, err
	}
	plan, err := parsed.Compile(huntingSchema(d.tables...))
	if err != nil {
		return hunt{}, err
	}
	if err := c.tenant.fillTables(ctx, query); err != nil {
		return hunt{}, err
	}
	c.tenant.hunting.mu.RLock()
	defer c.tenant.hunting.mu.RUnlock()
	if c.tenant.hunting.db == nil {
		return hunt{}, errors.New("the emulator is shutting down")
	}
	begun := time.Now()
	rows, err := plan.Run(ctx, c.tenant.hunting.db, c.now)
	if err != nil {
		return hunt{}, err
	}
	h := hunt{columns: plan.Columns()}
	if err = d.collect(&h, rows); err != nil && ctx.Err() != nil {
		err = ctx.Err() // the database only says that it was interrupted
	}
	h.took = time.Since(begun)
	return h, err
}

// collect reads the rows. Rows beyond the limit are cut off without a word; a result of too many bytes is refused.
func (d dialect) collect(h *hunt, rows *kql.Rows) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	out.WriteByte('[')
	for values, err := range rows.All() {
		if err != nil {
			return err
		}
		if h.rows == huntingMaxRows {
			break
		}
		if h.rows > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('{')
		for i, c := range h.columns {
			if i > 0 {
				out.WriteByte(',')
			}
			d.cell(&out, enc, c, values[i])
		}
		out.WriteByte('}')
		if out.Len() > huntingMaxBytes {
			return errTooLong
		}
		h.rows++
	}
	out.WriteByte(']')
	h.text = out.Bytes()
	return nil
}

// encodeTo writes a value without the encoder's newline.
func encodeTo(b *bytes.Buffer, enc *json.Encoder, value any) {
	if err := enc.Encode(value); err != nil { // no value of kql comes here
		b.WriteString("null")
		return
	}
	b.Truncate(b.Len() - 1)
}

// plainCell writes a cell as MDE and XDR do. A bool is an SByte there, so it is printed as a number; nothing recorded
// shows one.
func plainCell(b *bytes.Buffer, enc *json.Encoder, c kql.Column, value any) {
	encodeTo(b, enc, c.Name)
	b.WriteByte(':')
	encodeTo(b, enc, sbyte(value))
}

// sbyte turns a bool into the number that an SByte is.
func sbyte(value any) any {
	if truth, ok := value.(bool); ok {
		if truth {
			return 1
		}
		return 0
	}
	return value
}

// graphCell writes a cell as Graph does: types that JSON does not show stand in a member beside it, and null is {}.
func graphCell(b *bytes.Buffer, enc *json.Encoder, c kql.Column, value any) {
	if kind := sidecar(c.Type, value); kind != "" {
		encodeTo(b, enc, c.Name+"@odata.type")
		b.WriteString(`:"` + kind + `",`)
	}
	encodeTo(b, enc, c.Name)
	b.WriteByte(':')
	if value == nil && (c.Type == kql.TypeBool || c.Type == kql.TypeDateTime || c.Type == kql.TypeDynamic) {
		b.WriteString("{}")
		return
	}
	encodeTo(b, enc, sbyte(value))
}

// sidecar names the type of a cell where Graph adds it. SByte and Collection(String) are recorded; Int64 is what the
// OData JSON format asks for.
func sidecar(t kql.Type, value any) string {
	switch {
	case value == nil:
		return ""
	case t == kql.TypeBool:
		return "#SByte"
	case t == kql.TypeLong:
		return "#Int64"
	case t == kql.TypeDynamic:
		if raw, ok := value.(json.RawMessage); ok {
			var texts []string
			if json.Unmarshal(raw, &texts) == nil && texts != nil {
				return "#Collection(String)"
			}
		}
	}
	return ""
}

// schemaColumn is one column of a result, as MDE and XDR print it; Graph's differs in case alone.
type schemaColumn struct {
	Name string `json:"Name"`
	Type string `json:"Type"`
}

// schema lists the columns of a result.
func (h *hunt) schema() []schemaColumn {
	list := []schemaColumn{}
	for _, c := range h.columns {
		list = append(list, schemaColumn{c.Name, c.Type.DotNet()})
	}
	return list
}

// huntingHeader gives the content type of the two older doors, which send no OData headers.
func huntingHeader() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}

// readQuery reads the body of the two older doors.
func readQuery(c *call) (string, reply, bool) {
	var body struct {
		Query *string `json:"Query"`
	}
	if refusal, ok := readBody(c, &body); !ok {
		return "", refusal, false
	}
	if body.Query == nil || *body.Query == "" {
		return "", missing("Query"), false
	}
	return *body.Query, reply{}, true
}

// tooLong refuses a result above the limit of bytes.
func tooLong() reply {
	return fail(http.StatusBadRequest, "BadRequest",
		"Query execution has exceeded the allowed result size. Optimize your query by limiting the number of results and try again")
}

// runPlain runs a query at one of the two older doors.
func runPlain(c *call, tables ...string) (hunt, reply, bool) {
	query, refusal, ok := readQuery(c)
	if !ok {
		return hunt{}, refusal, false
	}
	h, err := dialect{tables: tables, cell: plainCell}.run(c, query)
	switch {
	case errors.Is(err, errTooLong):
		return h, tooLong(), false
	case err != nil:
		return h, refuseQuery(err), false
	}
	return h, reply{}, true
}

// runMDEHunt is POST /api/advancedqueries/run, which knows the tables of devices alone.
func runMDEHunt(c *call) reply {
	h, refusal, ok := runPlain(c, "Device")
	if !ok {
		return refusal
	}
	return reply{header: huntingHeader(), body: struct {
		Schema  []schemaColumn  `json:"Schema"`
		Results json.RawMessage `json:"Results"`
	}{h.schema(), h.text}}
}
