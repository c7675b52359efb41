package rest

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Members reads the items of one member of an object, which is a list, one at a
// time. An absent member and null have none. An item that does not fit its type
// comes with a [*DecodeError], and reading goes on.
func Members[T any, P Item[T]](object jsontext.Value, name string) iter.Seq2[T, error] {
	return decoded[T, P](sequence(func(item func(jsontext.Value) error) error {
		if err := eachMember(object, name, item); err != nil {
			return fmt.Errorf("%s: %w: %w", name, ErrMalformed, err)
		}
		return nil
	}))
}

// eachMember hands the items of every member of that name to item.
func eachMember(object jsontext.Value, name string, item func(jsontext.Value) error) error {
	if len(object) == 0 {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(object), strictly)
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != jsontext.KindBeginObject {
		return fmt.Errorf("it is in %s and not in an object", tok.Kind())
	}
	return decodeMembers(dec, func(member string) error {
		if !strings.EqualFold(member, name) {
			return dec.SkipValue()
		}
		_, err := decodeValue(dec, item)
		return err
	})
}

// Each hands the items of a whole answer to item: those of a list, or the one
// that the answer is when it is no list.
func Each(raw jsontext.Value, item func(jsontext.Value) error) error {
	single := raw.Kind() == jsontext.KindBeginObject
	if single {
		var list struct {
			Value jsontext.Value `json:"value"`
		}
		if err := json.Unmarshal(raw, &list, strictly); err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		single = list.Value == nil
	}
	if single {
		return item(raw)
	}
	_, err := readPage(bytes.NewReader(raw), item)
	return err
}
