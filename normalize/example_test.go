package normalize_test

import (
	"fmt"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/normalize"
	"github.com/gatehouse-sec/gatehouse/ocsf"
)

// Turn an alert of Defender for Endpoint into a checked OCSF event.
func Example() {
	event, err := normalize.Alert(normalize.Input{
		Raw: []byte(`{"id":"da6","severity":"High","status":"New","title":"Mimikatz","alertCreationTime":"2026-05-04T03:02:01.1234567Z","brandNew":1}`),
		API: gatehouse.APIMDE, Kind: gatehouse.EventCreated,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(event.Class().Caption, ocsf.Validate(event))
	finding := event.(*ocsf.DetectionFinding)
	fmt.Println(finding.FindingInfo.Title, finding.SeverityID, finding.Time.Time(), string(finding.Unmapped))
	// Output:
	// Detection Finding []
	// Mimikatz 4 2026-05-04 03:02:01.123 +0000 UTC {"brandNew":1}
}
