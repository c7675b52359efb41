package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// explorer asks the API whatever its document lets one think of.
type explorer struct {
	*stage
	*maker
	document *document
	judge    *judge
	samples  map[string]func() any
	keys     []string
	spared   map[string]bool            // ids that must outlive the exploration
	ids      map[string][]string        // by the first segment of a path: ids that are or were there
	seen     map[string]map[string]bool // by operation: the statuses that came
	asked    int
	refused  int             // 4xx
	live     bool            // whatever can be asked of Defender is
	patient  bool            // actions go on, so that there is something to fetch
	told     map[string]bool // what was found already
}

// question is one request.
type question struct {
	op      *operation // nil: none of the document
	method  string
	target  string
	header  http.Header
	body    []byte // nil: none
	invalid bool   // the body is JSON and not what the schema allows
}

// newExplorer prepares an exploration of a filled server.
func newExplorer(t testing.TB, seed uint64) *explorer {
	t.Helper()
	s := newStage(t, 12)
	other := s.connect("other")
	text := fetch(t, s.web.Config.Handler, "/openapi.json")
	d := readDocument(t, text)
	x := &explorer{
		stage: s, document: d, judge: newJudge(d), spared: map[string]bool{s.integration.ID: true},
		maker: &maker{Rand: rand.New(rand.NewPCG(seed, 1)), schemas: d.Components.Schemas},
		ids:   map[string][]string{"integrations": {s.integration.ID, other.ID}, "score-streams": {"exposure-score", "secure-scores"}},
		seen:  map[string]map[string]bool{}, told: map[string]bool{},
	}
	for _, scope := range gatehouse.Scopes() {
		id, text := s.key(scope)
		x.keys, x.spared[id] = append(x.keys, text), true
	}
	x.known, x.samples = x.meaningful(other), x.bodies()
	for r, err := range s.app.Store().Records(t.Context(), s.integration.ID, stream.Devices, store.RecordQuery{}) {
		must(t, err)
		x.keep("devices", r.Key)
	}
	return x
}

// meaningful are values that get further into the server than random ones, by name
// of member or parameter.
func (x *explorer) meaningful(other gatehouse.Integration) map[string][]any {
	access := x.emulator.DefaultTenant()
	integrations := []any{x.integration.ID, "main", other.ID, "other", "nobody"}
	return map[string][]any{
		"integration": integrations, "integrations": integrations, "tenant": {access.TenantID, access.Domain, "contoso.example"}, "clientId": {access.ClientID},
		"secret": {access.Secret, "wrong"}, "action": {"isolate", "release", "scan", "restrict", "tag", "update-alert", "comment-incident", "collect-package", "cancel", "offboard"},
		"query":  {"DeviceInfo | take 3", "DeviceInfo | summarize count() by OSPlatform", "Nothing | take 1", "DeviceInfo |", "union *"},
		"filter": {"risk[eq]High", "risk[in]High,Low", "lastSeen[ge]2026-01-01T00:00:00Z", "name[contains]a", "severity[ne]High", "name[exists]true", "firstSeen[lt]2030-01-01T00:00:00Z"},
		"sort":   {"-lastSeen", "name", "-risk", "severity"}, "fields": {"ocsf.device.hostname", "raw.riskScore", "derived", "ocsf", "raw"},
		"every": {"1h", "5m", "1s", "-1h"}, "keepOld": {"24h", "0s", "-5m", "9999999h"}, "timespan": {"P1D", "PT1H", "P"},
		"stream": {"devices", "alerts", "exposure-score"}, "format": {"ocsf", "raw"}, "state": {"succeeded", "planned", "queued", "waiting"}, "cursor": {"x"},
		"targets": {"nobody"}, "operation": {"actions.submit", "actions.*"}, "baseUrl": {"https://api.security.microsoft.com", "http://127.0.0.1:1", "https://example.com"},
		"reference": {"env:NOTHING", "file:/nothing"}, "expires": {time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "2001-01-01T00:00:00Z"},
	}
}

// bodies make bodies that are likely taken, by operation.
func (x *explorer) bodies() map[string]func() any {
	access := x.emulator.DefaultTenant()
	name := func() string { return fmt.Sprintf("made-%d", x.asked) }
	return map[string]func() any{
		"submitAction": func() any {
			order := map[string]any{
				"integration": "main", "action": one(x.maker, []string{"isolate", "release", "scan", "collect-package"}), "comment": "a drill",
				"targets": []any{one(x.maker, x.ids["devices"])}, "dryRun": x.chance(0.3), "approval": x.chance(0.6),
			}
			if order["action"] == "isolate" {
				order["parameters"] = map[string]any{"type": one(x.maker, []string{"Full", "Selective"})}
			}
			return order
		},
		"createIntegration": func() any {
			return map[string]any{
				"name": name(), "tenant": access.TenantID, "clientId": x.guid(), "skipCheck": x.chance(0.8),
				"credential": map[string]any{"secret": access.Secret},
			}
		},
		"replaceCredential": func() any { return map[string]any{"secret": access.Secret} },
		"updateIntegration": func() any { return map[string]any{"name": name()} },
		"createKey":         func() any { return map[string]any{"name": name(), "scopes": []any{"admin"}} },
		"createHunt":        func() any { return map[string]any{"name": name(), "query": "DeviceInfo | take 1"} },
		"rotateKey":         func() any { return map[string]any{} },
		"approveAction":     func() any { return map[string]any{"note": "so be it"} },
		"cancelAction":      func() any { return map[string]any{"comment": "no more"} },
		"replaceHunt":       func() any { return map[string]any{"name": name(), "query": "DeviceInfo | take 1"} },
	}
}

// explore asks so many questions, or those for which there is time. It says each
// minute how far it has come.
func (x *explorer) explore(operations []*operation, questions int) {
	x.Helper()
	const longest = 10 * time.Minute
	begun := time.Now()
	said := begun
	for n := range questions {
		switch now := time.Now(); {
		case len(x.told) >= 20:
			return
		case now.Sub(begun) > longest:
			x.Logf("the time is over: %d of %d questions were asked in %s", n, questions, longest)
			return
		case now.Sub(said) > time.Minute:
			said = now
			x.Logf("%d of %d questions in %s, %d refused", n, questions, now.Sub(begun).Round(time.Second), x.refused)
		}
		x.ask(x.draw(operations))
	}
}

// draw makes one question.
func (x *explorer) draw(operations []*operation) question {
	if x.chance(0.02) {
		return question{
			method: one(x.maker, []string{"GET", "PUT", "HEAD", "OPTIONS", "TRACE", "FOO", "DELETE"}), header: http.Header{},
			target: one(x.maker, []string{"/", "/v1", "/v1/", "/v1/devices/", "/v1//devices", "/v1/keys", "/v1/%2e%2e/keys", "/healthz", "/docs/", "/v1/actions/a/b/c", "/%00", "/v1/devices/" + url.PathEscape(x.text(1, 9))}),
		}
	}
	op := one(x.maker, operations)
	for op.OperationID == "followEvents" && !x.chance(0.1) || op.OperationID == "getActionResult" && x.patient && !x.chance(0.02) {
		op = one(x.maker, operations) // those take their time
	}
	q := question{op: op, method: op.method, header: http.Header{}}
	wild := x.chance(0.5) // whether anything is to be wrong
	q.target = x.path(op, wild) + x.query(op, wild)
	x.headers(op, wild, q.header)
	if op.RequestBody != nil || wild && x.chance(0.05) {
		x.fillBody(&q, wild)
	}
	return q
}

// path fills in the variables of a path.
func (x *explorer) path(op *operation, wild bool) string {
	noun := strings.Split(op.path, "/")[2]
	return regexp.MustCompile(`\{(\w+)\}`).ReplaceAllStringFunc(op.path, func(name string) string {
		name = strings.Trim(name, "{}")
		from := map[string]string{"integration": "integrations", "id": noun, "key": "keys", "hunt": "hunts", "run": "hunt-runs", "action": "actions", "stream": "score-streams"}[name]
		ids := x.ids[from]
		if from == "integrations" && !strings.HasPrefix(op.path, "/v1/integrations") && x.chance(0.8) {
			ids = ids[:1] // the one that holds something
		}
		switch {
		case wild && x.chance(0.2):
			bad := x.badText()
			if bad == "" || bad == "." || bad == ".." {
				bad = "-" // a client would clean the path
			}
			return url.PathEscape(bad)
		case name == "number":
			return strconv.Itoa(x.IntN(3))
		case len(ids) == 0:
			return "none"
		}
		id := one(x.maker, ids)
		if x.chance(0.5) { // what is new is in more states
			id = ids[len(ids)-1-x.IntN(min(5, len(ids)))]
		}
		if x.spared[id] && op.method != http.MethodGet && op.OperationID != "checkIntegration" {
			id = "none"
		}
		return url.PathEscape(id)
	})
}

// query is the query of a URL, with its question mark.
func (x *explorer) query(op *operation, wild bool) string {
	var parts []string
	put := func(name, value string) { parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(value)) }
	for _, p := range op.Parameters {
		if p.In != "query" || !x.chance(0.3) {
			continue
		}
		for again := true; again; again = wild && x.chance(0.1) { // the same parameter more than once
			if wild && x.chance(0.4) {
				put(p.Name, x.badText())
				continue
			}
			value := x.value(p.Schema, p.Name, 0)
			list, several := value.([]any)
			switch {
			case !several:
				put(p.Name, fmt.Sprint(value))
			case p.Explode:
				for _, item := range list {
					put(p.Name, fmt.Sprint(item))
				}
			default:
				put(p.Name, strings.ReplaceAll(strings.Trim(fmt.Sprint(list), "[]"), " ", ","))
			}
		}
	}
	if wild && x.chance(0.1) {
		put(one(x.maker, []string{"unknown", "", "limit", "Filter", "live", x.text(1, 5)}), x.badText())
	}
	if wild && x.chance(0.03) {
		parts = append(parts, one(x.maker, []string{"%zz", "a;b", "=", "&&", "limit", "%00=%00", "filter[]=a"}))
	}
	if x.live && !wild {
		for _, p := range op.Parameters {
			if p.Name == "live" {
				parts = []string{"live=true"}
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// headers sets the headers of a question.
func (x *explorer) headers(op *operation, wild bool, h http.Header) {
	h.Set("Authorization", "Bearer "+x.keys[min(2, x.IntN(6))]) // mostly the one that may everything
	if wild && x.chance(0.03) {
		h.Set("Authorization", one(x.maker, []string{"", "Bearer", "Bearer ", "Basic YTpi", "Bearer gh_x_y", "bearer " + x.keys[0], "Bearer a.b.c", "Bearer " + strings.Repeat("x", 4000)}))
	}
	for _, p := range op.Parameters {
		if p.In != "header" || !p.Required && !x.chance(0.3) {
			continue
		}
		value := one(x.maker, []string{"one", "two", "three", strconv.Itoa(x.Int()), `"abc"`, "*", `W/"x"`})
		if wild && x.chance(0.2) {
			value = one(x.maker, []string{"", strings.Repeat("k", 300), "ä", "-1", "99999999999999999999", `"`, ",,,"})
		}
		h.Set(p.Name, value)
	}
	if x.chance(0.05) {
		h.Set("X-Request-ID", one(x.maker, []string{"mine-1", "bad id", strings.Repeat("x", 200), "ä", "<script>"}))
	}
	if wild && x.chance(0.05) {
		h.Set("Accept", one(x.maker, []string{"*/*", "text/html", "application/cbor", "", "application/json;q=0", "x"}))
	}
}

// fillBody gives a question a body.
func (x *explorer) fillBody(q *question, wild bool) {
	q.header.Set("Content-Type", "application/json")
	if wild && x.chance(0.15) {
		q.body = []byte(x.badBody())
	} else {
		var v any = map[string]any{}
		if q.op.RequestBody != nil {
			v = x.value(q.op.RequestBody.Content["application/json"].Schema, "", 0)
			if sample := x.samples[q.op.OperationID]; sample != nil && x.chance(0.5) {
				v = sample()
			}
		}
		if wild {
			for range 1 + x.IntN(2) {
				v = x.spoil(v)
			}
		}
		text, err := json.Marshal(v)
		must(x, err)
		q.body, q.invalid = text, !x.judge.allows(q.op, text)
	}
	if wild && x.chance(0.1) {
		q.header.Set("Content-Type", one(x.maker, []string{"", "text/plain", "application/xml", "application/json; charset=latin1", "application/cbor", "multipart/form-data", "application/x-www-form-urlencoded", "x", "application/problem+json"}))
	}
}

// ask sends a question and judges the answer.
func (x *explorer) ask(q question) {
	x.Helper()
	x.asked++
	patience := 30 * time.Second
	if q.op != nil && q.op.OperationID == "getActionResult" {
		patience = 2 * time.Minute // the SDK waits up to 90 seconds for its turn by Microsoft's limits
	}
	if q.op != nil && q.op.OperationID == "followEvents" {
		patience = 100 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(x.Context(), patience)
	defer cancel()
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, x.web.URL+q.target, body)
	must(x, err)
	req.Header = q.header
	resp, err := x.web.Client().Do(req)
	if err != nil {
		x.Errorf("question %d: %s: %v", x.asked, q, err)
		return
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil && patience > time.Second {
		x.Errorf("question %d: %s: %v", x.asked, q, err)
		return
	}
	for _, fault := range x.judge.faults(q, resp, text) {
		same := fmt.Sprintf("%p %d %.40s", q.op, resp.StatusCode, fault)
		if x.told[same] {
			continue // once is enough
		}
		x.told[same] = true
		x.Errorf("question %d: %s\n%s %s\n%.1500s\n%s", x.asked, q, resp.Status, resp.Header, text, fault)
	}
	x.learn(q, resp.StatusCode, text)
}

// String is the question, for whoever has to mend what it found.
func (q question) String() string {
	id := ""
	if q.op != nil {
		id = q.op.OperationID
	}
	h := q.header.Clone()
	h.Del("Authorization")
	return fmt.Sprintf("%s: %s %.600q %v %.900q", id, q.method, q.target, h, q.body)
}

// learn keeps the ids of an answer for later questions.
func (x *explorer) learn(q question, status int, text []byte) {
	if q.op == nil {
		return
	}
	if x.seen[q.op.OperationID] == nil {
		x.seen[q.op.OperationID] = map[string]bool{}
	}
	x.seen[q.op.OperationID][strconv.Itoa(status)] = true
	if status >= http.StatusBadRequest {
		x.refused++
		return
	}
	var page struct {
		ID, Next any
		Items    []struct{ ID, Name any }
	}
	if json.Unmarshal(text, &page) != nil { //nolint:musttag // the names differ in case alone
		return
	}
	noun := strings.Split(q.op.path, "/")[2]
	if strings.HasSuffix(q.op.path, "/runs") {
		noun = "hunt-runs"
	}
	x.keep(noun, page.ID)
	for _, item := range page.Items {
		x.keep(noun, item.ID)
	}
	if cursor, ok := page.Next.(string); ok && cursor != "" {
		x.known["cursor"] = append(x.known["cursor"], cursor)
	}
}

// keep notes an id that an answer has shown.
func (x *explorer) keep(noun string, id any) {
	name, ok := id.(string)
	const most = 200
	if ids := x.ids[noun]; ok && len(ids) < most {
		x.ids[noun] = append(ids, name)
	}
	if targets := x.known["targets"]; ok && len(targets) < most && (noun == "devices" || noun == "alerts") {
		x.known["targets"] = append(targets, name)
	}
}

// seedOf is the seed of an exploration: that of GATEHOUSE_SEED, which replays one
// that has failed, or the given one.
func seedOf(t testing.TB, otherwise uint64) uint64 {
	t.Helper()
	if text := os.Getenv("GATEHOUSE_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		must(t, err)
		return seed
	}
	return otherwise
}

// Whatever is asked, right or wrong, the answer is one that the document declares,
// and never a fault.
func TestProofExplore(t *testing.T) {
	t.Parallel()
	const few = 1500
	seed, questions := seedOf(t, 1), few
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		seed, questions = seedOf(t, uint64(time.Now().UnixNano())), 30_000
	}
	x := newExplorer(t, seed)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to replay: GATEHOUSE_SEED=%d", seed)
		}
	})
	if questions > few {
		x.patient = true
		must(t, x.app.Start(t.Context())) // actions go on, and the mirror moves
	}
	begun := time.Now()
	x.explore(x.document.operations(), questions)
	t.Logf("seed %d: %d questions in %s, %d refused", seed, x.asked, time.Since(begun).Round(time.Second), x.refused)
	x.covered()
}

// When Defender fails, the answer says so as a problem, and nothing else goes wrong.
func TestProofExploreFaults(t *testing.T) {
	t.Parallel()
	seed, questions := seedOf(t, 1), 25
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		seed, questions = seedOf(t, uint64(time.Now().UnixNano())), 1_000
	}
	x := newExplorer(t, seed)
	faults := emulator.Faults{Seed: seed}
	for _, kind := range []emulator.FaultKind{
		emulator.FaultServerError, emulator.FaultThrottle, emulator.FaultDroppedConnection, emulator.FaultTruncatedBody, emulator.FaultCutBody, emulator.FaultExpiredToken,
	} {
		faults.List = append(faults.List, emulator.Fault{Kind: kind, Probability: 0.15})
	}
	must(t, x.emulator.SetFaults(faults))
	x.judge.upstream = true
	var operations []*operation
	for _, op := range x.document.operations() {
		if r, _ := x.document.answer(op, "502"); r != nil {
			operations = append(operations, op)
		}
	}
	if len(operations) < 10 {
		t.Fatalf("%d operations ask Defender", len(operations))
	}
	x.live = true
	x.explore(operations, questions)
	must(t, x.emulator.SetFaults(emulator.Faults{List: []emulator.Fault{{Kind: emulator.FaultServerError, Probability: 1}}}))
	for _, op := range operations {
		if op.OperationID == "getDevice" { // what is retried in vain
			x.ask(question{
				op: op, method: op.method, target: "/v1/devices/main/" + x.ids["devices"][0] + "?live=true",
				header: http.Header{"Authorization": {"Bearer " + x.keys[0]}},
			})
		}
	}
	statuses := map[string]int{}
	for _, seen := range x.seen {
		for status := range seen {
			statuses[status]++
		}
	}
	t.Logf("seed %d: %d questions to %d operations; statuses and how many have answered with them: %v", seed, x.asked, len(operations), statuses)
	if statuses["502"] == 0 {
		t.Error("no fault of Defender was seen")
	}
}

// covered asserts that the exploration was one: every operation was asked, and
// nearly all of them have said yes and no.
func (x *explorer) covered() {
	x.Helper()
	var never []string
	operations := x.document.operations()
	for _, op := range operations {
		yes, no := false, false
		for status := range x.seen[op.OperationID] {
			yes, no = yes || status < "400", no || status >= "400"
		}
		if !yes || !no {
			never = append(never, fmt.Sprintf("%s %v", op.OperationID, sorted(x.seen[op.OperationID])))
		}
	}
	x.Logf("%d of %d operations have said both yes and no; the others: %q", len(operations)-len(never), len(operations), never)
	if len(never) > len(operations)/5 {
		x.Errorf("too few")
	}
}
