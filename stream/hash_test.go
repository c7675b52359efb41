package stream

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"pgregory.net/rapid"
)

func TestContent(t *testing.T) {
	t.Parallel()
	plain := Stream{Noisy: []string{"lastSeen"}}
	tests := []struct {
		name string
		s    Stream
		a, b string
		same bool
	}{
		{"order of members", plain, `{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{"order of inner members", plain, `{"a":{"x":1,"y":[{"p":1,"q":2}]}}`, `{"a":{"y":[{"q":2,"p":1}],"x":1}}`, true},
		{"order of a list", plain, `{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{"white space", plain, "{\"a\" : [ 1 , {\"b\": \"c\" } ] }", `{"a":[1,{"b":"c"}]}`, true},
		{"escapes", plain, `{"a":"caf\u00e9 \/"}`, `{"a":"café /"}`, true},
		{"escapes of names", plain, `{"\u0061":1}`, `{"a":1}`, true},
		{"noise", plain, `{"a":1,"lastSeen":"2026-01-01"}`, `{"lastSeen":"2026-02-02","a":1}`, true},
		{"noise that is absent", plain, `{"a":1,"lastSeen":"2026-01-01"}`, `{"a":1}`, true},
		{"noise only at the top", plain, `{"a":{"lastSeen":1}}`, `{"a":{"lastSeen":2}}`, false},
		{"the type of noise", plain, `{"a":1,"lastSeen@odata.type":"#Int64","lastSeen":1}`, `{"a":1}`, true},
		{"the answer's context", plain, `{"@odata.context":"x","a":1}`, `{"a":1}`, true},
		{"the type of the object", plain, `{"@odata.type":"x","a":1}`, `{"@odata.type":"y","a":1}`, false},
		{"large numbers", plain, `{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{"numbers as they are written", plain, `{"a":1.0}`, `{"a":1}`, false},
		{"null and absent", plain, `{"a":null}`, `{}`, false},
		{"case", plain, `{"A":1}`, `{"a":1}`, false},
		{"text and number", plain, `{"a":"1"}`, `{"a":1}`, false},
		{"where a member ends", plain, `{"a":"1","b":"2"}`, `{"a":"1\",\"b\":\"2"}`, false},
		{"loose case", vulnerabilities(), `{"DeviceId":"d"}`, `{"deviceId":"d"}`, true},
		{"loose null", vulnerabilities(), `{"deviceId":"d","cveId":null}`, `{"DeviceId":"d"}`, true},
		{"loose noise", vulnerabilities(), `{"deviceId":"d","status":"New","eventTimestamp":"x"}`, `{"DeviceId":"d","LastSeenTimestamp":"y","SecurityUpdateAvailable":true}`, true},
		{"loose values", vulnerabilities(), `{"DeviceId":"D"}`, `{"deviceId":"d"}`, false},
		{"no object", plain, `[1]`, `[2]`, false},
		{"no JSON", plain, `{"a":`, `{"b":`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.s.Content([]byte(tt.a)) == tt.s.Content([]byte(tt.b)); got != tt.same {
				t.Errorf("same is %v", got)
			}
		})
	}
}

// anything draws a JSON value.
func anything(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int().AsAny(), rapid.String().AsAny(), rapid.Float64Range(-1e6, 1e6).AsAny(),
	}
	if depth > 0 {
		scalars = append(scalars,
			rapid.SliceOfN(anything(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.StringMatching(`[a-z]{1,6}`), anything(depth-1), 0, 4).AsAny(),
		)
	}
	return rapid.OneOf(scalars...)
}

// shuffled writes an object with its members in any order and blanks between them.
func shuffled(v any, r *rand.Rand) string {
	switch v := v.(type) {
	case map[string]any:
		names := slices.Collect(maps.Keys(v))
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		var parts []string
		for _, name := range names {
			parts = append(parts, text(name)+" : "+shuffled(v[name], r))
		}
		return "{ " + strings.Join(parts, " , ") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, shuffled(e, r))
		}
		return "[" + strings.Join(parts, ", ") + " ]"
	}
	return text(v)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestContentProperties: neither order nor blanks nor noise change the hash, and
// any other change does.
func TestContentProperties(t *testing.T) {
	t.Parallel()
	s := Stream{Noisy: []string{"noise"}}
	rapid.Check(t, func(t *rapid.T) {
		document := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,6}`), anything(2), 0, 6).Draw(t, "document")
		delete(document, "noise")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		hash := s.Content([]byte(text(document)))
		if s.Content([]byte(shuffled(document, r))) != hash {
			t.Fatal("order or blanks count")
		}
		noisy := maps.Clone(document)
		noisy["noise"] = rapid.String().Draw(t, "noise")
		if s.Content([]byte(shuffled(noisy, r))) != hash {
			t.Fatal("noise counts")
		}
		changed := maps.Clone(document)
		name := rapid.StringMatching(`[a-z]{1,6}`).Filter(func(s string) bool { return s != "noise" }).Draw(t, "name")
		value := anything(1).Draw(t, "value")
		if old, had := changed[name]; had && text(old) == text(value) {
			delete(changed, name)
		} else {
			changed[name] = value
		}
		if s.Content([]byte(shuffled(changed, r))) == hash {
			t.Fatalf("a change of %s does not count", name)
		}
	})
}

func TestFactsAreToldApart(t *testing.T) {
	t.Parallel()
	seen := map[gatehouse.Hash]string{}
	for _, f := range []facts{{}, {""}, {"a", "b"}, {"ab"}, {"a", "", "b"}, {"a\",\"b"}} {
		if other, ok := seen[f.hash()]; ok {
			t.Errorf("%q and %s have one hash", f, other)
		}
		seen[f.hash()] = fmt.Sprintf("%q", f)
	}
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"CompromisedUser", "compromisedAccount"}, {"Clean", "notMalicious"}, {"InsufficientData", "notEnoughDataToValidate"},
		{"ConfirmedUserActivity", "confirmedActivity"}, {"NotAvailable", "unknown"}, {"", "unknown"}, {"Malware", "malware"},
	} {
		if determination(pair[0]) != determination(pair[1]) {
			t.Errorf("%q and %q are two", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"UnSpecified", "unknown"}, {"InProgress", "inProgress"}, {"Informational, expected activity", "informationalExpectedActivity"},
	} {
		if enum(pair[0]) != enum(pair[1]) {
			t.Errorf("%q and %q are two", pair[0], pair[1])
		}
	}
}

// FuzzContent: no document breaks the hash, and it is the same each time.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1,"a":2}`, `{"\ud800":"\ud800"}`, `{`, ``, `null`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	s := vulnerabilities()
	f.Fuzz(func(t *testing.T, document []byte) {
		before := string(document)
		if first := s.Content(document); first != s.Content([]byte(before)) {
			t.Error("two hashes of one document")
		}
		if string(document) != before {
			t.Error("the document was changed")
		}
	})
}

func BenchmarkContent(b *testing.B) {
	document := []byte(`{"id":"da637551227677560813_-961444813","incidentId":1126093,"severity":"Low","title":"Suspicious \"activity\"","comments":[{"comment":"x","createdBy":"y"}],"evidence":[{"entityType":"User","sha1":null,"processId":5,"nested":{"b":1,"a":2}}],"lastSeen":"2026-01-01T00:00:00Z"}`)
	h := newHasher(devices())
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		h.content(document)
	}
}
