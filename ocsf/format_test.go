package ocsf

import (
	"os"
	"regexp"
	"testing"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
	"pgregory.net/rapid"
)

// patterns are the regular expressions of the schema.
func patterns(t *testing.T) map[string]*regexp.Regexp {
	t.Helper()
	data, err := os.ReadFile("schema/" + Version + ".json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*regexp.Regexp{}
	for name, typ := range s.Types {
		if typ.Pattern != "" {
			all[name] = regexp.MustCompile(typ.Pattern)
		}
	}
	return all
}

// formats are texts of each type that has a pattern: good ones, and bad ones
// that are near misses.
var formats = map[string]struct{ good, bad []string }{
	"ip_t": {
		[]string{"10.1.2.3", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1%eth0", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8"},
		[]string{"", "10.1.2", "10.1.2.3.4", "10.1.2.256", "01.2.3.4", "10.1.2.", ".1.2.3", "1:2:3", ":::", "10.1.2.3/24", "host", "fe80::1%a-zone-that-is-longer-than-the-schema-allows"},
	},
	"mac_t":  {[]string{"00:0d:3A:aa:bb:cc", "00-0d-3a-aa-bb-cc"}, []string{"", "000d3aaabbcc", "00:0d:3a:aa:bb", "00:0d:3a:aa:bb:cg", "00.0d.3a.aa.bb.cc"}},
	"uuid_t": {[]string{"0123abCD-0000-4000-8000-000000000001"}, []string{"", "0123abCD00004000800000000000000100000", "0123abCD-0000-4000-8000-00000000000g"}},
	"email_t": {
		[]string{"a@b.c", "ann.b+c@mail-1.example.org", "a,b@c.d"},
		[]string{"", "@b.c", "a@", "a@b", "a@.c", "a@b.", "a b@c.d", "a@b@c.d", "ä@b.c"},
	},
	"datetime_t": {
		[]string{"2026-11-23T04:05:06Z", "2026-11-23t04:05:06.7891234z", "2026-11-23T04:05:06+01:00", "2026-11-23T04:05:06"},
		[]string{"", "2026-11-23 04:05:06Z", "2026-11-23T04:05:06.Z", "2026-11-23T04:05Z", "2026-11-23T04:05:06+0100", "2026-11-23T04:05:06ZZ", "2026-1x-23T04:05:06Z"},
	},
	"bytestring_t": {[]string{"", "AAEC", "AA==", "AAE=", "-_-_", "+/+/"}, []string{"A", "AA=", "A===", "+_AA", "AA=A", "AA E"}},
}

func TestFormats(t *testing.T) {
	t.Parallel()
	all := patterns(t)
	for name, f := range formats {
		check := checkOf(name)
		for _, s := range f.good {
			if !check.ok([]byte(s)) || name != "bytestring_t" && !all[name].MatchString(s) {
				t.Errorf("%s: %q is refused", name, s)
			}
		}
		for _, s := range f.bad {
			if check.ok([]byte(s)) {
				t.Errorf("%s: %q is taken", name, s)
			}
		}
	}
	for name := range all {
		if _, ok := formats[name]; !ok {
			t.Errorf("no texts for %s", name)
		}
	}
}

// TestFormatsAreNoLooser proves that what our checks take, the patterns of the
// schema take too; emails, times and MAC addresses agree in both directions.
// The pattern of bytestring_t insists on padding, even where base64 has none,
// so ours is looser there.
func TestFormatsAreNoLooser(t *testing.T) {
	t.Parallel()
	all := patterns(t)
	same := map[string]bool{"email_t": true, "datetime_t": true, "mac_t": true}
	for name, f := range formats {
		if name == "bytestring_t" {
			continue
		}
		check := checkOf(name)
		rapid.Check(t, func(t *rapid.T) {
			s := []byte(rapid.SampledFrom(f.good).Draw(t, "base"))
			for range rapid.IntRange(0, 3).Draw(t, "edits") {
				if len(s) == 0 {
					break
				}
				i := rapid.IntRange(0, len(s)-1).Draw(t, "at")
				switch b := rapid.SampledFrom([]byte("09afgZz:.-+@=/_ ")).Draw(t, "byte"); rapid.IntRange(0, 2).Draw(t, "edit") {
				case 0:
					s[i] = b
				case 1:
					s = append(s[:i:i], s[i+1:]...)
				default:
					s = append(s[:i:i], append([]byte{b}, s[i:]...)...)
				}
			}
			if got, want := check.ok(s), all[name].Match(s); got && !want || same[name] && got != want {
				t.Fatalf("%s: %q: ours says %v, the schema %v", name, s, got, want)
			}
		})
	}
}

func TestValidFunctions(t *testing.T) {
	t.Parallel()
	long := make([]byte, 64)
	for i := range long {
		long[i] = 'a'
	}
	for _, tt := range []struct {
		what      string
		got, want bool
	}{
		{"ip", ValidIP("10.0.0.1"), true},
		{"mac", ValidMAC("00:0d:3a:aa:bb:cc"), true},
		{"uuid", ValidUUID("x"), false},
		{"email", ValidEmail("a@b.c"), true},
		{"datetime", ValidDatetime("2026-11-23T04:05:06Z"), true},
		{"subnet", ValidSubnet("10.0.0.0/8"), true},
		{"subnet without a length", ValidSubnet("10.0.0.0"), false},
		{"long subnet", ValidSubnet(string(long)), false},
		{"host", ValidHostname("laptop-7.example.org."), true},
		{"host with an underscore", ValidHostname("_sip.example"), true},
		{"host beyond ASCII", ValidHostname("büro"), true},
		{"address as host", ValidHostname("fe80::1"), true},
		{"host with a blank", ValidHostname("laptop 7"), false},
		{"host with an empty label", ValidHostname("a..b"), false},
		{"host with a long label", ValidHostname(string(long)), false},
		{"no host", ValidHostname(""), false},
		{"url", ValidURL("https://example.org/x?y={z}"), true},
		{"url with a blank", ValidURL("https://example.org/x y"), false},
		{"no url", ValidURL(""), false},
		{"md5", ValidHash(HashAlgorithmMD5, "d41d8cd98f00b204e9800998ecf8427e"), true},
		{"md5 that is no number", ValidHash(HashAlgorithmMD5, "d41d8cd98f00b204e9800998ecf8427g"), false},
		{"short sha256", ValidHash(HashAlgorithmSHA256, "d41d8cd98f00b204e9800998ecf8427e"), false},
		{"tlsh", ValidHash(HashAlgorithmTLSH, "T1ABC"), true},
		{"no digest", ValidHash(HashAlgorithmUnknown, ""), false},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %v", tt.what, tt.got)
		}
	}
	digits := map[HashAlgorithmID]int{
		HashAlgorithmMD5: 32, HashAlgorithmSHA1: 40, HashAlgorithmSHA224: 56, HashAlgorithmSHA256: 64, HashAlgorithmSHA384: 96, HashAlgorithmSHA512: 128,
		HashAlgorithmXxHashH3_64Bit: 16, HashAlgorithmXxHashH3_128Bit: 32, HashAlgorithmImphash: 32,
	}
	for id, n := range digits {
		if hashDigits(id) != n {
			t.Errorf("%s has %d digits", id.Caption(), n)
		}
	}
}
