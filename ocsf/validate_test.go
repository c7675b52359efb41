package ocsf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse/internal/golden"
)

// TestSamplesGolden proves that the samples are sound and shows them.
func TestSamplesGolden(t *testing.T) {
	t.Parallel()
	seen := map[int64]bool{}
	for _, e := range samples() {
		line, violations := Validator{}.Append(nil, e)
		for _, v := range violations {
			t.Errorf("%s: %s", e.Class().Name, v)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, append(line, '\n'), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "testdata/samples/"+e.Class().Name+".json", indented.Bytes())
		if e.TypeUID()/100 != e.Class().UID {
			t.Errorf("%s: type_uid %d", e.Class().Name, e.TypeUID())
		}
		seen[e.Class().UID] = true
	}
	for _, c := range Classes() {
		if !seen[c.UID] {
			t.Errorf("no sample of %s", c.Name)
		}
	}
}

// broken are sound events with one mistake each: the sample of a class, an
// edit of its JSON, and the rule that it breaks. Notices are on.
var broken = []struct {
	name     string
	class    string
	old, new string
	code     Code
}{
	{"not JSON", "inventory_info", `{"activity_id":2`, `{"activity_id":2,`, CodeSyntax},
	{"name twice", "inventory_info", `"activity_id":2`, `"activity_id":2,"activity_id":2`, CodeSyntax},
	{"no object", "inventory_info", "*", `[1]`, CodeSyntax},
	{"no UTF-8", "inventory_info", `"name":"Windows 11"`, "\"name\":\"\xff\"", CodeSyntax},
	{"nothing", "inventory_info", "*", ``, CodeSyntax},
	{"two values", "inventory_info", "*", `{} {}`, CodeSyntax},
	{"class of another schema", "inventory_info", `"class_uid":5001`, `"class_uid":4002`, CodeClass},
	{"class as text", "inventory_info", `"class_uid":5001`, `"class_uid":"5001"`, CodeType},
	{"no class", "inventory_info", `"class_uid":5001,`, ``, CodeRequired},
	{"text for integer", "inventory_info", `"severity_id":1`, `"severity_id":"1"`, CodeType},
	{"fraction for integer", "inventory_info", `"severity_id":1`, `"severity_id":1.0`, CodeType},
	{"integer beyond 64 bits", "detection_finding", `"size":1355680`, `"size":99999999999999999999`, CodeType},
	{"integer for text", "inventory_info", `"name":"Windows 11"`, `"name":11`, CodeType},
	{"text for boolean", "inventory_info", `"is_managed":true`, `"is_managed":"true"`, CodeType},
	{"text for number", "vulnerability_finding", `"base_score":9.8`, `"base_score":"9.8"`, CodeType},
	{"array for object", "inventory_info", `"os":{`, `"org":[],"os":{`, CodeType},
	{"object for array", "detection_finding", `"types":["CredentialAccess"]`, `"types":{}`, CodeType},
	{"null in array", "detection_finding", `"types":["CredentialAccess"]`, `"types":[null]`, CodeType},
	{"IP address", "inventory_info", `"ip":"10.1.2.3"`, `"ip":"10.1.2.300"`, CodeFormat},
	{"empty IP address", "inventory_info", `"ip":"10.1.2.3"`, `"ip":""`, CodeFormat},
	{"MAC address", "inventory_info", `"mac":"00:0d:3a:aa:bb:cc"`, `"mac":"000D3AAABBCC"`, CodeFormat},
	{"UUID", "inventory_info", `"os":{`, `"os_machine_uuid":"{1}","os":{`, CodeFormat},
	{"email", "user_inventory", `"name":"ann"`, `"email_addr":"ann","name":"ann"`, CodeFormat},
	{"port", "network_activity", `"port":443`, `"port":65536`, CodeFormat},
	{"datetime", "inventory_info", `"metadata":{`, `"metadata":{"profiles":["datetime"],"logged_time_dt":"2026-11-23 04:05",`, CodeFormat},
	{"required", "inventory_info", `"severity_id":1,`, ``, CodeRequired},
	{"required and null", "inventory_info", `"time":1795406706789`, `"time":null`, CodeRequired},
	{"required in depth", "detection_finding", `"product":{"name":"Defender for Endpoint","vendor_name":"Microsoft"},`, ``, CodeRequired},
	{"required by profile", "inventory_info", `"log_name"`, `"profiles":["cloud"],"log_name"`, CodeRequired},
	{"enum", "inventory_info", `"severity_id":1`, `"severity_id":7`, CodeEnum},
	{"enum of words", "vulnerability_finding", `"base_score":9.8`, `"depth":"Deep","base_score":9.8`, CodeEnum},
	{"sibling", "inventory_info", `"severity":"Informational"`, `"severity":"High"`, CodeSibling},
	{"class name", "inventory_info", `"class_name":"Device Inventory Info"`, `"class_name":"Device"`, CodeSibling},
	{"category name", "inventory_info", `"category_name":"Discovery"`, `"category_name":"discovery"`, CodeSibling},
	{"type name", "inventory_info", `"type_name":"Device Inventory Info: Collect"`, `"type_name":"Device Inventory Info: Log"`, CodeSibling},
	{"siblings of an array", "detection_finding", `"device":{`, `"malware":[{"name":"m","classification_ids":[1,2],"classifications":["Adware","Worm"]}],"device":{`, CodeSibling},
	{"fewer siblings", "detection_finding", `"device":{`, `"malware":[{"name":"m","classification_ids":[1,2],"classifications":["Adware"]}],"device":{`, CodeSibling},
	{"more siblings", "detection_finding", `"device":{`, `"malware":[{"name":"m","classification_ids":[1],"classifications":["Adware","Worm"]}],"device":{`, CodeSibling},
	{"sibling says Other", "detection_finding", `"confidence":"very sure"`, `"confidence":"Other"`, CodeSiblingOther},
	{"type_uid", "inventory_info", `"type_uid":500102`, `"type_uid":500101`, CodeTypeUID},
	{"category_uid", "inventory_info", `"category_uid":5`, `"category_uid":2`, CodeCategory},
	{"at least one", "incident_finding", `"assignee_group":{"name":"unassigned"},`, ``, CodeAtLeastOne},
	{"at least one in depth", "detection_finding", `{"url":{"url_string":"https://evil.example/x"}}`, `{"name":"x"}`, CodeAtLeastOne},
	{"at least one by path", "patch_state", `,"version":"10.0.26100"`, ``, CodeAtLeastOne},
	{"just one, none", "vulnerability_finding", `"advisory":{"uid":"TVM-2020-0002"}`, `"title":"x"`, CodeJustOne},
	{"just one, two", "vulnerability_finding", `"advisory":{"uid":"TVM-2020-0002"}`, `"advisory":{"uid":"TVM-2020-0002"},"cwe":{"uid":"CWE-1"}`, CodeJustOne},
	{"unknown attribute", "inventory_info", `"severity_id":1`, `"severity_id":1,"severityId":1`, CodeUnknown},
	{"unknown attribute in depth", "inventory_info", `"name":"Windows 11"`, `"name":"Windows 11","na\u006de.x":1`, CodeUnknown},
	{"profile", "inventory_info", `"severity_id":1`, `"severity_id":1,"action_id":1,"action":"Allowed"`, CodeProfile},
	{"unknown profile", "inventory_info", `"log_name"`, `"profiles":["hosts"],"log_name"`, CodeProfileUnknown},
	{"profile of another class", "inventory_info", `"log_name"`, `"profiles":["incident"],"log_name"`, CodeProfileClass},
	{"deprecated", "detection_finding", `"title":"Mimikatz was found"`, `"title":"Mimikatz was found","product_uid":"p"`, CodeDeprecated},
	{"version", "inventory_info", `"version":"1.8.0"`, `"version":"1.5.0"`, CodeVersion},
	{"time in seconds", "inventory_info", `"time":1795406706789`, `"time":1795406706`, CodeUnlikely},
	{"host name", "inventory_info", `"hostname":"laptop-7.example.org"`, `"hostname":"laptop 7"`, CodeUnlikely},
	{"URL", "detection_finding", `"device":{`, `"src_url":"not a url","device":{`, CodeUnlikely},
	{"digest", "detection_finding", `"value":"da39a3ee5e6b4b0d3255bfef95601890afd80709"`, `"value":"da39"`, CodeUnlikely},
	{"subnet", "inventory_info", `"os":{`, `"subnet":"10.0.0.0","os":{`, CodeUnlikely},
	{"observable", "detection_finding", `"name":"device.ip"`, `"name":"device.address"`, CodeObservable},
	{"recommended", "inventory_info", `"log_name":"alerts",`, ``, CodeRecommended},
	{"Other without a word", "detection_finding", `"confidence":"very sure",`, ``, CodeSiblingMissing},
	{"null", "inventory_info", `"is_managed":true`, `"is_managed":null`, CodeNull},
	{"empty text", "inventory_info", `"name":"Windows 11"`, `"name":""`, CodeEmpty},
	{"empty array", "inventory_info", `"labels":["production"]`, `"labels":[]`, CodeEmpty},
	{"empty object", "inventory_info", `"os":{`, `"hw_info":{},"os":{`, CodeEmpty},
}

// TestBroken breaks one rule at a time and shows what is said.
func TestBrokenGolden(t *testing.T) {
	t.Parallel()
	sound := map[string]string{}
	for _, e := range samples() {
		sound[e.Class().Name] = string(e.AppendJSON(nil))
	}
	var out strings.Builder
	said := map[Code]bool{}
	for _, b := range broken {
		raw := b.new
		if b.old != "*" {
			raw = edit(t, b.name, sound[b.class], b.old, b.new)
		}
		fresh := added([]byte(sound[b.class]), []byte(raw))
		found := false
		fmt.Fprintf(&out, "%s\n", b.name)
		for _, v := range fresh {
			fmt.Fprintf(&out, "  %s\n", v)
			found = found || v.Code == b.code
			said[v.Code] = true
		}
		if !found {
			t.Errorf("%s: want %s, got %v", b.name, b.code, fresh)
		}
	}
	golden.Check(t, "testdata/broken.golden", out.String())
	for c := range codes() {
		if !said[c] && c != CodeTooMany {
			t.Errorf("no broken event for %s", c)
		}
	}
}

// codes are all rules.
func codes() map[Code]bool {
	all := map[Code]bool{}
	for _, c := range []Code{
		CodeSyntax, CodeClass, CodeType, CodeFormat, CodeRequired, CodeEnum, CodeSibling, CodeTypeUID, CodeCategory, CodeAtLeastOne, CodeJustOne,
		CodeUnknown, CodeProfile, CodeProfileUnknown, CodeProfileClass, CodeDeprecated, CodeVersion, CodeUnlikely, CodeSiblingOther, CodeObservable,
		CodeRecommended, CodeSiblingMissing, CodeNull, CodeEmpty, CodeTooMany,
	} {
		all[c] = true
	}
	return all
}

// edit replaces one part of a text that must be there.
func edit(t *testing.T, name, text, old, fresh string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Errorf("%s: no %s in %s", name, old, text)
	}
	return strings.Replace(text, old, fresh, 1)
}

// added lists the violations that an edit has added, notices included.
func added(sound, edited []byte) []Violation {
	v := Validator{Notices: true}
	before := map[Violation]bool{}
	for _, x := range v.JSON(sound) {
		before[x] = true
	}
	var fresh []Violation
	for _, x := range v.JSON(edited) {
		if !before[x] {
			fresh = append(fresh, x)
		}
	}
	return fresh
}

func TestTooManyViolations(t *testing.T) {
	t.Parallel()
	var raw strings.Builder
	raw.WriteString(`{"class_uid":5001`)
	for i := range 3 * maxViolations {
		fmt.Fprintf(&raw, `,"x%d":1`, i)
	}
	raw.WriteString("}")
	v := ValidateJSON([]byte(raw.String()))
	if len(v) != maxViolations+1 || v[maxViolations].Code != CodeTooMany {
		t.Errorf("%d violations, the last is %v", len(v), v[len(v)-1])
	}
}

func TestDeepEvents(t *testing.T) {
	t.Parallel()
	deep := `{"class_uid":1007,"process":` + strings.Repeat(`{"parent_process":`, 9000) + "1" + strings.Repeat("}", 9001)
	if v := ValidateJSON([]byte(deep)); len(v) != maxViolations+1 {
		t.Errorf("%d violations", len(v))
	}
}

func FuzzValidateJSON(f *testing.F) {
	for _, e := range samples() {
		f.Add(e.AppendJSON(nil))
	}
	for _, s := range []string{"", "{}", "[]", `{"class_uid":2004,"metadata":{"profiles":["\u0068ost",null,[]]}}`, "{\"class_uid\" : 2004 , \"na\\\"me\\\\\" :\n[ ] }", `{"class_uid":2004,"malware":[{"classification_ids":[1,"x"],"classifications":[[],{}]}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, v := range (Validator{Notices: true}).JSON(raw) {
			if v.Message == "" || v.Level == "" {
				t.Errorf("%+v", v)
			}
		}
		event, err := Decode(raw)
		if err != nil {
			return
		}
		line := event.AppendJSON(nil)
		if !json.Valid(line) || bytes.ContainsAny(line, "\n\r") {
			t.Errorf("%s", line)
		}
		for _, v := range (Validator{}).Event(event) {
			if v.Code == CodeSyntax {
				t.Errorf("%s: %s", line, v)
			}
		}
	})
}
