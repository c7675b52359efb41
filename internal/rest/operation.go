package rest

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// Operation is one operation of one of Microsoft's APIs. Each is declared once,
// beside the method that calls it.
type Operation struct {
	API    gatehouse.API // which door it belongs to
	Method string        // GET, POST, PATCH
	// Path is the path as Microsoft prints it, with {name} segments for what the
	// caller fills in: "/api/alerts/{id}".
	Path string
	// PerMinute and PerHour are the documented rate limits. Zero means that
	// Microsoft's page states none.
	PerMinute, PerHour int
	// Limit names the limit that the operations of one resource share, where
	// Microsoft counts them together. Empty: the operation has its own.
	Limit string
	// Permissions are the application permissions; any one suffices.
	Permissions []string
	// Replay tells that sending the request twice does the same as sending it
	// once, so that it may be sent again when its outcome is not known.
	Replay bool
	// Docs is the address of Microsoft's page.
	Docs string
}

// String returns "GET /api/alerts/{id}", the name under which limits and calls
// are counted.
func (o Operation) String() string { return o.Method + " " + o.Path }

// Replayed returns the operation as one that does the same when sent twice.
func (o Operation) Replayed() Operation {
	o.Replay = true
	return o
}

// limit returns the name under which the calls are counted against the rate limits.
func (o Operation) limit() string { return string(o.API) + " " + cmp.Or(o.Limit, o.String()) }

// expand fills the {name} segments of the path, each escaped as one segment. It
// refuses values that cannot be an id: empty, a dot segment, or with control
// characters.
func (o Operation) expand(vars []string) (string, error) {
	path := o.Path
	for _, v := range vars {
		before, rest, ok := strings.Cut(path, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return "", fmt.Errorf("%s takes no value %q", o, v)
		}
		if err := checkSegment(name, v); err != nil {
			return "", err
		}
		// The braces of a value must not be taken for the next placeholder;
		// PathEscape turns them into %7B and %7D.
		path = before + url.PathEscape(v) + after
	}
	if _, missing, ok := strings.Cut(path, "{"); ok {
		return "", fmt.Errorf("%s lacks a value for {%s", o, missing)
	}
	return path, nil
}

func checkSegment(name, v string) error {
	switch {
	case strings.TrimSpace(v) == "":
		return fmt.Errorf("%s is empty: give one", name)
	case v == "." || v == "..":
		return fmt.Errorf("%s %q is not an id", name, v)
	case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%s %q has control characters in it", name, v)
	}
	return nil
}

// encodeQuery prints a query with bare "$" in the names and %20 for blanks, the
// spelling of Microsoft's samples. Parameters are sorted by name.
func encodeQuery(q url.Values) string {
	s := strings.ReplaceAll(q.Encode(), "+", "%20")
	return strings.ReplaceAll(s, "%24", "$")
}
