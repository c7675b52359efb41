package emulator

import (
	"io"
	"iter"
	"net/http"
	"time"
)

// changedAt is when the change of an install was found.
func (t *tenant) changedAt(in install) stamp {
	at := snapshotAt(t.born).Add(-time.Duration(in.window) * snapshotEvery)
	return stampOf(at.Add(-time.Duration(mix("change", int(in.product)*31+int(in.version))%3600) * time.Second))
}

// changes gives the rows of the delta export from a time on. The time falls into a window of six hours, whose changes
// all belong to the answer.
func (t *tenant) changes(since, until time.Time) iter.Seq[assetVulnerability] {
	newest, base := snapshotAt(t.born), t.life.base
	return func(yield func(assetVulnerability) bool) {
		for _, i := range base.exports.order {
			for _, in := range base.installsOf(i) {
				if in.change == unchanged || newest.Add(-time.Duration(in.window)*snapshotEvery).Before(since) {
					continue
				}
				if !base.changeRows(i, in, yield) {
					return
				}
			}
		}
		t.livedChanges(since, until, yield)
	}
}

// livedChanges gives the rows of what happened since the start: those of the snapshots from one time to another.
func (t *tenant) livedChanges(since, until time.Time, yield func(assetVulnerability) bool) {
	t.mu.RLock()
	deltas := t.life.deltas // only ever appended to
	t.mu.RUnlock()
	for _, d := range deltas {
		if d.window.Before(since) || d.window.After(until) {
			continue
		}
		row, at := t.assetRow(d.machine, d.in, d.flaw), stampOf(d.window.Add(-10*time.Minute)).spaced()
		row.SecurityUpdateAvailable, row.Status, row.EventTimestamp = nil, &d.status, &at
		if !yield(row) {
			return
		}
	}
}

// changeRows gives the rows of one change. An upgrade gives Fixed rows of the old version and New rows of the new one.
func (t *tenant) changeRows(i int32, in install, yield func(assetVulnerability) bool) bool {
	status := map[changeKind]string{installedNew: "New", upgraded: "New", reassessed: "Updated"}[in.change]
	if in.change == upgraded {
		old := in
		old.version--
		if !t.statusRows(i, old, "Fixed", yield) {
			return false
		}
	}
	return t.statusRows(i, in, status, yield)
}

// statusRows gives one row for each vulnerability of an install, with a status.
func (t *tenant) statusRows(i int32, in install, status string, yield func(assetVulnerability) bool) bool {
	flaws := t.catalogue.products[in.product].open(in.version)
	if len(flaws) == 0 {
		flaws = []int32{-1}
	}
	at := t.changedAt(in).spaced()
	for _, f := range flaws {
		row := t.assetRow(i, in, f)
		row.SecurityUpdateAvailable, row.Status, row.EventTimestamp = nil, &status, &at
		if !yield(row) {
			return false
		}
	}
	return true
}

// maxDeltaAge is how far back the delta export goes.
const maxDeltaAge = 14 * 24 * time.Hour

// exportChanges is GET /api/machines/SoftwareVulnerabilityChangesByMachine.
func exportChanges(c *call) reply {
	text := c.query.Get("sincetime")
	if text == "" {
		return missing("sinceTime")
	}
	since, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		if since, err = time.Parse(time.DateOnly, text); err != nil {
			return invalidInput(text)
		}
	}
	if c.now.Sub(since) > maxDeltaAge+time.Minute {
		return fail(http.StatusBadRequest, "InvalidInput", "Invalid input sinceTime: it is more than 14 days ago")
	}
	w, err := readExportWindow(c)
	if err != nil {
		return refuseExport(err)
	}
	return reply{stream: func(out io.Writer) error { return writeChanges(c, out, w, since) }}
}

// writeChanges streams one page of the delta.
func writeChanges(c *call, out io.Writer, w exportWindow, since time.Time) error {
	rows := newRowWriter(out)
	rows.begin(contextOf(c, false, "Collection(microsoft.windowsDefenderATP.api.DeltaAssetVulnerability)"))
	rows.openValue()
	n, next := 0, ""
	for row := range c.tenant.changes(since, w.snapshot) {
		n++
		if n <= w.token.LineStoppedAt {
			continue
		}
		if n > w.token.LineStoppedAt+w.size {
			if !w.top {
				w.token.LineStoppedAt += w.size
				next = exportLink(c, w.token)
			}
			break
		}
		rows.row(row)
	}
	return rows.end(next)
}
