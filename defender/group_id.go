package defender

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// GroupID is the id of a device group, as text. Microsoft documents a text and
// sends a number; both are taken. Empty when there is none.
type GroupID string

// UnmarshalJSONFrom reads a text, a number or null.
func (g *GroupID) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	switch raw.Kind() {
	case jsontext.KindNull:
		*g = ""
	case jsontext.KindNumber:
		*g = GroupID(raw)
	case jsontext.KindString:
		var s string
		err = json.Unmarshal(raw, &s)
		*g = GroupID(s)
	default:
		err = fmt.Errorf("a device group's id is not %s", raw.Kind())
	}
	return err
}
