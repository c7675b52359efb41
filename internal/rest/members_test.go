package rest

import (
	"errors"
	"slices"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, object string
		want         []string
		err          error
	}{
		{"some", `{"id":1,"things":[{"id":"a"},{"id":"b"}],"z":[3]}`, []string{"a", "b"}, nil},
		{"another case", `{"Things":[{"id":"a"}]}`, []string{"a"}, nil},
		{"none", `{"things":[]}`, nil, nil},
		{"null", `{"things":null}`, nil, nil},
		{"absent", `{"other":[{"id":"a"}]}`, nil, nil},
		{"no object at all", ``, nil, nil},
		{"no list", `{"things":7}`, nil, ErrMalformed},
		{"in a list", `[{"things":[]}]`, nil, ErrMalformed},
		{"cut", `{"things":[{"id":"a"}`, []string{"a"}, ErrMalformed},
	}
	for _, tt := range tests {
		got, err := ids(Members[thing](jsontext.Value(tt.object), "things"))
		if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	var odd *DecodeError
	n := 0
	for item, err := range Members[thing](jsontext.Value(`{"things":[{"id":[]},{"id":"b"}]}`), "things") {
		if n == 0 && !errors.As(err, &odd) || n == 1 && item.ID != "b" {
			t.Errorf("%d: %+v, %v", n, item, err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d items", n)
	}
	for range Members[thing](jsontext.Value(`{"things":[{},{}]}`), "things") {
		break // leaving the loop is no error
	}
}

func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{"things":[{"id":"a"}]}`, `{"things":null}`, `[]`, `{"things":[1,`, `{"things":[],"things":[{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, object []byte) {
		for item := range Members[thing](object, "things") {
			_ = item.ID
		}
	})
}
