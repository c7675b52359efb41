package gatehouse_test

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse"
)

func TestNeedsGraph(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"AlertInfo": true, "AlertInfo|take 1": true, "DeviceInfo | join (IdentityInfo) on AccountName": true,
		"": false, "DeviceInfo | take 1": false, "MyAlertInfo": false, "AlertInfo_2": false, "alertinfo": false,
		"DeviceInfo | where Note == \"Message EventsX\"": false,
	} {
		if got := gatehouse.NeedsGraph(query); got != want {
			t.Errorf("%q: %v", query, got)
		}
	}
}
