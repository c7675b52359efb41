package stream_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// strict refuses hunts of more rows than it likes, as Microsoft does above bounds
// that are too large for a test.
type strict struct {
	transport

	most    int
	refusal string
	status  int
	refused int
}

// Do sends a request and looks at what comes back.
func (s *strict) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.transport.Do(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "runHuntingQuery") || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	// Counts are as small as the number of prefixes, and pass.
	if len(answer.Results) > s.most && !bytes.Contains(body, []byte(`"Prefix"`)) {
		s.refused++
		resp.StatusCode = s.status
		body = []byte(`{"error":{"code":"BadRequest","message":"` + s.refusal + `"}}`)
	}
	resp.Header.Del("Content-Length")
	resp.ContentLength = int64(len(body))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func hunting() []gatehouse.Permission {
	return []gatehouse.Permission{{Resource: gatehouse.ResourceGraph, Name: "ThreatHunting.Read.All"}}
}

// TestHuntsAreCut reads tables whose answers are above the bounds of hunting.
func TestHuntsAreCut(t *testing.T) {
	t.Parallel()
	const rows, size, heavy = "Query execution has exceeded the allowed result size.", "Result size limit exceeded.", "Query exceeded the timeout period."
	tests := []struct {
		name    string
		stream  gatehouse.Stream
		most    int
		refusal string
		status  int
	}{
		{"rows", stream.Vulnerabilities, 400, rows, http.StatusBadRequest},
		{"bytes", stream.Vulnerabilities, 150, size, http.StatusBadRequest},
		{"time", stream.Devices, 20, heavy, http.StatusBadRequest},
		{"gateway", stream.Devices, 30, "", http.StatusGatewayTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var bound *strict
			s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 60, VulnerabilityRows: 2000}}, hunting(), func(w transport) transport {
				bound = &strict{transport: w, most: tt.most, refusal: tt.refusal, status: tt.status}
				return bound
			})
			m := s.mustRead(t, door(t, tt.stream, gatehouse.APIGraph), stream.Request{})
			keys := truthOf(t, s, tt.stream)
			if diff := cmp.Diff(keys, m.keys()); diff != "" || !m.complete {
				t.Error("complete:", m.complete, "keys (-truth +mirror):\n", diff)
			}
			if bound.refused == 0 {
				t.Error("nothing was refused")
			}
			if m.upstream != int64(len(keys)) {
				t.Errorf("upstream is said to have %d, it has %d", m.upstream, len(keys))
			}
			t.Logf("%d rows in %d calls, %d refused", len(keys), m.calls, bound.refused)
		})
	}
}

// TestSpoiledHuntRows: a row of a hunt that is no row is set aside, and all others are
// read.
func TestSpoiledHuntRows(t *testing.T) {
	t.Parallel()
	for _, name := range []gatehouse.Stream{stream.Devices, stream.Vulnerabilities} {
		spoiled := 0
		s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 20}}, hunting(), func(w transport) transport {
			return &changed{w, func(_ *http.Request, body []byte) ([]byte, error) {
				if bytes.Contains(body, []byte(`"Prefix"`)) {
					return body, nil // counts, without which nothing can be read
				}
				spoiled += 2 * bytes.Count(body, []byte(`"results":[{`))
				return bytes.Replace(body, []byte(`"results":[{`), []byte(`"results":[5,"spoiled",{`), 1), nil
			}}
		})
		m := s.mustRead(t, door(t, name, gatehouse.APIGraph), stream.Request{})
		if diff := cmp.Diff(truthOf(t, s, name), m.keys()); diff != "" || !m.complete || spoiled == 0 || len(m.aside) != spoiled {
			t.Errorf("%s: complete %v, %d of %d set aside, keys:\n%s", name, m.complete, len(m.aside), spoiled, diff)
		}
		for _, a := range m.aside {
			if text := string(a.Document); text != "5" && text != `"spoiled"` || a.Key != "" || a.Reason == "" {
				t.Errorf("%s: got %+v, %s", name, a, text)
			}
		}
	}
}

// TestShortHunt: an answer that is whole and has far fewer rows than were counted is
// asked for again, and proves nothing when it stays so.
func TestShortHunt(t *testing.T) {
	t.Parallel()
	for short, complete := range map[int]bool{1: true, 100: false} {
		s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 60}}, hunting(), func(w transport) transport {
			return &changed{w, func(_ *http.Request, body []byte) ([]byte, error) {
				begin, end := bytes.Index(body, []byte(`"results":[`)), bytes.LastIndexByte(body, ']')
				if begin < 0 || short == 0 || bytes.Contains(body, []byte(`"Prefix"`)) {
					return body, nil
				}
				short--
				begin += len(`"results":`)
				var rows []json.RawMessage
				if err := json.Unmarshal(body[begin:end+1], &rows); err != nil {
					return nil, err
				}
				half, err := json.Marshal(rows[:len(rows)/2])
				return slices.Concat(body[:begin], half, body[end+1:]), err
			}}
		})
		m := s.mustRead(t, door(t, stream.Devices, gatehouse.APIGraph), stream.Request{})
		if m.complete != complete || complete != (len(m.records) == len(truthOf(t, s, stream.Devices))) {
			t.Errorf("complete %v with %d of %d devices, want %v", m.complete, len(m.records), m.upstream, complete)
		}
	}
}

// TestOneDeviceTooLarge gives up where nothing can be cut, and says which device it
// is.
func TestOneDeviceTooLarge(t *testing.T) {
	t.Parallel()
	s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 2, VulnerabilityRows: 300}}, hunting(), func(w transport) transport {
		return &strict{transport: w, most: 3, refusal: "Query execution has exceeded the allowed result size.", status: http.StatusBadRequest}
	})
	m, err := s.read(t.Context(), door(t, stream.Vulnerabilities, gatehouse.APIGraph), stream.Request{})
	if err == nil || m.complete || !strings.Contains(err.Error(), "device") {
		t.Error(m.complete, err)
	}
	if _, ok := errorsAs[*graph.Error](err); !ok {
		t.Errorf("the error of the service is lost: %v", err)
	}
}

// TestProofManyHunts reads a tenant through both doors, and says what hunting
// takes: in full, more rows than one answer may have.
func TestProofManyHunts(t *testing.T) {
	t.Parallel()
	size := emulator.Size{Devices: 300, Alerts: 10, VulnerabilityRows: 12_000, Events: -1}
	if os.Getenv("GATEHOUSE_PROOF") == "full" {
		size.Devices, size.VulnerabilityRows = 2000, 120_000
	}
	held := append(hunting(), gatehouse.Permission{Resource: gatehouse.ResourceMDE, Name: "Vulnerability.Read.All"})
	s := raise(t, emulator.Options{Size: size}, held)
	a := s.mustRead(t, door(t, stream.Vulnerabilities, gatehouse.APIMDE), stream.Request{})
	b := s.mustRead(t, door(t, stream.Vulnerabilities, gatehouse.APIGraph), stream.Request{})
	if diff := cmp.Diff(a.keys(), b.keys()); diff != "" {
		t.Error("keys (-mde +graph):\n", diff)
	}
	different := 0
	for key, x := range a.records {
		if x.Common != b.records[key].Common {
			different++
		}
	}
	if different > 0 {
		t.Errorf("%d of %d differ", different, len(a.records))
	}
	t.Logf("%d rows: %d calls by export, %d calls of hunting, floor %d", len(a.records), a.calls, b.calls, b.floor)
}
