package emulator

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse/internal/testkey"
)

func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	clock := NewFakeClock(epoch)
	s := begin(t, Options{Clock: clock})
	token := tokenFor(t, s, mdeResource)
	call := func(want int, retryAfter string) answer {
		t.Helper()
		got := get(t, s, mdeBase+"/api/vulnerabilities", token) // 3 a minute, 5 an hour
		if got.status != want || got.header.Get("Retry-After") != retryAfter {
			t.Fatalf("at %s: %d, Retry-After %q; want %d, %q", clock.Now().Sub(epoch), got.status, got.header.Get("Retry-After"), want, retryAfter)
		}
		return got
	}
	call(200, "")
	clock.Advance(10 * time.Second)
	call(200, "")
	call(200, "")
	checkFailure(t, call(429, "50"), 429, "429", "API calls quota exceeded! maximum allowed 3 per 00:01:00")
	clock.Advance(49*time.Second + 500*time.Millisecond)
	if got := call(429, "1"); !strings.Contains(got.body, `"code":"TooManyRequests"`) { // the other body, and half a second rounded up
		t.Errorf("%s", got.body)
	}
	clock.Advance(500 * time.Millisecond)
	call(200, "") // the first call has left the minute
	call(429, "10")
	clock.Advance(10 * time.Second)
	call(200, "")
	checkFailure(t, call(429, "3530"), 429, "TooManyRequests", "Too many requests. The quota of requests resets in 3530 seconds.")
	clock.Advance(3530 * time.Second)
	token = tokenFor(t, s, mdeResource)
	call(200, "")
	st := s.Stats()
	const name = "GET /api/vulnerabilities"
	if st.Requests[name] != 10 || st.Throttled[name] != 4 || st.Violations["called before Retry-After was over"] != 1 {
		t.Errorf("requests %d, throttled %d, violations %v", st.Requests[name], st.Throttled[name], st.Violations)
	}
}

func TestLimitsAreApart(t *testing.T) {
	t.Parallel()
	app := AppSpec{ClientID: otherApp, Secrets: []SecretSpec{{Value: "s"}}, Roles: GuideRoles()}
	first, second := defaultTenant(Size{}), TenantSpec{ID: bareTenant, Domain: "other.example", Apps: []AppSpec{app}}
	first.Apps = append(first.Apps, app)
	s := begin(t, Options{Clock: NewFakeClock(epoch), Tenants: []TenantSpec{first, second}})
	tokens := []string{
		tokenFor(t, s, mdeResource),
		tokenAt(t, s, globalLogin, TenantAccess{TenantID: first.ID, ClientID: otherApp, Secret: "s"}, mdeResource),
		tokenAt(t, s, globalLogin, TenantAccess{TenantID: bareTenant, ClientID: otherApp, Secret: "s"}, mdeResource),
	}
	for _, token := range tokens {
		for i := range 4 {
			want := map[bool]int{true: 429, false: 200}[i == 3]
			if got := get(t, s, mdeBase+"/api/vulnerabilities", token); got.status != want {
				t.Errorf("call %d: %d, want %d", i+1, got.status, want)
			}
		}
		if got := get(t, s, mdeBase+"/api/machines", token); got.status != http.StatusOK {
			t.Errorf("another route: %d", got.status)
		}
	}
	open := begin(t, Options{NoLimits: true})
	token := tokenFor(t, open, mdeResource)
	for range 10 {
		if got := get(t, open, mdeBase+"/api/vulnerabilities", token); got.status != http.StatusOK {
			t.Errorf("without limits: %d", got.status)
		}
	}
}

// TestHuntingLimitIsTheTenants holds that hunting is counted per tenant: what one application asks, another cannot.
func TestHuntingLimitIsTheTenants(t *testing.T) {
	t.Parallel()
	app := AppSpec{ClientID: otherApp, Secrets: []SecretSpec{{Value: "s"}}, Roles: GuideRoles()}
	first, second := defaultTenant(Size{Devices: 1}), TenantSpec{ID: bareTenant, Domain: "other.example", Apps: []AppSpec{app}}
	first.Apps = append(first.Apps, app)
	s, err := Start(Options{Key: testkey.RSA(), Clock: NewFakeClock(epoch), Tenants: []TenantSpec{first, second}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	one := tokenFor(t, s, mdeResource)
	other := tokenAt(t, s, globalLogin, TenantAccess{TenantID: first.ID, ClientID: otherApp, Secret: "s"}, mdeResource)
	elsewhere := tokenAt(t, s, globalLogin, TenantAccess{TenantID: bareTenant, ClientID: otherApp, Secret: "s"}, mdeResource)
	ask := func(token string, want int) {
		t.Helper()
		got := fetch(t, s, http.MethodPost, mdeBase+"/api/advancedqueries/run", `{"Query":"DeviceInfo | count"}`, "Authorization", "Bearer "+token)
		if got.status != want {
			t.Fatalf("%d %s, want %d", got.status, got.body, want)
		}
	}
	for range 45 {
		ask(one, 200)
	}
	ask(other, 429)
	ask(elsewhere, 200)
}

// TestGraphLimitIsOfTheResource holds that Graph counts the calls for alerts together, whatever they do, and apart from those
// for secure scores.
func TestGraphLimitIsOfTheResource(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{Key: testkey.RSA(), Clock: NewFakeClock(epoch), Size: Size{Devices: 1, Alerts: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	token := tokenFor(t, s, graphBase)
	for n := range graphRate {
		target := []string{"/v1.0/security/alerts_v2?$top=1", "/v1.0/security/alerts_v2/none"}[n%2]
		if got := get(t, s, graphBase+target, token); got.status == 429 {
			t.Fatalf("call %d: %s", n+1, got.body)
		}
	}
	if got := get(t, s, graphBase+"/v1.0/security/alerts_v2/none", token); got.status != 429 || got.header.Get("Retry-After") != "60" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := get(t, s, graphBase+"/v1.0/security/secureScores?$top=1", token); got.status != 200 {
		t.Errorf("another resource: %d %s", got.status, got.body)
	}
}

// TestWindowNeverLetsTooManyThrough holds the limiter against the definition: in no span of a window's length more than
// its limit, and a client that waits as told is let through.
func TestWindowNeverLetsTooManyThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rt := &route{method: "GET", path: "/x", perMinute: rapid.IntRange(1, 5).Draw(t, "minute"), perHour: rapid.IntRange(1, 9).Draw(t, "hour")}
		l := &limiter{budgets: map[string]*budget{}, always: map[string]bool{}}
		now, passed := epoch, []time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * time.Millisecond)
			refused, _ := l.spend(rt, "k", now)
			if refused != nil {
				now = now.Add(refused.wait)
				if again, early := l.spend(rt, "k", now); again != nil || early {
					t.Fatalf("refused again after the wait: %+v, early %v", again, early)
				}
			}
			passed = append(passed, now)
			for _, w := range []struct {
				span  time.Duration
				limit int
			}{{time.Minute, rt.perMinute}, {time.Hour, rt.perHour}} {
				n := 0
				for _, at := range passed {
					if now.Sub(at) < w.span {
						n++
					}
				}
				if n > w.limit {
					t.Fatalf("%d calls within %s, the limit is %d", n, w.span, w.limit)
				}
			}
		}
	})
}

func TestThrottleBodyIsChosen(t *testing.T) {
	t.Parallel()
	for body, code := range map[ThrottleBody]string{ThrottleNumeric: "429", ThrottleNamed: "TooManyRequests"} {
		s := begin(t, Options{ThrottleBody: body})
		if err := s.SetThrottled("GET /api/machines", true); err != nil {
			t.Fatal(err)
		}
		token := tokenFor(t, s, mdeResource)
		for range 3 {
			if got := get(t, s, mdeBase+"/api/machines", token); !strings.Contains(got.body, `"code":"`+code+`"`) {
				t.Errorf("%s", got.body)
			}
		}
	}
}
