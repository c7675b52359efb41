package rest

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// page is what a page says beside its items.
type page struct {
	next string // @odata.nextLink, empty on the last page
	rows int
}

// readPage decodes one page as a stream: {"value": [items], "@odata.nextLink":
// text, ...}, in any order, or a bare array of items. It holds one item at a
// time and hands each to item, whose argument is only good until it returns. It
// succeeds only when the page and the stream came to their natural end.
func readPage(body io.Reader, item func(jsontext.Value) error) (page, error) {
	watched := &watchedReader{r: body}
	dec := jsontext.NewDecoder(skipMark(watched, readAhead), strictly)
	p, err := decodePage(dec, item)
	if err == nil {
		err = ended(dec)
	}
	if err != nil {
		return p, bodyError(err, watched)
	}
	return p, nil
}

func decodePage(dec *jsontext.Decoder, item func(jsontext.Value) error) (page, error) {
	var p page
	tok, err := dec.ReadToken()
	if err != nil {
		return p, err
	}
	if tok.Kind() == jsontext.KindBeginArray {
		p.rows, err = decodeItems(dec, item)
		return p, err
	}
	if tok.Kind() != jsontext.KindBeginObject {
		return p, fmt.Errorf("a list begins with %s", tok.Kind())
	}
	seen := false
	err = decodeMembers(dec, func(name string) (err error) {
		switch name {
		case "value":
			seen = true
			var n int
			n, err = decodeValue(dec, item)
			p.rows += n // a name may come twice, and none of its items is lost
		case "@odata.nextLink":
			p.next, err = decodeText(dec)
		case "error":
			err = decodeError(dec)
		default:
			err = dec.SkipValue()
		}
		return err
	})
	if err == nil && !seen {
		err = errors.New("it has no value member")
	}
	return p, err
}

// decodeMembers reads an object to its end, each value by the function, which is
// given its name.
func decodeMembers(dec *jsontext.Decoder, value func(name string) error) error {
	for dec.PeekKind() == jsontext.KindString {
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := value(tok.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken() // the closing brace
	return err
}

// decodeValue reads the items, or null for none.
func decodeValue(dec *jsontext.Decoder, item func(jsontext.Value) error) (int, error) {
	begun, err := decodeOpening(dec)
	if !begun {
		return 0, err
	}
	return decodeItems(dec, item)
}

// decodeOpening reads "[", which begins the items, or null, which stands for none.
func decodeOpening(dec *jsontext.Decoder) (begun bool, err error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return false, err
	}
	switch k := tok.Kind(); k {
	case jsontext.KindBeginArray:
		return true, nil
	case jsontext.KindNull:
		return false, nil
	default:
		return false, fmt.Errorf("its items begin with %s", k)
	}
}

func decodeItems(dec *jsontext.Decoder, item func(jsontext.Value) error) (rows int, err error) {
	for dec.PeekKind() != jsontext.KindEndArray {
		raw, err := dec.ReadValue()
		if err != nil {
			return rows, err
		}
		rows++
		if err := item(raw); err != nil {
			return rows, err
		}
	}
	_, err = dec.ReadToken()
	return rows, err
}

func decodeText(dec *jsontext.Decoder) (string, error) {
	raw, err := dec.ReadValue()
	if err != nil || raw.Kind() != jsontext.KindString {
		return "", err
	}
	var s string
	err = json.Unmarshal(raw, &s, strictly)
	return s, err
}

// decodeError reads the error that a service writes into a stream which it had
// begun as a success.
func decodeError(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil || raw.Kind() != jsontext.KindBeginObject {
		return err
	}
	var b errorBody
	if err := json.Unmarshal(raw, &b, tolerantly); err != nil {
		return err
	}
	e := &Error{StatusCode: 500}
	b.into(e)
	return e
}
