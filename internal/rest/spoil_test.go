package rest

import (
	"errors"
	"io"
	"net/http"
)

// spoil plays one of seven faults on an answer; zero and one are none.
func spoil(fault int, resp *http.Response) (*http.Response, error) {
	body, _ := io.ReadAll(resp.Body)
	switch fault {
	case 2:
		return reply(429, `{"error":{"code":"429","message":"API calls quota exceeded! maximum allowed 45 per 00:01:00"}}`, "Retry-After", "2")
	case 3:
		return reply(503, "<html>busy</html>")
	case 4:
		return nil, errors.New("connection reset by peer")
	case 5:
		return replyFrom(200, broken(string(body[:len(body)/2])))
	case 6:
		return reply(200, string(body[:len(body)*2/3]))
	}
	return reply(resp.StatusCode, string(body))
}
