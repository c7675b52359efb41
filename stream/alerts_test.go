package stream_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestAlertsOfOtherProducts: what only Graph shows is not gone for not being shown by
// Defender for Endpoint.
func TestAlertsOfOtherProducts(t *testing.T) {
	t.Parallel()
	entry, _ := stream.ByName(stream.Alerts)
	for document, shown := range map[string]bool{
		`{"id":"a","serviceSource":"microsoftDefenderForEndpoint"}`: true,
		`{"id":"a","serviceSource":"unknown"}`:                      true,
		`{"id":"a","detectionSource":"OfficeATP"}`:                  true, // of Defender for Endpoint itself
		`{"id":"a","serviceSource":"microsoftDefenderForIdentity"}`: false,
		`{"id":"a","serviceSource":"of the future"}`:                false,
	} {
		for _, d := range entry.Doors {
			if got, want := entry.Shows(d, []byte(document), time.Now()), shown || d.API == gatehouse.APIGraph; got != want {
				t.Errorf("%s shows %s: %v", d.API, document, got)
			}
		}
	}
}
