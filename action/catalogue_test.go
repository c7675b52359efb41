package action_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/action"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// Every entry is whole: a caller makes schemas, flags and help from it.
func TestCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	pages := map[string]bool{}
	for _, o := range slices.Concat(defender.Operations(), graph.Operations()) {
		pages[o.Docs] = true
	}
	seen := map[string]bool{}
	for _, a := range action.Catalogue() {
		if seen[a.Name] || !name.MatchString(a.Name) || a.Title == "" || !strings.HasSuffix(a.Summary, ".") || !strings.HasSuffix(a.Why, ".") {
			t.Errorf("%+v", a)
		}
		seen[a.Name] = true
		if !pages[a.Docs] {
			t.Errorf("%s: no operation has the page %s", a.Name, a.Docs)
		}
		if !slices.Contains([]action.Risk{action.Low, action.Medium, action.Dangerous}, a.Risk) {
			t.Errorf("%s: risk %q", a.Name, a.Risk)
		}
		for _, p := range a.Parameters {
			wrong := (p.Kind == action.Enum) != (len(p.Values) > 0) || p.Required && p.Default != "" ||
				p.Default != "" && !slices.Contains(p.Values, p.Default)
			if wrong || p.Title == "" || !strings.HasSuffix(p.Doc, ".") {
				t.Errorf("%s: %+v", a.Name, p)
			}
		}
		for _, d := range a.Doors {
			if d.Submit == nil || d.Poll == nil || d.Find == nil || (d.Many == nil) != (d.MaxMany == 0) {
				t.Errorf("%s: %+v", a.Name, d)
			}
			for _, p := range slices.Concat(d.AnyOf, d.Follow) {
				if _, err := entra.PermissionByName(p.Resource, p.Name); err != nil {
					t.Errorf("%s: %v", a.Name, err)
				}
			}
		}
	}
}

func TestByName(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"isolate": nil, " Isolate ": nil,
		"isolat":        {"isolate"},
		"unisolate":     {"isolate"},
		"quarantine":    {"stop-and-quarantine"},
		"alert":         {"update-alert", "comment-alert"},
		"collect":       {"collect-package"},
		"unrestricted":  {"restrict", "unrestrict"},
		"antidisestabl": nil, "": nil,
	}
	for word, want := range tests {
		a, ok, near := action.ByName(word)
		if strings.EqualFold(strings.TrimSpace(word), "isolate") {
			if !ok || a.Name != "isolate" || near != nil {
				t.Errorf("%q: %v, %v", word, a.Name, near)
			}
			continue
		}
		if want == nil && len(near) != len(action.Catalogue()) || want != nil && !slices.Equal(near, want) || ok {
			t.Errorf("%q: %v, want %v", word, near, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("aB", 20)
	type values = map[string]string
	tests := []struct {
		action string
		given  values
		want   values
		err    string
	}{
		{"isolate", nil, values{"type": "Full"}, ""},
		{"isolate", values{"type": " selective "}, values{"type": "Selective"}, ""},
		{"isolate", values{"type": ""}, values{"type": "Full"}, ""},
		{"isolate", values{"type": "UnManagedDevice"}, nil, `type "UnManagedDevice" is not valid: use Full, Selective`},
		{"isolate", values{"kind": "Full"}, nil, `isolate has no parameter "kind": use type`},
		{"release", values{"type": "Full"}, nil, `release takes no parameters, and "type" is one`},
		{"stop-and-quarantine", values{"sha1": hash}, values{"sha1": strings.ToLower(hash)}, ""},
		{"stop-and-quarantine", values{"sha1": "abc"}, nil, `sha1 "abc" is no SHA-1: give 40 hexadecimal digits`},
		{"stop-and-quarantine", nil, nil, "sha1 is missing: The SHA-1 of the file"},
		{"set-value", nil, nil, "value is missing: use Low, Normal, High"},
		{"tag", values{"tag": " Floor 3 "}, values{"tag": "Floor 3"}, ""},
		{"tag", values{"tag": "a\nb"}, nil, "tag has control characters in it"},
		{"tag", values{"tag": " "}, nil, "tag is missing"},
		{"update-alert", nil, nil, "update-alert has nothing to do: give at least one of status, assignedTo, classification, determination"},
		{"update-alert", values{"status": "resolved"}, values{"status": "Resolved"}, ""},
		{"update-incident", values{"tags": "b , a"}, values{"tags": "b,a"}, ""},
		{"update-incident", values{"tags": "b,,a"}, nil, "tags has an empty item"},
		{"comment-alert", nil, values{}, ""},
	}
	for _, tt := range tests {
		a, ok, _ := action.ByName(tt.action)
		if !ok {
			t.Fatal(tt.action)
		}
		got, err := a.Normalize(tt.given)
		if tt.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) || !errors.Is(err, defender.ErrInput) || a.Validate(tt.given) == nil {
				t.Errorf("%s %v: got error %v", tt.action, tt.given, err)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s %v: %v %s", tt.action, tt.given, err, diff)
		}
		if again, err := a.Normalize(got); err != nil || !cmp.Equal(again, got) {
			t.Errorf("%s: normalized twice %v is %v, %v", tt.action, got, again, err)
		}
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	p := func(r gatehouse.Resource, names ...string) (list []gatehouse.Permission) {
		for _, n := range names {
			list = append(list, gatehouse.Permission{Resource: r, Name: n})
		}
		return list
	}
	tests := []struct {
		action string
		held   []gatehouse.Permission
		prefer gatehouse.API
		want   gatehouse.API
		reason string
	}{
		{"isolate", p(gatehouse.ResourceMDE, "Machine.Isolate", "Machine.Read.All"), "", gatehouse.APIMDE, "WindowsDefenderATP/Machine.Isolate is held, which opens mde"},
		{"isolate", p(gatehouse.ResourceMDE, "Machine.Read.All"), "", "", "grant Machine.Isolate on WindowsDefenderATP (application permission, with admin consent)"},
		{"isolate", p(gatehouse.ResourceMDE, "Machine.Isolate"), "", "", "grant Machine.Read.All on WindowsDefenderATP (application permission, with admin consent)"},
		{"isolate", nil, "", "", "grant Machine.Isolate and Machine.Read.All on WindowsDefenderATP (application permission, with admin consent)"},
		{"isolate", nil, gatehouse.APIGraph, "", "isolate cannot be done through graph, only through mde"},
		{"update-alert", p(gatehouse.ResourceGraph, "SecurityAlert.ReadWrite.All"), "", gatehouse.APIGraph, "Microsoft Graph/SecurityAlert.ReadWrite.All is held, which opens graph"},
		{"update-incident", p(gatehouse.ResourceXDR, "Incident.ReadWrite.All"), gatehouse.APIMDE, gatehouse.APIXDR, "Microsoft Threat Protection/Incident.ReadWrite.All is held, which opens xdr"},
		{"update-alert", nil, "", "", "grant Alert.ReadWrite.All on WindowsDefenderATP (application permission, with admin consent), or SecurityAlert.ReadWrite.All on Microsoft Graph (application permission, with admin consent)"},
	}
	for _, tt := range tests {
		a, _, _ := action.ByName(tt.action)
		d, reason, ok := a.Pick(tt.held, tt.prefer)
		if d.API != tt.want || ok != (tt.want != "") || reason != tt.reason {
			t.Errorf("%s with %v: %s, %v, %s", tt.action, tt.held, d.API, ok, reason)
		}
	}
}

// TestReference holds docs/reference/actions.md, which is written from the
// catalogue.
func TestReference(t *testing.T) {
	t.Parallel()
	golden.Check(t, "../docs/reference/actions.md", reference())
}

func reference() string {
	var b strings.Builder
	b.WriteString("<!-- Written by go test ./action -run TestReference -update. Do not edit. -->\n\n# Response actions\n\n" +
		"Every action wants a comment, which goes to Microsoft with a marker behind it: `[gatehouse act_…/1]`. By that a submission\n" +
		"whose answer was lost is found again. Microsoft keeps no comment of tags and values of devices, which are read back, and\n" +
		"shows none of investigations, which are found by their time. A door is open when one permission of each of its two columns is held.\n\n" +
		"| action | target | risk | parameters | ends as |\n|---|---|---|---|---|\n")
	for _, a := range action.Catalogue() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s | %s |\n", a.Name, a.Name, a.Target, a.Risk, parameterNames(a), ends(a))
	}
	for _, a := range action.Catalogue() {
		fmt.Fprintf(&b, "\n## %s\n\n%s ([%s](%s))\n\nRisk: **%s**. %s\n", a.Name, a.Summary, "Microsoft's page", a.Docs, a.Risk, a.Why)
		if len(a.Parameters) > 0 {
			b.WriteString("\n| parameter | kind | values | default | what it is |\n|---|---|---|---|---|\n")
		}
		for _, p := range a.Parameters {
			must := p.Default
			if p.Required {
				must = "required"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", p.Name, p.Kind, strings.Join(p.Values, ", "), must, p.Doc)
		}
		if a.AtLeastOne {
			b.WriteString("\nAt least one parameter has to be given.\n")
		}
		b.WriteString("\n| API | to do it, any one of | to follow it, any one of | several at once |\n|---|---|---|---|\n")
		for _, d := range a.Doors {
			many := "one by one"
			if d.Many != nil {
				many = fmt.Sprintf("up to %d", d.MaxMany)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", d.API, permissionNames(d.AnyOf), permissionNames(d.Follow), many)
		}
	}
	return b.String()
}

func parameterNames(a action.Action) string {
	names := make([]string, len(a.Parameters))
	for i, p := range a.Parameters {
		names[i] = "`" + p.Name + "`"
	}
	return strings.Join(names, ", ")
}

func permissionNames(list []gatehouse.Permission) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = "`" + p.Name + "`"
	}
	return strings.Join(names, ", ")
}

func ends(a action.Action) string {
	switch d := a.Doors[0]; {
	case d.Result != nil:
		return "a file, " + a.ResultType
	case d.Cancel != nil:
		return "the device has done it; can be cancelled until then"
	case d.Pending != nil:
		return "the investigation has ended"
	}
	return "it is read back as asked for"
}

// The catalogue of permissions says of each what it is good for, here too.
func TestPermissionsNameTheirActions(t *testing.T) {
	t.Parallel()
	for _, a := range action.Catalogue() {
		for _, d := range a.Doors {
			for _, p := range d.AnyOf {
				e, err := entra.PermissionByName(p.Resource, p.Name)
				if err != nil {
					t.Fatal(err)
				}
				if len(e.Unlocks) == 0 && !strings.Contains(e.Note, a.Name) && a.Name != "cancel" {
					t.Errorf("%s does not say that it is for %s", p, a.Name)
				}
			}
		}
	}
}
