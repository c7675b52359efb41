package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
)

// maxBody bounds the body of a request.
const maxBody = 4 << 20

// readBody decodes a JSON body into a struct. Member names are case-sensitive, as Microsoft says; a member that the
// struct does not know, or of the wrong type, makes the body invalid, and so does a Content-Type that is not JSON's. What
// Microsoft answers to the last is not documented.
func readBody(c *call, into any) (reply, bool) {
	if kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return badBody(c), false
	}
	text, err := io.ReadAll(io.LimitReader(c.r.Body, maxBody))
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return badBody(c), false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return badBody(c), false
	}
	if err := setMembers(members, reflect.ValueOf(into).Elem()); err != nil {
		return badBody(c), false
	}
	return reply{}, true
}

// badBody refuses a body as a whole.
func badBody(c *call) reply {
	if strings.HasPrefix(c.r.URL.Path, "/v1.0/") { // Graph has words of its own, from general knowledge
		return fail(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return fail(http.StatusBadRequest, "InvalidRequestBody", "Request body is incorrect")
}

// errBody tells that a body does not fit.
var errBody = errors.New("body does not fit")

// setMembers fills a struct from members whose names must match exactly; encoding/json alone would take any case.
func setMembers(members map[string]json.RawMessage, into reflect.Value) error {
	known := map[string]int{}
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		known[name] = i
		if also := into.Type().Field(i).Tag.Get("also"); also != "" { // a second spelling that Microsoft's pages print
			known[also] = i
		}
	}
	for name, raw := range members {
		if strings.HasPrefix(name, "@odata.") {
			continue
		}
		i, ok := known[name]
		if !ok {
			return errBody
		}
		if err := json.Unmarshal(raw, into.Field(i).Addr().Interface()); err != nil {
			return errBody
		}
	}
	return nil
}

// missing is the refusal of a body without a required member.
func missing(name string) reply {
	return fail(http.StatusBadRequest, "MissingRequiredParameter", "Parameter "+name+" is missing")
}

// invalidInput is the refusal of a value that is none of those allowed.
func invalidInput(text string) reply {
	return fail(http.StatusBadRequest, "InvalidInput", "Invalid input "+text)
}

// notFound is the refusal of an id that does not exist.
func notFound(kind, id string) reply {
	return fail(http.StatusNotFound, "ResourceNotFound", kind+" "+id+" was not found")
}
