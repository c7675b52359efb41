package stream_test

import (
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
