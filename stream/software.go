package stream

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// software is the products that were found on devices.
func software() Stream {
	return Stream{
		Name: Software, Title: "Software", Mode: Snapshot, Interval: daily,
		Docs:  "https://learn.microsoft.com/defender-endpoint/api/get-software",
		Noisy: []string{"exposedMachines", "impactScore"}, // move with every device that comes and goes
		Doors: []Door{{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Software.Read.All"), Read: snapshot(software, softwarePages)}},
	}
}

func softwarePages(c *defender.Client) pager[defender.Software] {
	return pager[defender.Software]{
		list: c.Software.List, largest: 10_000,
		item: func(v *defender.Software) item { return item{key: v.ID, document: v.Raw} },
	}
}
