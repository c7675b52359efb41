package rest

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// tolerant returns the conversions between what Microsoft documents and what
// its services have been seen to send.
func tolerant() *json.Unmarshalers {
	return json.JoinUnmarshalers(
		json.UnmarshalFromFunc(textFromAny),
		json.UnmarshalFromFunc(textsFromAny),
		json.UnmarshalFromFunc(wholeFromAny[int64]),
		json.UnmarshalFromFunc(wholeFromAny[int]),
		json.UnmarshalFromFunc(floatFromAny),
		json.UnmarshalFromFunc(boolFromAny),
	)
}

// textFromAny takes numbers and booleans as their own text.
func textFromAny(dec *jsontext.Decoder, v *string) error {
	switch dec.PeekKind() {
	case jsontext.KindNumber, jsontext.KindTrue, jsontext.KindFalse:
		raw, err := dec.ReadValue()
		*v = string(raw)
		return err
	}
	return errors.ErrUnsupported // the usual way
}

// textsFromAny takes a single text as a list of one.
func textsFromAny(dec *jsontext.Decoder, v *[]string) error {
	if dec.PeekKind() != jsontext.KindString {
		return errors.ErrUnsupported
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	*v = []string{tok.String()}
	return nil
}

// wholeFromAny takes whole numbers in any spelling: 12, 12.0, "12", "".
func wholeFromAny[T int | int64](dec *jsontext.Decoder, v *T) error {
	text, ok, err := scalarText(dec)
	if err != nil || !ok {
		return err
	}
	if text == "" {
		*v = 0
		return nil
	}
	n, ok := wholeNumber(text)
	if !ok {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*v = T(n)
	return nil
}

// wholeNumber reads a whole number, printed as one (each of its digits counts), or
// with a fraction of zeros or an exponent.
func wholeNumber(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func floatFromAny(dec *jsontext.Decoder, v *float64) error {
	text, ok, err := scalarText(dec)
	if err != nil || !ok {
		return err
	}
	if text == "" {
		*v = 0
		return nil
	}
	n, ok := number(text)
	if !ok {
		return fmt.Errorf("%q is not a number", text)
	}
	*v = n
	return nil
}

// number reads a number that JSON knows: there is no NaN and nothing infinite.
func number(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func boolFromAny(dec *jsontext.Decoder, v *bool) error {
	switch dec.PeekKind() {
	case jsontext.KindString, jsontext.KindNumber:
	default:
		return errors.ErrUnsupported
	}
	text, _, err := scalarText(dec)
	if err != nil {
		return err
	}
	if text == "" {
		*v = false
		return nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", text)
	}
	*v = b
	return nil
}

// scalarText reads a text or a number as text. For every other kind it asks for
// the usual way by errors.ErrUnsupported.
func scalarText(dec *jsontext.Decoder) (text string, ok bool, err error) {
	switch dec.PeekKind() {
	case jsontext.KindString, jsontext.KindNumber:
		tok, err := dec.ReadToken()
		if err != nil {
			return "", false, err
		}
		return tok.String(), true, nil
	}
	return "", false, errors.ErrUnsupported
}
