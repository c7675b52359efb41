package ocsf

import (
	"encoding/json"
	"time"
)

// Opt is a number or a boolean that may be absent. The zero Opt is absent.
type Opt[T any] struct {
	value T
	set   bool
}

// Some returns a value that is there, for example Some(ConfidenceHigh).
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Int returns an integer that is there.
func Int[N ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32](n N) Opt[int64] {
	return Some(int64(n))
}

// Float returns a number that is there.
func Float(f float64) Opt[float64] { return Some(f) }

// Bool returns a boolean that is there.
func Bool(b bool) Opt[bool] { return Some(b) }

// Get returns the value and whether it is there.
func (o Opt[T]) Get() (T, bool) { return o.value, o.set }

// Or returns the value, or the given one where it is absent.
func (o Opt[T]) Or(absent T) T {
	if o.set {
		return o.value
	}
	return absent
}

// IsZero tells whether the value is absent; it serves the JSON option omitzero.
func (o Opt[T]) IsZero() bool { return !o.set }

// MarshalJSON writes the value, null where it is absent. It serves encoders
// that work by reflection; AppendJSON does not use it.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.set {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON reads a value; null is absent.
func (o *Opt[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*o = Opt[T]{}
		return nil
	}
	o.set = true
	return json.Unmarshal(data, &o.value)
}

// Timestamp is timestamp_t: milliseconds since 1970-01-01 UTC. Zero is absent.
type Timestamp int64

// TimestampOf converts a time, cutting it to milliseconds. The zero time is
// absent.
func TimestampOf(t time.Time) Timestamp {
	if t.IsZero() {
		return 0
	}
	return Timestamp(t.UnixMilli())
}

// Time returns the time in UTC; the zero time where the timestamp is absent.
func (t Timestamp) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}
