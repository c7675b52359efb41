package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// mirroredTenant makes a mirror that holds these documents of each stream.
func mirroredTenant(t *testing.T, documents map[gatehouse.Stream][]string) environment {
	t.Helper()
	env := seededMirror(t, 0)
	withStore(t, env["GATEHOUSE_DATA"], func(held *store.Store) {
		i, err := held.Integration(t.Context(), "contoso")
		if err != nil {
			t.Fatal(err)
		}
		for s, texts := range documents {
			run, err := held.BeginRun(t.Context(), i.ID, s, gatehouse.SyncFull)
			if err != nil {
				t.Fatal(err)
			}
			page := store.Page{Run: run}
			for n, text := range texts {
				page.Records = append(page.Records, store.PageRecord{Key: fmt.Sprint(n), API: gatehouse.APIMDE, Document: []byte(text)})
			}
			if _, err := held.CommitPage(t.Context(), page); err != nil {
				t.Fatal(err)
			}
			h := gatehouse.StreamHealth{
				Integration: i.ID, Stream: s, State: gatehouse.StreamHealthy, API: gatehouse.APIMDE,
				LastSuccess: time.Now().Add(-5 * time.Minute),
			}
			if err := held.PutHealth(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
	})
	return env
}

func TestListsFromTheMirror(t *testing.T) {
	t.Parallel()
	env := mirroredTenant(t, map[gatehouse.Stream][]string{
		stream.Alerts: {
			`{"id":"a1","severity":"Low","alertCreationTime":"2026-01-01T00:00:00Z","unknown":1}`,
			`{"id":"a2","severity":"High","alertCreationTime":"2026-01-03T00:00:00Z","incidentId":7}`,
			`{"id":"a3","severity":"High","alertCreationTime":"2026-01-02T00:00:00Z"}`,
		},
		stream.Devices: {
			`{"id":"d1","computerDnsName":"web-01","riskScore":"High","machineTags":["vip"]}`,
			`{"id":"d2","computerDnsName":"db-01","riskScore":"Low"}`,
		},
		stream.CVEs: {
			`{"id":"CVE-2026-0001","severity":"Critical","cvssV3":9.8}`,
			`{"id":"CVE-2026-0002","severity":"Low","cvssV3":"strange"}`,
		},
	})
	for args, want := range map[string]string{
		"alerts list":                       "a2 a3 a1",
		"alerts list --limit 1":             "a2",
		"alerts list --severity high":       "a2 a3",
		"alerts list --incident 7":          "a2",
		"alerts list --since 2026-01-02":    "a2 a3",
		"devices list":                      "d1 d2",
		"devices list --tag vip":            "d1",
		"devices list --name DB":            "d2",
		"vulnerabilities list --min-cvss 9": "CVE-2026-0001 CVE-2026-0002", // what cannot be judged is shown
		"vulnerabilities list --limit 1":    "CVE-2026-0001",
	} {
		status, stdout, stderr := runOnce(t, env, append(strings.Fields(args), "--output", "csv")...)
		var ids []string
		for n, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
			if id, _, _ := strings.Cut(line, ","); n > 0 {
				ids = append(ids, id)
			}
		}
		if got := strings.Join(ids, " "); status != 0 || got != want {
			t.Errorf("%s: status %d, %q, want %q\n%s", args, status, got, want, stderr)
		}
		if !strings.Contains(stderr, "from the mirror of contoso, 5m old; --live asks Defender\n") {
			t.Errorf("%s does not say how old it is: %s", args, stderr)
		}
	}
	if _, stdout, _ := runOnce(t, env, "alerts", "list", "--severity", "Low", "--output", "ndjson"); !strings.Contains(stdout, `"unknown":1`) {
		t.Errorf("the document is not as Microsoft sent it: %s", stdout)
	}
}

// A document that differs from the documented shape has the columns that a live
// answer would have.
func TestOddDocumentsOfTheMirror(t *testing.T) {
	t.Parallel()
	env := mirroredTenant(t, map[gatehouse.Stream][]string{
		stream.CVEs: {
			`{"ID":"CVE-2026-0001","severity":"Low","cvssV3":"2.5","publicExploit":"true"}`,
			`{"cvssV3":"strange","id":"CVE-2026-0002","severity":"Low"}`,
		},
		stream.Devices: {`{"id":"d1","osBuild":"19045","computerDnsName":"web-01","lastSeen":"2026-01-02 03:04:05"}`},
	})
	for args, want := range map[string]string{
		"devices list": "d1,web-01,", "vulnerabilities list": "CVE-2026-0001,Low,2.5,", "vulnerabilities list --min-cvss 2.6": "CVE-2026-0002,Low,",
	} {
		status, stdout, stderr := runOnce(t, env, append(strings.Fields(args), "--output", "csv")...)
		if status != exitOK || !strings.Contains(stdout, "\n"+want) {
			t.Errorf("%s: %d, want %q\n%s%s", args, status, want, stdout, stderr)
		}
		if few := strings.HasPrefix(args, "v") == strings.Contains(stderr, "1 of "); !few {
			t.Errorf("%s: %s", args, stderr)
		}
	}
}

// Defender is asked when the mirror cannot answer, or when it must not.
func TestListsThatAskDefender(t *testing.T) {
	t.Parallel()
	env := mirroredTenant(t, map[gatehouse.Stream][]string{stream.Devices: {`{"id":"d1"}`}})
	for args, want := range map[string]string{
		"devices list --live":                                "no credential",
		"alerts list":                                        "no credential", // never read
		"devices list --filter riskScore":                    "no credential",
		"devices list --tenant-id other.example":             "no credential",
		"devices list --live --integration contoso":          "leave one out",
		"devices list --integration nobody":                  `no integration "nobody"`,
		"vulnerabilities list --integration contoso":         "cannot answer this",
		"devices tag d1 --add x --integration contoso":       "names one of the mirror: leave it out",
		"alerts get da1 --integration contoso":               "names one of the mirror: leave it out",
		"score --integration contoso":                        "names one of the mirror: leave it out",
		"hunt DeviceInfo --integration contoso":              "names one of the mirror: leave it out",
		"check --integration contoso":                        "names one of the mirror: leave it out",
		"devices list --data " + filepath.Join("no", "such"): "no credential",
	} {
		status, stdout, stderr := runOnce(t, env, strings.Fields(args)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d, want %q: %s", args, status, want, stderr)
		}
	}
}
