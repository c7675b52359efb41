package ocsf

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	v2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// TestAppendLeavesOut shows what says nothing and is not written.
func TestAppendLeavesOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		object interface{ AppendJSON(dst []byte) []byte }
		want   string
	}{
		{"nothing", &Device{}, `{"type":"Unknown","type_id":0}`},
		{"empty object", &Actor{Process: &Process{}}, `{}`},
		{"empty elements", &Metadata{Labels: []string{"", ""}, Loggers: []Logger{{}, {}}}, `{}`},
		{"some empty elements", &Metadata{Labels: []string{"", "a"}, Loggers: []Logger{{}, {Name: "x"}}}, `{"labels":["a"],"loggers":[{"name":"x"}]}`},
		{"false and zero that are there", &Device{IsManaged: Bool(false), VLANUID: "1", TypeID: DeviceTypeServer}, `{"is_managed":false,"type":"Server","type_id":1,"vlan_uid":"1"}`},
		{"required zero", &CVSS{}, `{"base_score":0}`},
		{"number that JSON cannot say", &CVSS{BaseScore: math.NaN(), OverallScore: Float(math.Inf(1))}, `{}`},
		{"numbers", &CVSS{BaseScore: 9.8, OverallScore: Float(1e-9)}, `{"base_score":9.8,"overall_score":1e-09}`},
		{"text of an Other", &Device{TypeID: DeviceTypeOther, Type: "Toaster"}, `{"type":"Toaster","type_id":99}`},
		{"an Other without text", &Device{TypeID: DeviceTypeOther}, `{"type_id":99}`},
		{"unknown member", &Device{TypeID: 77}, `{"type_id":77}`},
		{"members", &Malware{ClassificationIDs: []MalwareClassificationID{1, 2}}, `{"classification_ids":[1,2],"classifications":["Adware","Backdoor"]}`},
		{"members with an unknown one", &Malware{ClassificationIDs: []MalwareClassificationID{1, 99}}, `{"classification_ids":[1,99]}`},
		{"null", &Evidences{Data: jsontext.Value(" null ")}, `{}`},
		{"JSON in lines", &Evidences{Data: jsontext.Value("{\n\"a\": [1,\r\n2]}")}, `{"data":{"a":[1,2]}}`},
		{"no JSON", &Evidences{Data: jsontext.Value("nope\n")}, `{"data":"nope\n"}`},
		{"name twice", &Evidences{Data: jsontext.Value(`{"a":1,"a":2}`)}, `{"data":"{\"a\":1,\"a\":2}"}`},
		{"broken UTF-8", &Evidences{Name: "a\xff\"b\u2028"}, "{\"name\":\"a\ufffd\\\"b\u2028\"}"},
	} {
		got := string(tt.object.AppendJSON(nil))
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestAppendersOfArrays covers the kinds that no class uses as an array today.
func TestAppendersOfArrays(t *testing.T) {
	t.Parallel()
	dst := []byte("{")
	dst = appendFloats(dst, `"f":`, []float64{1.5, math.NaN()})
	dst = appendFloats(dst, `"g":`, nil)
	dst = appendRaws(dst, `"r":`, []jsontext.Value{[]byte("1"), nil})
	dst = appendRaws(dst, `"s":`, []jsontext.Value{nil})
	dst = appendRaws(dst, `"t":`, nil)
	dst = appendInts(dst, `"i":`, []int64{})
	if got := string(closeObject(dst)); got != `{"f":[1.5],"r":[1]}` {
		t.Error(got)
	}
}

// plain has the fields of a class without its methods, so that encoders work
// by reflection.
type plain DetectionFinding

// TestReflectionAgrees proves that the JSON tags and the encoders name the
// same attributes: the sample by reflection, with the texts that AppendJSON
// adds, is the sample by AppendJSON.
func TestReflectionAgrees(t *testing.T) {
	t.Parallel()
	for _, e := range samples() {
		line := e.AppendJSON(nil)
		again, err := Decode(line)
		if err != nil {
			t.Fatal(err)
		}
		if second := again.AppendJSON(nil); string(second) != string(line) {
			t.Errorf("%s:\n%s\n%s", e.Class().Name, line, second)
		}
		d, ok := again.(*DetectionFinding)
		if !ok {
			continue
		}
		byTags, err := v2.Marshal((*plain)(d))
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if json.Unmarshal(line, &want) != nil || json.Unmarshal(byTags, &got) != nil {
			t.Fatalf("%s", byTags)
		}
		for _, name := range []string{"category_name", "category_uid", "class_name", "class_uid", "type_name", "type_uid"} {
			delete(want, name)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("by tags %s\nby code %s", byTags, line)
		}
	}
}

func TestMarshalAndDecode(t *testing.T) {
	t.Parallel()
	e := samples()[0]
	for name, marshal := range map[string]func(any) ([]byte, error){
		"encoding/json": json.Marshal,
		"json v2":       func(v any) ([]byte, error) { return v2.Marshal(v) },
	} {
		got, err := marshal(e)
		if err != nil || len(got) < len(e.AppendJSON(nil)) || !strings.Contains(string(got), `"class_uid":2004`) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	for raw, want := range map[string]string{
		`{`:                              "read an OCSF event: ",
		`{"class_uid":1}`:                "no Go type for class_uid 1",
		`{"class_uid":"x"}`:              "read an OCSF event: ",
		`{"class_uid":2004,"count":"x"}`: "of class_uid 2004",
	} {
		if _, err := Decode([]byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

func TestOptAndTimestamp(t *testing.T) {
	t.Parallel()
	var absent Opt[int64]
	if v, ok := absent.Get(); ok || v != 0 || absent.Or(7) != 7 || Int(3).Or(7) != 3 || !absent.IsZero() || Bool(false).IsZero() {
		t.Error("Opt")
	}
	for _, o := range []Opt[int64]{absent, Int(uint8(5))} {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		again := Int(9)
		if err := json.Unmarshal(raw, &again); err != nil || again != o {
			t.Errorf("%s became %v, %v", raw, again, err)
		}
	}
	if TimestampOf(time.Time{}) != 0 || !Timestamp(0).Time().IsZero() {
		t.Error("the zero time")
	}
	at := time.Date(2026, 11, 23, 4, 5, 6, 789_999_999, time.UTC)
	if got := TimestampOf(at).Time(); !got.Equal(at.Truncate(time.Millisecond)) {
		t.Error(got)
	}
}

func TestCommon(t *testing.T) {
	t.Parallel()
	for _, c := range Classes() {
		e, ok := New(c.UID)
		if !ok {
			t.Fatalf("no %s", c.Name)
		}
		common := e.Common()
		*common.Time, *common.SeverityID, *common.Metadata = when(), SeverityHigh, sampleMetadata()
		line := string(e.AppendJSON(nil))
		for _, part := range []string{`"time":`, `"severity":"High"`, `"metadata":{`, `"class_name":"` + c.Caption + `"`} {
			if !strings.Contains(line, part) {
				t.Errorf("%s: no %s in %s", c.Name, part, line)
			}
		}
	}
	if _, ok := New(2001); ok {
		t.Error("2001 is deprecated and has no Go type")
	}
}
