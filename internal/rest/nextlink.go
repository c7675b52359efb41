package rest

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// The guards on next links.
var (
	// ErrNextLink is what every [*LinkError] is.
	ErrNextLink = errors.New("next link refused")
	// ErrCursorExpired tells that the snapshot behind a next link is gone. Begin
	// the list again.
	ErrCursorExpired = errors.New("the next link has expired, because its snapshot was replaced: begin the list again")
)

// LinkError tells why a next link was not followed. The list that it belongs to
// is not complete.
type LinkError struct {
	Operation Operation
	Reason    string
}

// Error names the operation and the reason, not the link: its query may carry a
// cursor.
func (e *LinkError) Error() string {
	return fmt.Sprintf("%s: next link refused, the list is not complete: %s", e.Operation, e.Reason)
}

// Is makes every LinkError an ErrNextLink.
func (e *LinkError) Is(target error) bool { return target == ErrNextLink }

// nextURL turns a next link into the address of the next page, always at our
// own origin:
//
//   - a link to our origin, or to another host that the guard knows, is followed
//     at our origin with its query as it is, provided that it carries our own
//     parameters unchanged or a skip token in their place;
//   - a link that has lost our parameters (seen in 2022: "?=name&=10000&$skip=10000")
//     and still has a $skip is rebuilt from our own query and that $skip;
//   - anything else is refused.
func (c *Client) nextURL(link string, first *url.URL) (*url.URL, string) {
	u, err := first.Parse(link)
	switch {
	case err != nil:
		return nil, "it is not a URL"
	case u.Scheme != "https":
		return nil, "it is not https"
	case u.User != nil:
		return nil, "it carries user information"
	}
	if !sameOrigin(u, c.base) {
		if err := c.guard.Allow(u); err != nil {
			return nil, "it points to another host: " + err.Error()
		}
		u.Host = c.base.Host
	}
	if !samePath(u.Path, first.Path) {
		return nil, "it points to another operation"
	}
	query, sound := parseLinkQuery(u.RawQuery)
	own := first.Query()
	switch skip, hasSkip := skipOf(query); {
	case sound && (keeps(query, own) || hasParam(query, "$skiptoken")):
		u.Fragment = ""
		return u, ""
	case hasSkip:
		rebuilt := *first
		own.Set("$skip", strconv.Itoa(skip))
		rebuilt.RawQuery = encodeQuery(own)
		return &rebuilt, ""
	}
	return nil, "it has lost our query and has no $skip to go on from"
}

func sameOrigin(a, b *url.URL) bool {
	host := func(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Host), ":443") }
	return a.Scheme == b.Scheme && host(a) == host(b)
}

// samePath compares paths as the services do: without case, without a version
// segment, without a slash at the end. The printed delta export links to the
// path of an older name, SoftwareVulnerabilitiesTimeline.
func samePath(a, b string) bool {
	clean := func(p string) string {
		p = strings.TrimSuffix(strings.ToLower(p), "/")
		p = strings.Replace(p, "/api/v1.0/", "/api/", 1)
		return strings.Replace(p, "/softwarevulnerabilitiestimeline", "/softwarevulnerabilitychangesbymachine", 1)
	}
	return clean(a) == clean(b)
}

// parseLinkQuery parses a query and tells whether all its parameters have names.
func parseLinkQuery(raw string) (url.Values, bool) {
	q, err := url.ParseQuery(raw)
	_, nameless := q[""]
	return q, err == nil && !nameless
}

// keeps tells whether query carries every parameter of own with its value. Case
// of names differs ("pagesize"), and the place in the list moves.
func keeps(query, own url.Values) bool {
	for name, values := range own {
		if strings.EqualFold(name, "$skip") || strings.EqualFold(name, "$top") {
			continue
		}
		if got, ok := param(query, name); !ok || got != values[0] {
			return false
		}
	}
	return true
}

func param(q url.Values, name string) (string, bool) {
	for n, values := range q {
		if strings.EqualFold(n, name) && len(values) > 0 {
			return values[0], true
		}
	}
	return "", false
}

func hasParam(q url.Values, name string) bool {
	_, ok := param(q, name)
	return ok
}

// skipOf reads $skip as a whole number, also when printed as 1e+06.
func skipOf(q url.Values) (int, bool) {
	text, ok := param(q, "$skip")
	if !ok {
		return 0, false
	}
	n, ok := wholeNumber(strings.ReplaceAll(text, " ", "+"))
	if !ok || n < 0 || n > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}
