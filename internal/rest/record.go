package rest

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Record keeps one item as Microsoft sent it. It is embedded in every item type,
// so that no member which the type does not know is lost.
type Record struct {
	// Raw is the whole JSON value of the item, byte for byte. It belongs to the
	// item and is not reused.
	Raw jsontext.Value `json:"-"`
}

// SetRaw keeps v as the item's JSON.
func (r *Record) SetRaw(v jsontext.Value) { r.Raw = v }

// Item is what a list hands out: a pointer to a struct that embeds [Record].
type Item[T any] interface {
	*T
	SetRaw(v jsontext.Value)
}

// DecodeError tells that an item did not fit its Go type. The item is handed
// out all the same, with Raw whole and with every member that did fit.
type DecodeError struct {
	Type    string         // Go type that was wanted
	Members []string       // JSON members that did not fit, in their order
	Raw     jsontext.Value // the item as Microsoft sent it
	Err     error          // why the first member did not fit
}

// Error names the type and the members.
func (e *DecodeError) Error() string {
	if len(e.Members) == 0 {
		return fmt.Sprintf("item does not decode as %s, its raw JSON is kept: %v", e.Type, e.Err)
	}
	return fmt.Sprintf("member %s does not decode as part of %s, the raw JSON is kept: %v",
		strings.Join(e.Members, ", "), e.Type, e.Err)
}

// Unwrap returns why the first member did not fit.
func (e *DecodeError) Unwrap() error { return e.Err }

// strictly and tolerantly are the two ways to decode an item. Microsoft's
// spelling of names differs between pages, responses and export files, so case
// never matters; duplicate names and broken UTF-8 are theirs to send.
var (
	strictly = json.JoinOptions(
		json.MatchCaseInsensitiveNames(true),
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
	)
	tolerantly = json.JoinOptions(strictly, json.WithUnmarshalers(tolerant()))
)

// Decode decodes one item and keeps a copy of raw in it. A type that differs
// from the documented one (a number where a text should be, a text where a
// number should be, null anywhere) is converted. What cannot be converted is
// left zero and named in a [*DecodeError]; the item is filled all the same.
func Decode[T any, P Item[T]](raw jsontext.Value) (T, error) {
	var v T
	kept := raw.Clone()
	err := decodeInto(kept, &v)
	P(&v).SetRaw(kept)
	return v, err
}

// decodeInto fills v: fast, then tolerantly, then member by member.
func decodeInto[T any](raw jsontext.Value, v *T) error {
	if err := json.Unmarshal(raw, v, strictly); err == nil {
		return nil
	}
	var second T
	err := json.Unmarshal(raw, &second, tolerantly)
	if err == nil {
		*v = second
		return nil
	}
	var third T
	failed, first := salvage(raw, &third)
	*v = third
	if first == nil && len(failed) == 0 {
		first = err
	}
	return &DecodeError{Type: fmt.Sprintf("%T", *v), Members: failed, Raw: raw, Err: first}
}

// salvage decodes an object member by member and returns the names that failed,
// with the first reason.
func salvage(raw jsontext.Value, v any) (failed []string, first error) {
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)), strictly)
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return nil, err
	}
	var one []byte
	for dec.PeekKind() == '"' {
		name, err := dec.ReadValue()
		if err != nil {
			return failed, err
		}
		label := name.String()
		one = append(append(append(one[:0], '{'), name...), ':')
		value, err := dec.ReadValue()
		if err != nil {
			return failed, err
		}
		one = append(append(one, value...), '}')
		if err := json.Unmarshal(one, v, tolerantly); err != nil {
			failed = append(failed, strings.Trim(label, `"`))
			if first == nil {
				first = err
			}
		}
	}
	return failed, first
}
