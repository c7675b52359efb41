package mcp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// Parameters that several tools have.
func integrationParam() param {
	return param{name: "integration", kind: text, about: "Id or name of the integration (tenant). May be left out where one alone has it."}
}

func integrationsParam() param {
	return param{name: "integrations", kind: texts, about: "Ids or names of integrations (tenants). Default: all that the key may see."}
}

func detailParam() param {
	return param{name: "detail", kind: flag, about: "The whole records as OCSF events instead of the members that matter: long.", usual: false}
}

func limitParam() param {
	return param{name: "limit", kind: integer, about: "Rows of a page.", low: 1, high: 200, usual: usualRows}
}

func cursorParam() param {
	return param{name: "cursor", kind: text, about: "next of the page before, with the other arguments the same."}
}

// Rows of a page, where nothing is said.
const (
	usualRows   = 25
	usualDetail = 5 // of whole records
)

// recordTools are the tools that read records.
func recordTools() []tool {
	var all []tool
	for _, r := range recordResources() {
		all = append(all, r.list())
		if r.getTool != "" {
			all = append(all, r.get())
		}
	}
	return all
}

// list is the tool that lists a resource.
func (r resource) list() tool {
	var params []param
	if r.onDevice {
		params = append(params, param{name: "device", kind: text, about: "Id or exact name of one device."})
	}
	for _, f := range r.filters {
		params = append(params, f.param)
	}
	params = append(params, integrationsParam(),
		param{name: "filter", kind: texts, about: "More conditions as field[operator]value, all of which must hold; get_capabilities lists fields and operators."},
		r.sortParam(),
		param{name: "count", kind: flag, about: "Also count all, up to 10,000.", usual: false},
		limitParam(), cursorParam(), detailParam())
	return tool{
		name: r.listTool, title: "List " + r.many, about: r.about, scope: api.ScopeRead, hints: fromOutside(), params: params,
		run: func(ctx context.Context, s *session, a arguments) (any, error) { return s.listRecords(ctx, r, a) },
	}
}

// sortParam says by what a list is sorted.
func (r resource) sortParam() param {
	p := param{name: "sort", kind: text, about: "A field to sort by, with a minus before it for descending; get_capabilities lists them."}
	if r.sort != "" {
		p.usual = r.sort
	}
	return p
}

// query is what the arguments of a list ask for.
func (r resource) query(a arguments) client.Query {
	q := client.Query{
		Integrations: a.texts("integrations"), Filter: slices.Clone(a.texts("filter")), Sort: a.text("sort"), Count: a.flag("count"),
		Cursor: a.text("cursor"), Raw: true, NoOCSF: true, Limit: a.integer("limit", usualRows),
	}
	if q.Sort == "" {
		q.Sort = r.sort
	}
	if a.flag("detail") {
		q.Raw, q.NoOCSF, q.Limit = false, false, a.integer("limit", usualDetail)
	}
	for _, f := range r.filters {
		if condition := f.condition(a[f.param.name]); condition != "" {
			q.Filter = append(q.Filter, condition)
		}
	}
	return q
}

// condition is the filter as the API has it; empty when it is not asked for.
func (f filter) condition(value any) string {
	var operand string
	switch v := value.(type) {
	case nil:
		return ""
	case []string:
		escaped := make([]string, len(v))
		for i, one := range v {
			escaped[i] = strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(one)
		}
		operand = strings.Join(escaped, ",")
	case float64:
		operand = strconv.FormatFloat(v, 'g', -1, 64)
	default:
		operand = fmt.Sprint(v)
	}
	return f.field + "[" + f.op + "]" + operand
}

// listRecords reads a page of a list.
func (s *session) listRecords(ctx context.Context, r resource, a arguments) (any, error) {
	service, q := r.service(s.c), r.query(a)
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	if device := a.text("device"); device != "" && r.onDevice {
		found, err := s.one(ctx, deviceResource(), a.texts("integrations"), device, client.Query{NoOCSF: true})
		if err != nil {
			return nil, err
		}
		service, q.Integrations = service.Of(found.Integration, found.ID), nil
	}
	page, err := service.Page(ctx, q)
	if err != nil {
		return nil, err
	}
	out := table{
		Note: counted(len(page.Items), r.one, r.many), Count: page.Count,
		Mirrors: s.mirrorsOf(page.Mirrors, names), Problems: shownProblems(page.Problems),
	}
	if len(page.Items) > 0 {
		out.Note += " " + outsideNote
	}
	if page.Next != "" {
		out.Next, out.More = page.Next, goOn(r.listTool, "cursor")
	}
	if a.flag("detail") {
		for _, item := range page.Items {
			out.Items = append(out.Items, item)
		}
		return out, nil
	}
	out.fill(r.rows(page.Items, names))
	return out, nil
}

// rows are records as rows of the columns that matter.
func (r resource) rows(items []api.Record, names integrationNames) ([]string, [][]any) {
	columns := r.columns
	if len(names.all) > 1 {
		columns = append(slices.Clone(columns), column{name: "integration", of: func(r api.Record) any { return names.of(r.Integration) }})
	}
	columns = append(slices.Clone(columns), column{name: "removed", of: func(r api.Record) any {
		if r.Removed.IsZero() {
			return nil
		}
		return r.Removed
	}})
	heads := make([]string, len(columns))
	for n, c := range columns {
		heads[n] = c.name
	}
	rows := make([][]any, len(items))
	for i, item := range items {
		document := documentOf(item)
		for _, c := range columns {
			rows[i] = append(rows[i], c.value(item, document))
		}
	}
	return heads, rows
}

// get is the tool that shows one record.
func (r resource) get() tool {
	return tool{
		name: r.getTool, title: "Show a " + r.one, about: r.getAbout, scope: api.ScopeRead, hints: fromOutside(),
		params: []param{
			r.id, integrationParam(), detailParam(),
			{name: "live", kind: flag, about: "Ask Defender now instead of the mirror. Spends from Microsoft's limits.", usual: false},
		},
		run: func(ctx context.Context, s *session, a arguments) (any, error) { return s.getRecord(ctx, r, a) },
	}
}

// getRecord shows one record.
func (s *session) getRecord(ctx context.Context, r resource, a arguments) (any, error) {
	names, err := s.integrations(ctx)
	if err != nil {
		return nil, err
	}
	var among []string
	if name := a.text("integration"); name != "" {
		among = []string{name}
	}
	detail := a.flag("detail")
	record, err := s.one(ctx, r, among, a.text(r.id.name), client.Query{Raw: true, NoOCSF: !detail, Live: a.flag("live")})
	if err != nil {
		return nil, err
	}
	document := documentOf(record)
	out := recordView{
		Note: outsideNote, Integration: names.of(record.Integration), Since: moment(record.FirstSeen), Changed: moment(record.Changed), Removed: moment(record.Removed),
		Record: pick(append(slices.Clone(r.columns), r.more...), record, document),
	}
	if r.link != nil {
		out.Link = r.link(portalOf(names.cloud(record.Integration)), record, document)
	}
	if detail {
		out.Record = document
		if len(record.OCSF) > 0 {
			out.Record = record.OCSF
		}
	}
	return out, nil
}

// recordView is one record as a model needs it.
type recordView struct {
	Note        string `json:"note"`
	Integration string `json:"integration"`
	Link        string `json:"link,omitempty"`
	Since       any    `json:"in_mirror_since,omitempty"`
	Changed     any    `json:"last_change_seen,omitempty"`
	Removed     any    `json:"removed,omitempty"`
	Record      any    `json:"record"`
}

// mostAsked is up to how many integrations are asked for one record, when it is
// not said in which it is.
const mostAsked = 50

// one finds the one record that an id or a name means, in the integrations that
// are named or in all.
func (s *session) one(ctx context.Context, r resource, among []string, id string, q client.Query) (api.Record, error) {
	if len(among) == 0 {
		names, err := s.integrations(ctx)
		if err != nil {
			return api.Record{}, err
		}
		if len(names.all) > mostAsked {
			return api.Record{}, badArgument("integration", fmt.Sprintf("there are %d integrations: say which one", len(names.all)))
		}
		for _, i := range names.all {
			among = append(among, i.ID)
		}
	}
	var found []api.Record
	var candidates []api.Candidate
	for _, integration := range among {
		record, err := r.service(s.c).Get(ctx, integration, id, q)
		var p *api.Problem
		switch {
		case err == nil:
			found = append(found, record)
			candidates = append(candidates, api.Candidate{Integration: record.Integration, ID: record.ID})
		case errors.As(err, &p) && p.Code == api.CodeAmbiguous:
			candidates = append(candidates, p.Candidates...)
		case errors.As(err, &p) && p.Code == api.CodeNotFound && len(among) > 1:
		default:
			return api.Record{}, err
		}
	}
	if len(found) == 1 && len(candidates) == 1 {
		return found[0], nil
	}
	return api.Record{}, r.notOne(id, candidates)
}

// notOne says that nothing is meant, or more than one thing.
func (r resource) notOne(id string, candidates []api.Candidate) error {
	if len(candidates) == 0 {
		return &api.Problem{
			Status: 404, Code: api.CodeNotFound, Title: "There is no such thing", Detail: fmt.Sprintf("there is no %s %q", r.one, id),
			Mend: "find it with " + r.listTool,
		}
	}
	return &api.Problem{
		Status: 409, Code: api.CodeAmbiguous, Title: "The name means more than one", Detail: fmt.Sprintf("%q fits more than one %s", id, r.one),
		Mend: "ask the user which one is meant, and call again with its id and integration", Candidates: candidates,
	}
}
