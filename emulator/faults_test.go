package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// strike starts an emulator with one fault that hits the second call to a route.
func strike(t *testing.T, f Fault) (*Server, string) {
	t.Helper()
	f.Calls = []int{2}
	s := begin(t, Options{Clock: NewFakeClock(epoch), Faults: Faults{List: []Fault{f}}})
	return s, tokenFor(t, s, mdeResource)
}

const machinesRoute = "GET /api/machines"

func TestFaultedAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault Fault
		want  int
		retry string
		has   string
	}{
		{"429", Fault{Kind: FaultThrottle, RetryAfter: 1500 * time.Millisecond}, 429, "2", "API calls quota exceeded! maximum allowed 100 per 00:01:00"},
		{"429 as date", Fault{Kind: FaultThrottle, RetryAfter: time.Minute, Date: true}, 429, "Mon, 04 May 2026 10:01:00 GMT", "429"},
		{"429 without Retry-After", Fault{Kind: FaultThrottle, RetryAfter: -1, Body: ThrottleNamed}, 429, "", "TooManyRequests"},
		{"500", Fault{Kind: FaultServerError}, 500, "", `{"error":{"code":"InternalServerError","message":"","target":"`},
		{"503", Fault{Kind: FaultServerError, Status: 503, RetryAfter: 5 * time.Second, Route: machinesRoute}, 503, "5", "<h1>Service Unavailable</h1>"},
		{"expired token", Fault{Kind: FaultExpiredToken, Route: apiMDE}, 401, "", "the token is expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, token := strike(t, c.fault)
			if got := get(t, s, mdeBase+"/api/machines", token); got.status != 200 {
				t.Fatalf("first call: %d", got.status)
			}
			got := get(t, s, mdeBase+"/api/machines", token)
			if got.status != c.want || got.header.Get("Retry-After") != c.retry || !strings.Contains(got.body, c.has) {
				t.Errorf("second call: %d %v %s", got.status, got.header, got.body)
			}
			if s.Stats().Faults[c.fault.Kind] != 1 {
				t.Errorf("faults %v", s.Stats().Faults)
			}
			if got := get(t, s, mdeBase+"/api/machines", token); c.fault.Kind == FaultExpiredToken && got.status != 401 {
				t.Error("an expired token works again")
			}
			if got := get(t, s, mdeBase+"/api/machines", tokenFor(t, s, mdeResource)); got.status != 200 {
				t.Errorf("with a new token: %d", got.status)
			}
		})
	}
}

func TestBrokenLinks(t *testing.T) {
	t.Parallel()
	const query = "?$filter=riskScore+eq+'High'"
	for kind, want := range map[FaultKind]string{
		FaultForeignLink:   `"https://api.security.microsoft.com.evil.example/api/machines?$filter=riskScore+eq+%27High%27\u0026$skip=3"`,
		FaultPlainLink:     `"http://api.security.microsoft.com/api/machines?$filter=riskScore+eq+%27High%27\u0026$skip=3"`,
		FaultRepeatedLink:  `"https://api.security.microsoft.com/api/machines?$filter=riskScore+eq+%27High%27"`,
		FaultMalformedLink: `"https://api.security.microsoft.com/api/machines?=riskScore+eq+%27High%27\u0026=10000\u0026$skip=3"`,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s, token := strike(t, Fault{Kind: kind})
			target := mdeBase + "/api/machines" + strings.ReplaceAll(query, "'", "%27")
			if got := get(t, s, target, token); !strings.Contains(got.body, `"https://api.security.microsoft.com/api/machines?$filter=`) {
				t.Fatalf("first call: %s", got.body)
			}
			got := get(t, s, target, token)
			if !strings.Contains(got.body, `"@odata.nextLink":`+want) || !strings.Contains(got.body, `[1,2,3]`) {
				t.Errorf("second call: %s, want %s", got.body, want)
			}
		})
	}
}

func TestMalformedLinkIsAnsweredUnfiltered(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{})
	got := get(t, s, mdeBase+"/api/machines?=riskScore+eq+%27High%27&=10000&$skip=3", tokenFor(t, s, mdeResource))
	if got.status != http.StatusOK || s.Stats().Violations["followed a malformed link"] != 1 {
		t.Errorf("%d %s, %v", got.status, got.body, s.Stats().Violations)
	}
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"identity", "gzip"} {
		s, token := strike(t, Fault{Kind: FaultTruncatedBody})
		get(t, s, mdeBase+"/api/machines", token)
		got, err := try(t, s, http.MethodGet, mdeBase+"/api/machines", "", "Authorization", "Bearer "+token, "Accept-Encoding", encoding)
		if !errors.Is(err, io.ErrUnexpectedEOF) || got.status != http.StatusOK || got.body == "" {
			t.Errorf("truncated, %s: %v %d %q", encoding, err, got.status, got.body)
		}
	}
	s, token := strike(t, Fault{Kind: FaultCutBody})
	whole := get(t, s, mdeBase+"/api/machines", token).body
	if got := get(t, s, mdeBase+"/api/machines", token); got.status != 200 || got.body != whole[:len(whole)/2] {
		t.Errorf("cut: %d %q of %q", got.status, got.body, whole)
	}
	s, token = strike(t, Fault{Kind: FaultDroppedConnection})
	get(t, s, mdeBase+"/api/machines", token)
	if got, err := try(t, s, http.MethodPatch, mdeBase+"/api/alerts/x", "{}", "Authorization", "Bearer "+token); err != nil || got.status != 200 {
		t.Errorf("another route: %v %d", err, got.status)
	}
	if _, err := try(t, s, http.MethodPatch, mdeBase+"/api/alerts/x", "{}", "Authorization", "Bearer "+token); err == nil {
		t.Error("the connection lives")
	}
}

func TestBrokenDownloads(t *testing.T) {
	t.Parallel()
	const file = "https://store.blob.core.windows.net/c/part.json.gz?sig=x"
	for kind, check := range map[FaultKind]func(a answer, err error) bool{
		FaultExpiredLink: func(a answer, err error) bool {
			return err == nil && a.status == 403 && strings.Contains(a.body, "<Code>AuthenticationFailed</Code>") &&
				strings.Contains(a.body, "Signature not valid in the specified key time frame")
		},
		FaultEmptyDownload: func(a answer, err error) bool { return err == nil && a.status == 200 && a.body == "" },
		FaultCutBody:       func(a answer, err error) bool { return err == nil && a.status == 200 && a.body == "01234" },
		FaultTruncatedBody: func(a answer, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) && a.body == "01234" },
		FaultServerError:   func(a answer, err error) bool { return err == nil && a.status == 500 },
	} {
		f := Fault{Kind: kind, Route: apiBlob}
		s, _ := strike(t, f)
		if got := fetch(t, s, http.MethodGet, file, ""); got.body != "0123456789" || got.header.Get("Content-Encoding") != "" {
			t.Fatalf("first call: %q %v", got.body, got.header)
		}
		if got, err := try(t, s, http.MethodGet, file, ""); !check(got, err) {
			t.Errorf("%s: %v %d %q", kind, err, got.status, got.body)
		}
	}
}

func TestFaultsAtEntra(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Faults: Faults{List: []Fault{
		{Kind: FaultServerError, Route: apiLogin, Calls: []int{1}},
		{Kind: FaultThrottle, Route: "POST /{tenant}/oauth2/v2.0/token", Calls: []int{2}, RetryAfter: 7 * time.Second},
	}}})
	a := secretAccess(s)
	target := globalLogin + "/" + a.TenantID + "/oauth2/v2.0/token"
	checkRefusal(t, post(t, s, target, secretForm(a, mdeResource)), 90033, 503, "temporarily_unavailable")
	got := post(t, s, target, secretForm(a, mdeResource))
	checkRefusal(t, got, 90055, 429, "temporarily_unavailable")
	if got.header.Get("Retry-After") != "7" {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	tokenFor(t, s, mdeResource)
}

func TestLatencyFollowsTheClock(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s := begin(t, Options{Clock: clock, Faults: Faults{List: []Fault{{Kind: FaultLatency, Delay: time.Minute, Route: machinesRoute}}}})
	token := tokenFor(t, s, mdeResource)
	done := make(chan answer)
	go func() { done <- get(t, s, mdeBase+"/api/machines", token) }()
	if err := clock.BlockUntil(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(59 * time.Second)
	select {
	case got := <-done:
		t.Fatalf("answered a second early: %d", got.status)
	default:
	}
	clock.Advance(time.Second)
	if got := <-done; got.status != http.StatusOK {
		t.Errorf("%d", got.status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, mdeBase+"/api/machines", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	gone := make(chan error)
	go func() {
		res, err := s.Client().Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		gone <- err
	}()
	if err := clock.BlockUntil(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSkew(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Clock: NewFakeClock(epoch), Faults: Faults{Skew: -10 * time.Minute}})
	token := tokenFor(t, s, mdeResource)
	claims, _ := claimsOf(t, s, token)
	if claims["exp"] != float64(epoch.Add(50*time.Minute).Unix()) {
		t.Errorf("exp %v", claims["exp"])
	}
	got := get(t, s, mdeBase+"/api/machines", token)
	if got.status != http.StatusOK || got.header.Get("Date") != "Mon, 04 May 2026 09:50:00 GMT" {
		t.Errorf("%d, Date %q", got.status, got.header.Get("Date"))
	}
	a := s.DefaultTenant()
	key, cert := keyPair(t, a.CertificatePEM)
	form := assertionForm(t, a, assertionCase{}, key, cert, epoch) // ten minutes in the emulator's future
	checkRefusal(t, post(t, s, globalLogin+"/"+a.TenantID+"/oauth2/v2.0/token", form), 700024, 401, "invalid_client")
	if !s.Now().Equal(epoch.Add(-10 * time.Minute)) {
		t.Errorf("Now %v", s.Now())
	}
}

// outcomes sends calls and notes how each one ends.
func outcomes(t *testing.T, s *Server, calls int) string {
	t.Helper()
	token := tokenFor(t, s, mdeResource)
	var b strings.Builder
	for range calls {
		b.WriteString(http.StatusText(get(t, s, mdeBase+"/api/machines", token).status)[:1])
	}
	return b.String()
}

func TestFaultsComeAgainWithTheirSeed(t *testing.T) {
	t.Parallel()
	plan := Faults{Seed: 42, List: []Fault{{Kind: FaultServerError, Probability: 0.3, Status: 503}, {Kind: FaultThrottle, Probability: 0.2}}}
	first, second := begin(t, Options{Faults: plan, NoLimits: true}), begin(t, Options{Faults: plan, NoLimits: true, Seed: 9})
	token := tokenFor(t, second, mdeResource)
	for range 5 { // calls to other routes change nothing
		get(t, second, mdeBase+"/api/alerts/x", token)
	}
	a, b := outcomes(t, first, 40), outcomes(t, second, 40)
	if a != b || !strings.Contains(a, "S") || !strings.Contains(a, "T") || !strings.Contains(a, "O") {
		t.Errorf("runs differ or nothing strikes:\n%s\n%s", a, b)
	}
	if st := second.Stats(); st.FaultSeed != 42 || st.Seed != 9 {
		t.Errorf("seeds %d %d", st.Seed, st.FaultSeed)
	}
	if err := first.SetFaults(plan); err != nil {
		t.Fatal(err)
	}
	if again := outcomes(t, first, 40); again != a {
		t.Errorf("set again: %s, was %s", again, a)
	}
	plan.Seed = 43
	if err := first.SetFaults(plan); err != nil {
		t.Fatal(err)
	}
	if other := outcomes(t, first, 40); other == a {
		t.Error("another seed gives the same run")
	}
}

func TestProbabilityIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := Fault{Kind: FaultThrottle, Probability: rapid.Float64Range(0.05, 0.95).Draw(t, "p")}
		p := &plan{faults: Faults{Seed: rapid.Uint64().Draw(t, "seed")}}
		hits, n := 0, 4000
		for i := range n {
			if p.decides(f, "0 GET /api/machines", i+1) {
				hits++
			}
		}
		if share := float64(hits) / float64(n); share < f.Probability-0.06 || share > f.Probability+0.06 {
			t.Errorf("strikes %.3f of the calls, wanted %.3f", share, f.Probability)
		}
	})
}

func TestFaultLimitAndNonsense(t *testing.T) {
	t.Parallel()
	s := begin(t, Options{Faults: Faults{List: []Fault{{Kind: FaultServerError, Status: 503, Limit: 2}}}})
	if got := outcomes(t, s, 4); got != "SSOO" {
		t.Errorf("outcomes %s", got)
	}
	for _, f := range []Fault{
		{Kind: "nonsense"}, {Kind: FaultThrottle, Probability: 1.5}, {Kind: FaultThrottle, Route: "GET /nowhere"}, {Kind: FaultExpiredLink, Route: apiMDE},
	} {
		if err := s.SetFaults(Faults{List: []Fault{f}}); err == nil {
			t.Errorf("%+v is taken", f)
		}
	}
	if _, err := start(Options{Faults: Faults{List: []Fault{{Kind: "nonsense"}}}}, testRoutes()); err == nil {
		t.Error("an emulator starts with nonsense")
	}
}

func TestThrottleFaultIsRemembered(t *testing.T) {
	t.Parallel()
	s, token := strike(t, Fault{Kind: FaultThrottle, RetryAfter: 30 * time.Second})
	for range 3 {
		get(t, s, mdeBase+"/api/machines", token)
	}
	if n := s.Stats().Violations["called before Retry-After was over"]; n != 1 {
		t.Errorf("%d violations", n)
	}
}

// TestFaultsOverHTTP2 holds that a broken answer is broken for clients of the newer protocol too.
func TestFaultsOverHTTP2(t *testing.T) {
	t.Parallel()
	for _, kind := range []FaultKind{FaultTruncatedBody, FaultDroppedConnection} {
		s, token := strike(t, Fault{Kind: kind})
		transport := s.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = true
		client := &http.Client{Transport: transport}
		defer client.CloseIdleConnections()
		for n := range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, mdeBase+"/api/machines", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			res, err := client.Do(req)
			if err == nil {
				if res.ProtoMajor != 2 {
					t.Errorf("protocol %s", res.Proto)
				}
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
			if (err != nil) != (n == 1) {
				t.Errorf("%s, call %d: %v", kind, n+1, err)
			}
		}
	}
}
