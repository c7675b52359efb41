package cli

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// equals is "property eq 'value'", or nothing when there is no value.
func equals(property, value string) defender.Filter {
	if value == "" {
		return ""
	}
	return defender.Eq(property, value)
}

// atLeast is "property ge time", or nothing when there is no time.
func atLeast(property string, at time.Time) defender.Filter {
	if at.IsZero() {
		return ""
	}
	return defender.Ge(property, at)
}

// and joins the clauses of the flags with the filter that the user wrote, which
// stands in parentheses when it could fall apart otherwise.
func and(raw string, clauses ...defender.Filter) defender.Filter {
	own := defender.And(clauses...)
	raw = strings.TrimSpace(raw)
	if own != "" && strings.Contains(strings.ToLower(raw), " or ") {
		raw = "(" + raw + ")"
	}
	return defender.And(own, defender.Filter(raw))
}

// whole is a number that was given or not.
type whole struct {
	number int64
	given  bool
}

func wholeNumber(name, text string) (whole, error) {
	if text == "" {
		return whole{}, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return whole{}, usagef("%s %q is not a whole number, 0 or more", name, text)
	}
	return whole{number, true}, nil
}

func (w whole) equals(property string) defender.Filter {
	if !w.given {
		return ""
	}
	return defender.Eq(property, w.number)
}

// alertID matches every form of alert id seen: da637…_-123, ar637…_1, 637…_12.
func alertID() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}$`) }

func checkAlertIDs(ids []string) error {
	shape := alertID()
	for _, id := range ids {
		if !shape.MatchString(id) {
			return usagef("%q is not an alert id: they look like da637551227677560813_-961444813", id)
		}
	}
	return nil
}

// cveID checks the id of a vulnerability and gives it Microsoft's spelling. TVM
// ids stand for vulnerabilities that have no CVE yet.
func cveID(name, text string) (string, error) {
	id := strings.ToUpper(strings.TrimSpace(text))
	if !regexp.MustCompile(`^(CVE|TVM)-\d{4}-\d{4,}$`).MatchString(id) {
		return "", usagef("%s %q is not a CVE id: they look like CVE-2026-12345", name, text)
	}
	return id, nil
}
