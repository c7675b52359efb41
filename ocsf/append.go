package ocsf

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file write one attribute each, as key, value and a
// comma, or nothing at all; closeObject turns the last comma into a brace. Keys
// come ready from the generator, with quotes and colon.

// closeObject ends an object.
func closeObject(dst []byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst[last] = '}'
		return dst
	}
	return append(dst, '}')
}

// closeArray ends an array that has elements.
func closeArray(dst []byte) []byte {
	dst[len(dst)-1] = ']'
	return append(dst, ',')
}

func appendString[S ~string](dst []byte, key string, s S) []byte {
	if s == "" {
		return dst
	}
	return append(appendText(append(dst, key...), string(s)), ',')
}

// appendStrings leaves out empty elements: they say nothing.
func appendStrings(dst []byte, key string, all []string) []byte {
	start := len(dst)
	dst = append(append(dst, key...), '[')
	body := len(dst)
	for _, s := range all {
		if s != "" {
			dst = append(appendText(dst, s), ',')
		}
	}
	if len(dst) == body {
		return dst[:start]
	}
	return closeArray(dst)
}

func appendInt[N ~int64](dst []byte, key string, n N) []byte {
	return append(strconv.AppendInt(append(dst, key...), int64(n), 10), ',')
}

func appendOptInt[N ~int64](dst []byte, key string, n Opt[N]) []byte {
	if !n.set {
		return dst
	}
	return appendInt(dst, key, n.value)
}

func appendInts[N ~int64](dst []byte, key string, all []N) []byte {
	if len(all) == 0 {
		return dst
	}
	dst = append(append(dst, key...), '[')
	for _, n := range all {
		dst = append(strconv.AppendInt(dst, int64(n), 10), ',')
	}
	return closeArray(dst)
}

func appendTimestamp(dst []byte, key string, t Timestamp) []byte {
	if t == 0 {
		return dst
	}
	return appendInt(dst, key, t)
}

func appendBool(dst []byte, key string, b bool) []byte {
	return append(strconv.AppendBool(append(dst, key...), b), ',')
}

func appendOptBool(dst []byte, key string, b Opt[bool]) []byte {
	if !b.set {
		return dst
	}
	return appendBool(dst, key, b.value)
}

// appendFloat leaves out what JSON cannot say.
func appendFloat(dst []byte, key string, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return append(strconv.AppendFloat(append(dst, key...), f, format, -1, 64), ',')
}

func appendOptFloat(dst []byte, key string, f Opt[float64]) []byte {
	if !f.set {
		return dst
	}
	return appendFloat(dst, key, f.value)
}

// object is a pointer to a generated type.
type object[T any] interface {
	*T
	AppendJSON(dst []byte) []byte
}

// appendObject leaves out an object with nothing in it.
func appendObject[T any, P object[T]](dst []byte, key string, o P) []byte {
	if o == nil {
		return dst
	}
	start := len(dst)
	dst = append(dst, key...)
	body := len(dst)
	dst = o.AppendJSON(dst)
	if len(dst)-body == len("{}") {
		return dst[:start]
	}
	return append(dst, ',')
}

// appendObjects leaves out elements with nothing in them.
func appendObjects[T any, P object[T]](dst []byte, key string, all []T) []byte {
	if len(all) == 0 {
		return dst
	}
	start := len(dst)
	dst = append(append(dst, key...), '[')
	body := len(dst)
	for i := range all {
		dst = appendObject(dst, "", P(&all[i]))
	}
	if len(dst) == body {
		return dst[:start]
	}
	return closeArray(dst)
}

// appendRaw writes JSON that came from outside, in one line. What is not JSON
// is written as text, so that nothing is lost and the event stays readable.
func appendRaw(dst []byte, key string, v jsontext.Value) []byte {
	if len(v) == 0 {
		return dst
	}
	if !v.IsValid() {
		return appendString(dst, key, string(v))
	}
	if v.Kind() == 'n' {
		return dst
	}
	dst = append(dst, key...)
	if bytes.IndexByte(v, '\n') >= 0 || bytes.IndexByte(v, '\r') >= 0 {
		v = v.Clone()
		if err := v.Compact(); err != nil {
			return append(appendText(dst, string(v)), ',')
		}
	}
	return append(append(dst, v...), ',')
}

func appendRaws(dst []byte, key string, all []jsontext.Value) []byte {
	if len(all) == 0 {
		return dst
	}
	start := len(dst)
	dst = append(append(dst, key...), '[')
	body := len(dst)
	for _, v := range all {
		dst = appendRaw(dst, "", v)
	}
	if len(dst) == body {
		return dst[:start]
	}
	return closeArray(dst)
}

// appendText writes a JSON string. Bytes that are not UTF-8 become U+FFFD.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendEscaped is the slow path of appendText.
func appendEscaped(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // its error names invalid UTF-8, which it has replaced
	return dst
}

func appendFloats(dst []byte, key string, all []float64) []byte {
	start := len(dst)
	dst = append(append(dst, key...), '[')
	body := len(dst)
	for _, f := range all {
		dst = appendFloat(dst, "", f)
	}
	if len(dst) == body {
		return dst[:start]
	}
	return closeArray(dst)
}
