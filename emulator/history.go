package emulator

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The streams that a tenant's history and Truth.Documents tell of.
const (
	StreamAlerts              = "alerts"
	StreamIncidents           = "incidents"
	StreamDevices             = "devices"
	StreamMachineActions      = "machine-actions"
	StreamVulnerabilities     = "vulnerabilities"
	StreamCVEs                = "cves"
	StreamSoftware            = "software"
	StreamRecommendations     = "recommendations"
	StreamSecureScores        = "secure-scores"
	StreamSecureScoreControls = "secure-score-controls"
)

// The doors of the streams: through which API a record is read.
const (
	DoorMDE   = apiMDE
	DoorXDR   = apiXDR
	DoorGraph = apiGraph
	// DoorFiles is the vulnerabilities as lines of the export files.
	DoorFiles = "files"
)

// ChangeKind is what became of a record.
type ChangeKind string

// The kinds of change.
const (
	ChangeAdded   ChangeKind = "added"
	ChangeUpdated ChangeKind = "updated"
	ChangeRemoved ChangeKind = "removed"
)

// Change is one real change of one record: its document, as at least one door prints it, was another one before.
type Change struct {
	// Seq numbers the changes of a tenant from 1, in the order in which they showed.
	Seq int64
	// Stream and Key name the record. The keys are those of Truth.Documents.
	Stream, Key string
	// Kind is what became of it.
	Kind ChangeKind
	// Doors are the doors that show the change.
	Doors []string
	// At is when it showed, Stamp the time that the record bears. The difference is how late it was published.
	At, Stamp time.Time
}

// Mark is the number of the newest change of a tenant, for Changes.
func (s *Server) Mark(tenantID string) (int64, error) {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return 0, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return int64(len(t.life.history)), nil
}

// Changes lists the changes of a tenant after a mark, in the order in which they showed; 0 is the start. Two changes of
// one record between two reads can collapse into one for the reader: compare At with the times of the reads. Scores are
// not among them: their documents bear the time of the call.
func (s *Server) Changes(tenantID string, mark int64) ([]Change, error) {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if mark < 0 || mark > int64(len(t.life.history)) {
		return nil, fmt.Errorf("emulator: there is no mark %d: the newest is %d", mark, len(t.life.history))
	}
	return slices.Clone(t.life.history[mark:]), nil
}

// record adds a change to the history. The caller holds the lock.
func (t *tenant) record(c Change) {
	c.Seq = int64(len(t.life.history)) + 1
	t.life.history = append(t.life.history, c)
}

// ref points at a record by its stream and index.
type ref struct {
	stream string
	index  int
}

// digest is what tells two documents apart.
type digest [sha256.Size]byte

// digestOf gives the digest of a document.
func digestOf(row any) digest {
	text, err := json.Marshal(row)
	if err != nil {
		panic("emulator: document: " + err.Error())
	}
	return sha256.Sum256(text)
}

// prints are the digests of the documents of one record by door; a record that is not there has none.
type prints map[string]digest

// watching is a change as it happens: what some records were before.
type watching struct {
	t         *tenant
	at, stamp time.Time
	refs      []ref
	before    []prints
}

// watch notes what some records are before a change. The caller holds the lock until done.
func (t *tenant) watch(at, stamped time.Time, refs ...ref) *watching {
	w := &watching{t: t, at: at, stamp: stamped}
	for _, r := range refs {
		w.add(r, t.current.Load().prints(r))
	}
	return w
}

// add adds a record that was like this before.
func (w *watching) add(r ref, before prints) {
	if !slices.Contains(w.refs, r) {
		w.refs, w.before = append(w.refs, r), append(w.before, before)
	}
}

// done records what has changed. The records given are new.
func (w *watching) done(created ...ref) {
	for _, r := range created {
		w.add(r, nil)
	}
	v := w.t.current.Load()
	for n, r := range w.refs {
		after := v.prints(r)
		var doors []string
		for _, door := range []string{DoorMDE, DoorXDR, DoorGraph} {
			was, before := w.before[n][door]
			is, there := after[door]
			if before != there || was != is {
				doors = append(doors, door)
			}
		}
		if kind, ok := kindOf(len(w.before[n]) > 0, len(after) > 0, len(doors) > 0); ok {
			w.t.record(Change{Stream: r.stream, Key: v.keyOf(r), Kind: kind, Doors: doors, At: w.at, Stamp: w.stamp})
		}
	}
}

// kindOf tells what became of a record; false is nothing.
func kindOf(was, is, changed bool) (ChangeKind, bool) {
	switch {
	case !was && is:
		return ChangeAdded, true
	case was && !is:
		return ChangeRemoved, true
	case is && changed:
		return ChangeUpdated, true
	}
	return "", false
}

// keyOf gives the key of a record. The caller holds the lock.
func (t *tenant) keyOf(r ref) string {
	switch r.stream {
	case StreamAlerts:
		return t.alerts[r.index].id
	case StreamIncidents:
		return fmt.Sprint(t.incidents[r.index].number)
	case StreamMachineActions:
		return t.actions[r.index].id
	}
	return t.machines[r.index].machineID()
}

// prints gives the digests of a record. The caller holds the lock.
func (t *tenant) prints(r ref) prints {
	i := int32(r.index)
	switch r.stream {
	case StreamAlerts:
		if a := t.alerts[i]; !a.gone {
			d := digestOf(t.lockedAlertRow(i, false)) // the evidence follows from the rest, in both doors
			return prints{DoorMDE: d, DoorGraph: d}
		}
	case StreamIncidents:
		return prints{DoorXDR: t.incidentDigest(i, false), DoorGraph: t.incidentDigest(i, true)}
	case StreamMachineActions:
		if !t.actions[i].hidden {
			return prints{DoorMDE: digestOf(t.lockedActionRow(r.index))}
		}
	default:
		if _, there := t.byID[t.machines[i].id]; there {
			row := t.lockedMachineRow(i)
			return prints{DoorMDE: digestOf(row), DoorGraph: digestOf(t.deviceInfo(i, &row, row.LastSeen.time()))}
		}
	}
	return nil
}

// incidentDigest tells apart the documents of an incident, whose alerts are in them, without making these: an incident
// may have hundreds. Only Graph shows the comments of alerts there. The caller holds the lock.
func (t *tenant) incidentDigest(i int32, comments bool) digest {
	inc, hash := t.incidents[i], sha256.New()
	head := digestOf(t.lockedXDRIncident(i, false))
	_, _ = hash.Write(head[:]) // a hash takes everything
	for _, at := range inc.alerts {
		a := t.alerts[at]
		_, _ = fmt.Fprintln(hash, a.id, a.updated, a.last, a.resolved, a.status, a.classification, a.determination, a.assignedTo)
		if comments {
			_, _ = fmt.Fprintln(hash, len(a.comments))
		}
	}
	return digest(hash.Sum(nil))
}
