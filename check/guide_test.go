package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/check"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// TestDocsTroubleshooting holds that the guide is what the catalogue and the
// table of mistakes say. Run with -update to write it again.
func TestDocsTroubleshooting(t *testing.T) {
	t.Parallel()
	golden.Check(t, "../docs/guide/troubleshooting.md", guide())
}

// guide writes the page: the mistakes first, in their order, then every code.
func guide() string {
	var page strings.Builder
	page.WriteString(`# Troubleshooting

<!-- Written by go test ./check -update from the catalogue of findings and the table of mistakes. Do not edit. -->

` + "`gatehouse check`" + ` walks the way that every call takes and names what is wrong. This page is the same in writing:
what you may have seen elsewhere, what it means, and how to mend it. Words in braces stand for what the check fills in.
Each mistake can be tried on the emulator: ` + "`gatehouse emulate --mistake CODE`" + `.

## The twelve mistakes

`)
	for _, m := range mistakes() {
		e := entry(m.code)
		fmt.Fprintf(&page, "### %d. %s\n\n", m.number, m.title)
		fmt.Fprintf(&page, "- **Seen as**: %s\n- **Finding**: `%s`\n- **What**: %s\n- **Why it matters**: %s\n- **Mend**: %s\n\n",
			m.signs, m.code, e.What, e.Why, e.Mend)
	}
	page.WriteString("## Every finding\n\nCodes are stable: scripts may rely on them (`gatehouse check --output json`).\n\n")
	page.WriteString("| code | severity | meaning | mend |\n|---|---|---|---|\n")
	for _, e := range check.Codes() {
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", e.Code, e.Severity, e.Title, e.Mend)
	}
	return page.String()
}

func entry(code check.Code) check.Entry {
	for _, e := range check.Codes() {
		if e.Code == code {
			return e
		}
	}
	return check.Entry{}
}

// TestCatalogueIsComplete holds that each code has one entry whose texts are
// there.
func TestCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[check.Code]bool{}
	for _, e := range check.Codes() {
		if seen[e.Code] {
			t.Errorf("%s stands there twice", e.Code)
		}
		seen[e.Code] = true
		if e.Title == "" || e.What == "" {
			t.Errorf("%s lacks a title or a text", e.Code)
		}
		if e.Severity != check.OK && (e.Why == "" || e.Mend == "") {
			t.Errorf("%s lacks its why or its mend", e.Code)
		}
	}
	for _, m := range mistakes() {
		if !seen[m.code] {
			t.Errorf("mistake %d has no entry for its code %s", m.number, m.code)
		}
	}
}
