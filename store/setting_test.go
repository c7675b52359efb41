package store_test

import (
	"errors"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

// A setting is one for all processes, and the audit log has each change of it.
func TestSettings(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Options) {
		o := fresh(t)
		s, _ := opened(t, o)
		other, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		changes := int64(0)
		for n, value := range []string{"", "a", "a", "b", "", ""} {
			before, err := other.Setting(t.Context(), "x")
			if err != nil {
				t.Fatal(err)
			}
			changed, err := s.PutSetting(t.Context(), "x", value, &gatehouse.AuditEntry{Operation: "x"})
			if err != nil || changed != (before != value) {
				t.Errorf("%d: changed %t, %v", n, changed, err)
			}
			if changed {
				changes++
			}
			if got, err := other.Setting(t.Context(), "x"); err != nil || got != value {
				t.Errorf("%d: the other reads %q, %v", n, got, err)
			}
		}
		if v, err := s.VerifyAudit(t.Context()); err != nil || !v.Sound() || v.Entries != changes || changes != 3 {
			t.Errorf("%d changes; audit %+v, %v", changes, v, err)
		}
		if _, err := s.PutSetting(t.Context(), "", "a", nil); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}
