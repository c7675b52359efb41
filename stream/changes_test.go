package stream_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/emulator"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// TestChanges lays the changes of many days over the export: what is there stays as
// it is, to the hash, and what was fixed is gone.
func TestChanges(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	s := raise(t, emulator.Options{Size: emulator.Size{Devices: 120}}, d.AnyOf)
	full := s.mustRead(t, d, stream.Request{})
	if full.last.Watermark.IsZero() || full.last.Phase != "" || full.last.State != nil {
		t.Errorf("checkpoint %+v", full.last)
	}

	fixed, listed := 0, 0
	later := mirror{records: map[string]gatehouse.PageRecord{}}
	since := gatehouse.Checkpoint{Watermark: s.Now().Add(-10 * 24 * time.Hour)}
	s.mustRead(t, d, stream.Request{Mode: gatehouse.SyncDelta, From: since, Emit: func(p gatehouse.Page) error {
		for _, r := range p.Records {
			held, known := full.records[r.Key]
			switch {
			case r.Gone && known:
				t.Errorf("%s is said to be gone, and is there", r.Key)
			case r.Gone:
				fixed++
			case !known:
				t.Errorf("%s is said to be there, and is not", r.Key)
			case held.Content != r.Content || held.Common != r.Common:
				t.Errorf("%s differs:\n%s\n%s", r.Key, held.Document, r.Document)
			default:
				listed++
			}
		}
		return later.take(p)
	}})
	if fixed == 0 || listed == 0 || later.complete || later.calls != later.floor {
		t.Errorf("%d fixed, %d listed, complete %v, %d calls, floor %d", fixed, listed, later.complete, later.calls, later.floor)
	}
	if w := later.last.Watermark; !w.After(since.Watermark) || w.After(s.Now()) {
		t.Errorf("watermark %s", w)
	}
}

// TestChangesThatAreTooOld are no changes: everything is read.
func TestChangesThatAreTooOld(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	s := raise(t, emulator.Options{Size: emulator.Size{Devices: 20}}, d.AnyOf)
	for _, from := range []gatehouse.Checkpoint{{}, {Watermark: s.Now().Add(-15 * 24 * time.Hour)}} {
		m := s.mustRead(t, d, stream.Request{Mode: gatehouse.SyncDelta, From: from})
		if keys := truthOf(t, s, stream.Vulnerabilities); !m.complete || len(m.records) != len(keys) {
			t.Errorf("complete %v, %d of %d", m.complete, len(m.records), len(keys))
		}
	}
}

// TestExportGoesOn is interrupted behind the first and the third file, and reads no
// file twice. Links may be asked for five times a minute.
func TestExportGoesOn(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	s := raise(t, emulator.Options{NoLimits: true, Size: emulator.Size{Devices: 60}}, d.AnyOf)
	all := mirror{records: map[string]gatehouse.PageRecord{}}
	resumed, files := false, 0
	for range 3 {
		_, err := s.read(t.Context(), d, stream.Request{From: all.last, Resumed: resumed, PageRows: 100, Emit: func(p gatehouse.Page) error {
			if err := all.take(p); err != nil || p.Checkpoint == nil || p.Complete {
				return err
			}
			if files++; files == 1 || files == 3 {
				return errStop
			}
			return nil
		}})
		if resumed = true; err == nil {
			break
		}
	}
	keys := truthOf(t, s, stream.Vulnerabilities)
	if diff := cmp.Diff(keys, all.keys()); diff != "" || !all.complete {
		t.Error("complete:", all.complete, "keys:\n", diff)
	}
	if all.rows != len(keys) {
		t.Errorf("%d rows were read for %d", all.rows, len(keys))
	}
}

// TestEmptyExport: an export without files does not say that everything is gone,
// until another one, an hour later or more, says the same.
func TestEmptyExport(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	clock := emulator.NewFakeClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := raise(t, emulator.Options{Clock: clock, NoLimits: true, Size: emulator.Size{Devices: 3, Alerts: -1}}, d.AnyOf)
	full := s.mustRead(t, d, stream.Request{Now: clock.Now})
	if len(full.records) == 0 || !full.complete {
		t.Fatal("there is nothing to lose")
	}
	for id := range devicesOf(t, s) {
		if err := s.RemoveDevice(s.tenant.TenantID, id); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(7 * time.Hour)
	s.connect()
	from, held := full.last, int64(len(full.records))
	for _, step := range []struct {
		wait     time.Duration
		complete bool
	}{{0, false}, {time.Minute, false}, {6 * time.Hour, true}} {
		clock.Advance(step.wait)
		s.connect()
		m := s.mustRead(t, d, stream.Request{From: from, Held: held, Now: clock.Now})
		if m.complete != step.complete || len(m.records) != 0 {
			t.Errorf("after %s: complete %v, %d rows", step.wait, m.complete, len(m.records))
		}
		from = m.last
	}
	if m := s.mustRead(t, d, stream.Request{Now: clock.Now}); !m.complete {
		t.Error("an empty export is doubted although nothing is held")
	}
}

// TestEmptyExportInPlaceOfChanges: where the changes were too old and the export that
// was read for them is doubted, the next reading does not take it for a beginning.
func TestEmptyExportInPlaceOfChanges(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	clock := emulator.NewFakeClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s := raise(t, emulator.Options{Clock: clock, NoLimits: true, Size: emulator.Size{Devices: 3, Alerts: -1}}, d.AnyOf)
	full := s.mustRead(t, d, stream.Request{Now: clock.Now})
	for id := range devicesOf(t, s) {
		if err := s.RemoveDevice(s.tenant.TenantID, id); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(20 * 24 * time.Hour)
	s.connect()
	r := stream.Request{Mode: gatehouse.SyncDelta, From: full.last, Held: int64(len(full.records)), Now: clock.Now}
	m := s.mustRead(t, d, r)
	if m.complete || !m.last.Watermark.Equal(full.last.Watermark) {
		t.Errorf("complete %v, and the watermark went from %s to %s", m.complete, full.last.Watermark, m.last.Watermark)
	}
	clock.Advance(7 * time.Hour)
	s.connect()
	r.From = m.last
	if m = s.mustRead(t, d, r); !m.complete {
		t.Error("the second one is doubted, too")
	}
}

// TestManyChanges reads a list that is too large to be kept: twice, and says the same.
func TestManyChanges(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	s := raise(t, emulator.Options{Size: emulator.Size{Devices: 5000, Alerts: -1, Events: -1}}, d.AnyOf)
	there := map[string]bool{}
	for _, key := range truthOf(t, s, stream.Vulnerabilities) {
		there[key] = true
	}
	gone, lives, calls := 0, map[string]bool{}, int64(0)
	s.mustRead(t, d, stream.Request{Mode: gatehouse.SyncDelta, From: gatehouse.Checkpoint{Watermark: s.Now().Add(-10 * 24 * time.Hour)}, Emit: func(p gatehouse.Page) error {
		calls += p.Calls
		for _, r := range p.Records {
			if there[r.Key] == r.Gone {
				t.Errorf("%s is said to be gone: %v", r.Key, r.Gone)
			}
			if r.Gone {
				gone++
			} else {
				lives[r.Key] = true
			}
		}
		return nil
	}})
	if calls != 2 || gone < 1000 || len(lives) < 5000 {
		t.Errorf("%d calls, %d gone, %d there", calls, gone, len(lives))
	}
}

// TestChangesAreNet: what came and went within the changes of one reading, some of
// which the reading before has seen, is no coming and going of a record.
func TestChangesAreNet(t *testing.T) {
	t.Parallel()
	d := door(t, stream.Vulnerabilities, gatehouse.APIMDE)
	clock := emulator.NewFakeClock(time.Now().Add(-60 * time.Hour))
	s := raise(t, emulator.Options{Clock: clock, NoLimits: true, Size: emulator.Size{Devices: 6, Alerts: -1, Events: -1}}, d.AnyOf)
	held := s.mustRead(t, d, stream.Request{Now: clock.Now})
	moved, draw := 0, uint64(0)
	for poll := range 8 {
		for range 30 {
			draw++
			kind := []emulator.StepKind{emulator.StepUpgrade, emulator.StepUninstall, emulator.StepInstall}[draw%3]
			_, _ = s.Do(s.tenant.TenantID, emulator.Step{Kind: kind, Draw: draw}) // there may be nothing to upgrade
		}
		clock.Advance(6*time.Hour + 10*time.Minute)
		s.connect()
		before, transitions := maps.Clone(held.records), 0
		held.complete = false
		r := stream.Request{Mode: gatehouse.SyncDelta, From: held.last, PageRows: 1, Now: clock.Now, Emit: func(p gatehouse.Page) error {
			for _, r := range p.Records {
				if _, there := held.records[r.Key]; there == r.Gone {
					transitions++
				}
			}
			return held.take(p)
		}}
		if _, err := s.read(t.Context(), d, r); err != nil {
			t.Fatal(err)
		}
		net := 0
		for key := range before {
			if _, still := held.records[key]; !still {
				net++
			}
		}
		for key := range held.records {
			if _, already := before[key]; !already {
				net++
			}
		}
		if moved += net; transitions != net {
			t.Errorf("poll %d: %d records came or went, and %d events would be made of it", poll, net, transitions)
		}
	}
	if moved == 0 {
		t.Error("nothing has moved")
	}
	if diff := cmp.Diff(truthOf(t, s, stream.Vulnerabilities), held.keys()); diff != "" {
		t.Error("keys (-truth +mirror):\n", diff)
	}
}

// devicesOf are the devices of the tenant.
func devicesOf(t *testing.T, s stage) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, id := range s.Truth(s.tenant.TenantID).Devices {
		ids[id] = true
	}
	return ids
}
