package action

import (
	"context"
	"io"
	"time"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// resultPatience is how long fetching a result waits in all for Microsoft's limits:
// two links a minute for a package. Somebody waits for it, and is told when to come
// back.
const resultPatience = 5 * time.Second

// collectPackage collects what an investigator wants to see.
func collectPackage() Action {
	c := command{
		kind: "CollectInvestigationPackage",
		send: func(ctx context.Context, s *defender.MachineActionsService, r Request) (defender.MachineAction, error) {
			return s.CollectInvestigationPackage(ctx, r.Target, r.text())
		},
	}
	d := c.door("Machine.CollectForensics")
	d.Result = func(ctx context.Context, c Clients, id string, w io.Writer) (int64, error) {
		return c.Defender.MachineActions.DownloadPackage(defender.WithPatience(ctx, resultPatience), id, w)
	}
	return Action{
		Name: "collect-package", Title: "Collect an investigation package", Target: Device, Docs: mdeDocs + "collect-investigation-package",
		Summary: "Collect autoruns, processes, connections, logs and more from a device into a zip file, which can be fetched when it is done.",
		Risk:    Medium, Why: "The package has data of the people who use the device.",
		Doors: []Door{d}, ResultType: "application/zip",
	}
}
