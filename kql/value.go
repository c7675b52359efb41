package kql

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
)

// encodeValue turns a Go value into what a column of type t stores.
func encodeValue(t Type, v any) (any, error) {
	if v == nil {
		if t == TypeString {
			return "", nil
		}
		return nil, nil
	}
	switch t {
	case TypeDateTime:
		return encodeDateTime(v)
	case TypeTimeSpan:
		return encodeTimeSpan(v)
	case TypeDynamic:
		return encodeDynamic(v)
	default:
		return encodePlain(t, v)
	}
}

// encodePlain handles the types whose Go kind is the stored kind, named types
// included.
func encodePlain(t Type, v any) (any, error) {
	r := reflect.ValueOf(v)
	switch {
	case t == TypeBool && r.Kind() == reflect.Bool:
		if r.Bool() {
			return int64(1), nil
		}
		return int64(0), nil
	case t.integer() && r.CanInt():
		return r.Int(), nil
	case t.integer() && r.CanUint() && r.Uint() <= math.MaxInt64:
		return int64(r.Uint()), nil //nolint:gosec // in range by the condition
	case t == TypeReal && r.CanFloat():
		return r.Float(), nil
	case t == TypeReal && r.CanInt():
		return float64(r.Int()), nil
	case t == TypeString && r.Kind() == reflect.String:
		return r.String(), nil
	case t == TypeGUID && r.Kind() == reflect.String:
		return strings.ToLower(r.String()), nil
	}
	return nil, fmt.Errorf("a %T is no %s", v, t)
}

// encodeDateTime accepts times and RFC 3339.
func encodeDateTime(v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return nil, nil
		}
		return ticksOf(v), nil
	case string:
		if ticks, ok := parseDateTime(v); ok {
			return ticks, nil
		}
		return nil, fmt.Errorf("%q is no datetime: write it as RFC 3339", v)
	}
	return nil, fmt.Errorf("a %T is no datetime", v)
}

// encodeTimeSpan accepts the two types of spans.
func encodeTimeSpan(v any) (any, error) {
	switch v := v.(type) {
	case TimeSpan:
		return int64(v), nil
	case time.Duration:
		return int64(v / 100), nil
	}
	return nil, fmt.Errorf("a %T is no timespan", v)
}

// encodeDynamic keeps JSON as it stands and marshals anything else.
func encodeDynamic(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return textOrNil(parseJSON(v)), nil
	case []byte:
		return textOrNil(parseJSON(string(v))), nil
	case json.RawMessage:
		return textOrNil(parseJSON(string(v))), nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("a %T is no dynamic: %w", v, err)
	}
	return textOrNil(parseJSON(string(b))), nil
}

// textOrNil turns an absent dynamic into SQL's NULL.
func textOrNil(text string, ok bool) any {
	if !ok {
		return nil
	}
	return text
}

// decodeValue turns what SQLite returned into the Go value of type t that
// [Rows.Values] promises. Arithmetic that left the range of 64 bits has become a
// float in SQLite; such a value is null, and so is an infinite one.
func decodeValue(t Type, v any) any {
	switch v := v.(type) {
	case nil:
		if t == TypeString {
			return ""
		}
	case int64:
		return decodeInteger(t, v)
	case float64:
		if t == TypeReal && !math.IsInf(v, 0) {
			return v
		}
		if t != TypeReal && math.Abs(v) < 1<<53 && v == math.Trunc(v) {
			return decodeInteger(t, int64(v))
		}
	case string:
		if t == TypeDynamic {
			return json.RawMessage(v)
		}
		return v
	case []byte:
		return decodeValue(t, string(v))
	}
	return nil
}

// decodeInteger reads the types that SQLite keeps as integers.
func decodeInteger(t Type, n int64) any {
	switch t {
	case TypeBool:
		return n != 0
	case TypeReal:
		return float64(n)
	case TypeDateTime:
		if n < 0 || n > maxTicks {
			return nil
		}
		return timeOf(n)
	case TypeTimeSpan:
		return TimeSpan(n)
	default:
		return n
	}
}
