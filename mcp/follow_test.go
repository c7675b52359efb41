package mcp

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/client"
)

// What is shown when a call has waited long enough is how the action stands then,
// also where the time ends in the midst of a question.
func TestFollowedShowsHowItStands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		rest := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/v1/integrations" {
				_, _ = io.WriteString(w, `{"items":[]}`)
				return
			}
			switch asked++; asked {
			case 1:
				_, _ = io.WriteString(w, `{"id":"a","state":"queued"}`)
			case 2:
				<-req.Context().Done()
			default:
				_, _ = io.WriteString(w, `{"id":"a","state":"running"}`)
			}
		})
		c, err := client.New("http://localhost", client.Options{
			Key: gatehouse.NewSecret("gh_…"), HTTPClient: &http.Client{Transport: client.InProcess(rest)}, MaxRetries: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := (&session{c: c}).followed(t.Context(), "a", arguments{"wait_seconds": 2})
		if err != nil || shown.State != "running" {
			t.Errorf("it is shown as %q, %v, after %d questions", shown.State, err, asked)
		}
	})
}
