package stream_test

import (
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// values are the values of one name.
func values(facets []gatehouse.Facet, name string) []string {
	var all []string
	for _, f := range facets {
		if f.Name == name {
			all = append(all, f.Value)
		}
	}
	return all
}

func TestFacetsOfBothAPIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		stream   gatehouse.Stream
		document string
		want     map[string][]string
	}{
		{"a device of Defender for Endpoint", stream.Devices, `{"id":"a","computerDnsName":"PC-1.Contoso.com","osPlatform":"Windows11","healthStatus":"ImpairedCommunication",
			"riskScore":"High","machineTags":["VIP","Berlin"],"lastIpAddress":"10.0.0.1","ipAddresses":[{"ipAddress":"10.0.0.1"},{"ipAddress":"FE80::1"}],
			"lastSeen":"2026-11-01T10:00:00.1Z","firstSeen":"0001-01-01T00:00:00Z","unknown":{"a":[1]}}`, map[string][]string{
			"name": {"pc-1.contoso.com", "pc-1"}, "os": {"windows11"}, "health": {"impairedcommunication"}, "risk": {"high"}, "tag": {"vip", "berlin"},
			"ip": {"10.0.0.1", "fe80::1"}, "lastSeen": {"2026-11-01T10:00:00.1000000Z"}, "firstSeen": nil,
		}},
		{"the same of hunting", stream.Devices, `{"DeviceId":"a","DeviceName":"pc-1.contoso.com","OSPlatform":"Windows11","SensorHealthState":"Impaired communication",
			"DeviceManualTags":"[\"VIP\"]","Timestamp":"2026-11-01T10:00:00Z","OnboardingStatus":"Can be onboarded"}`, map[string][]string{
			"name": {"pc-1.contoso.com", "pc-1"}, "health": {"impairedcommunication"}, "tag": {"vip"}, "onboarding": {"canbeonboarded"},
			"lastSeen": {"2026-11-01T10:00:00.0000000Z"},
		}},
		{"an alert of Graph", stream.Alerts, `{"id":"a","severity":"high","status":"inProgress","incidentId":"12","mitreTechniques":["T1059.001"],
			"evidence":[{"mdeDeviceId":"D1","deviceDnsName":"pc"},{"userAccount":{"accountName":"Eve","userPrincipalName":"eve@contoso.com"}}]}`, map[string][]string{
			"severity": {"high"}, "status": {"inprogress"}, "incident": {"12"}, "technique": {"t1059.001"}, "device": {"d1"}, "deviceName": {"pc"}, "user": {"eve", "eve@contoso.com"},
		}},
		{"an alert of Defender for Endpoint", stream.Alerts, `{"id":"a","severity":"High","incidentId":12,"machineId":"d1","relatedUser":{"userName":"eve"},"determination":null}`,
			map[string][]string{"severity": {"high"}, "incident": {"12"}, "device": {"d1"}, "user": {"eve"}, "determination": nil}},
		{"no object", stream.Alerts, `[1]`, map[string][]string{"severity": nil}},
		{"broken off", stream.Alerts, `{"severity":"low","status":`, map[string][]string{"severity": {"low"}}},
	} {
		facets := stream.NewIndexer(c.stream).Facets([]byte(c.document))
		for name, want := range c.want {
			got := values(facets, name)
			sort.Strings(got)
			sort.Strings(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s is %q, want %q", c.name, name, got, want)
			}
		}
	}
}

// What is kept as a history has its time however that is written.
func TestPoints(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-01T10:00:00Z", "2026-11-01T10:00:00.0000000", "2026-11-01 10:00:00"} {
		p := stream.NewIndexer(stream.ExposureScore).Points([]byte(`{"time":"` + text + `","score":33.5}`))
		if len(p) != 1 || p[0].Value != 33.5 || !p[0].Time.Equal(at) {
			t.Errorf("%s: the exposure score is %+v", text, p)
		}
		p = stream.NewIndexer(stream.SecureScores).Points([]byte(`{"createdDateTime":"` + text + `","currentScore":10,"maxScore":40}`))
		if len(p) != 1 || p[0].Value != 10 || p[0].Maximum != 40 || p[0].Key == "" || !p[0].Time.Equal(at) {
			t.Errorf("%s: the secure score is %+v", text, p)
		}
	}
	if p := stream.NewIndexer(stream.ExposureScore).Points([]byte(`{"score":33.5}`)); len(p) != 0 {
		t.Errorf("without a time: %+v", p)
	}
}

// Numbers in the index have the order of numbers.
func TestNumbersSort(t *testing.T) {
	t.Parallel()
	f, _ := stream.Facets(stream.CVEs).Facet("cvss")
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		x, err := f.Normal(strconv.FormatFloat(a, 'g', -1, 64))
		y, err2 := f.Normal(strconv.FormatFloat(b, 'g', -1, 64))
		if err != nil || err2 != nil || (a < b) != (x < y) || (a == b) != (x == y) {
			t.Fatalf("%v is %q and %v is %q: %v %v", a, x, b, y, err, err2)
		}
	})
}

// Every facet takes what it has made, and the names of one stream differ.
func TestFacetTable(t *testing.T) {
	t.Parallel()
	for _, s := range stream.All() {
		seen := map[string]bool{}
		for _, f := range stream.Facets(s.Name).Facets {
			if seen[f.Name] {
				t.Errorf("%s has two facets %s", s.Name, f.Name)
			}
			seen[f.Name] = true
			for _, v := range f.Values {
				n, err := f.Normal(v)
				if again, err2 := f.Normal(n); err != nil || err2 != nil || n != again {
					t.Errorf("%s of %s: %q is %q, and that is %q: %v %v", f.Name, s.Name, v, n, again, err, err2)
				}
			}
		}
	}
}

func FuzzFacets(f *testing.F) {
	for _, s := range stream.All() {
		f.Add(string(s.Name), `{"id":"a","computerDnsName":"x","evidence":[{"mdeDeviceId":null}],"score":1e999,"time":""}`)
	}
	f.Fuzz(func(_ *testing.T, name, document string) {
		x := stream.NewIndexer(gatehouse.Stream(name))
		x.Facets([]byte(document))
		x.Points([]byte(document))
	})
}
