package normalize

import "github.com/gatehouse-sec/gatehouse"

// softwareMapping is where the members of the stream go.
var softwareMapping = mapping{
	stream: "software", title: "Software", class: "Software Inventory Info (5020)",
	shapes: []shape{
		{gatehouse.APIMDE, "https://learn.microsoft.com/defender-endpoint/api/software", []field{
			{"id", "product.uid", ""},
			{"name", "product.name", ""},
			{"vendor", "product.vendor_name", ""},
			{"weaknesses", "", "OCSF has no place for counts of weaknesses"},
			{"publicExploit", "", "it is said by the vulnerabilities, not by the software"},
			{"activeAlert", "", "it is said by the alerts, not by the software"},
			{"exposedMachines", "", "OCSF has no place for how many devices are exposed"},
			{"impactScore", "", "OCSF has no place for a part of the exposure score"},
		}},
	},
}
