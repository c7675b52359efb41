package defender

import (
	"strings"
	"testing"
	"time"
)

func TestFilterBuilder(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 123_456_789, time.FixedZone("", 2*3600))
	tests := []struct {
		got  Filter
		want string
	}{
		{Eq("severity", SeverityHigh), "severity eq 'High'"},
		{Ne("status", "Resolved"), "status ne 'Resolved'"},
		{Eq("computerDnsName", "o'neil"), "computerDnsName eq 'o''neil'"},
		{Ge("lastUpdateTime", at), "lastUpdateTime ge 2026-05-04T10:00:00.1234567Z"},
		{Gt("incidentId", 7), "incidentId gt 7"},
		{Lt("cvssV3", 7.5), "cvssV3 lt 7.5"},
		{Le("rbacGroupId", int64(-1)), "rbacGroupId le -1"},
		{Eq("isAadJoined", true), "isAadJoined eq true"},
		{Eq("id", "12345"), "id eq '12345'"},
		{StartsWith("computerDnsName", "srv'"), "startswith(computerDnsName,'srv''')"},
		{And(Eq("a", "b"), "", Or(Eq("c", "d"), Eq("e", "f"))), "a eq 'b' and (c eq 'd' or e eq 'f')"},
		{And(), ""},
		{And(Eq("a", "b")), "a eq 'b'"},
	}
	for _, tt := range tests {
		if string(tt.got) != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
}

func TestFilterIsChecked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		filter Filter
		set    entitySet
		want   string // part of the error; empty when sound
	}{
		{"severity eq 'High'", alertSet(), ""},
		{"asssignedTo eq 'a@b.example' and status ne 'Resolved'", alertSet(), ""},
		{"AlertCreationTime+ge+2026-01-01T00:00:00Z", alertSet(), "unknown word"},
		{"alertCreationTime ge 2026-01-01T00:00:00Z and (severity eq 'High' or severity eq 'Medium')", alertSet(), ""},
		{"lastSeen gt 2018-08-01Z", machineSet(), ""},
		{"startswith(computerDnsName,'my''machine')", machineSet(), ""},
		{"machineTags/any(tag: tag eq 'x')", machineSet(), ""},
		{"machineTags/any(tag:tag eq 'x')", machineSet(), ""},
		{"HEALTHSTATUS EQ 'Active'", machineSet(), ""},
		{"osPlatform in ('Windows11','Linux')", machineSet(), ""},
		{"not(riskScore eq 'High')", machineSet(), ""},
		{"rbacGroupId eq 7", machineSet(), ""},
		{"rbacGroupName eq 'x'", machineSet(), `unknown word "rbacGroupName": the properties are computerDnsName`},
		{"severity eq High", alertSet(), `unknown word "High"`},
		{"severity = 'High'", alertSet(), `unknown word "="`},
		{"severity eq 'High", alertSet(), "the quote at position 13 is not closed"},
		{"severity eq 'High''", alertSet(), "is not closed"},
		{"(severity eq 'High'", alertSet(), "not closed"},
		{"severity eq 'High')", alertSet(), "closes nothing"},
		{"length(severity) eq 4", alertSet(), `unknown function "length"`},
		{"   ", alertSet(), "blank"},
		{"a eq 'b'", entitySet{name: "scores"}, "scores cannot be filtered"},
	}
	for _, tt := range tests {
		err := tt.filter.check(tt.set)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.filter, err, tt.want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"severity eq 'High'", "(a eq ''')", "startswith(id,'x') and not(status in ('a','b'))", "machineTags/any(t:t eq 'x')", "'", "((", "a,b/c:d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tokens, err := scanFilter(s)
		if err != nil {
			return
		}
		// Nothing but blanks is lost between the tokens.
		rest := s
		for _, token := range tokens {
			rest = strings.TrimLeft(rest, " \t\r\n")
			if !strings.HasPrefix(rest, token.text) {
				t.Fatalf("%q: token %q is not next in %q", s, token.text, rest)
			}
			rest = rest[len(token.text):]
		}
		if strings.Trim(rest, " \t\r\n") != "" {
			t.Errorf("%q: %q is left over", s, rest)
		}
		if Filter(s).check(alertSet()) == nil && strings.Count(s, "'")%2 != 0 {
			t.Errorf("%q passes with an odd number of quotes", s)
		}
	})
}

// Any text can be a value: what is built is always sound.
func FuzzQuote(f *testing.F) {
	f.Add("o'neil")
	f.Add("' or '1' eq '1")
	f.Fuzz(func(t *testing.T, s string) {
		filter := And(Eq("status", s), StartsWith("category", s))
		if err := filter.check(alertSet()); err != nil {
			t.Errorf("%q makes %s: %v", s, filter, err)
		}
	})
}
