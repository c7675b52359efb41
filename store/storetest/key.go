package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/store"
)

func testKeys(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	o, c := fresh(t), newClock()
	o.Now = c.Now
	f := open(t, o)
	text := func(s string) gatehouse.Hash { return gatehouse.HashOf([]byte(s)) }
	first := gatehouse.Key{ID: "key_1", Name: "first", Prefix: "gh_1", Hash: text("one"), Scopes: []gatehouse.Scope{gatehouse.ScopeAdmin}, Bootstrap: true}
	first = must(f.s.AddKey(t.Context(), first))(t)
	again := first
	again.ID, again.Hash = "key_2", text("two")
	if _, err := f.s.AddKey(t.Context(), again); !errors.Is(err, store.ErrExists) {
		t.Errorf("a second first key: got %v", err)
	}
	reader := gatehouse.Key{ID: "key_3", Name: "reader", Prefix: "gh_3", Hash: text("three"), Scopes: []gatehouse.Scope{gatehouse.ScopeRead}, Integrations: []string{f.integration}, Expires: c.Now().Add(time.Hour)}
	reader = must(f.s.AddKey(t.Context(), reader))(t)
	for name, bad := range map[string]gatehouse.Key{
		"taken id":   {ID: "key_3", Name: "x", Hash: text("x"), Scopes: reader.Scopes},
		"taken hash": {ID: "key_4", Name: "x", Hash: text("three"), Scopes: reader.Scopes},
		"no scope":   {ID: "key_5", Name: "x", Hash: text("y")},
	} {
		if _, err := f.s.AddKey(t.Context(), bad); !errors.Is(err, store.ErrExists) && !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if diff := cmp.Diff([]gatehouse.Key{first, reader}, must(f.s.Keys(t.Context()))(t)); diff != "" {
		t.Errorf("keys (-want +got)\n%s", diff)
	}
	if got := must(f.s.KeyByHash(t.Context(), text("three")))(t); !cmp.Equal(got, reader) || !got.Live(c.Now()) || got.Live(reader.Expires) {
		t.Errorf("got %+v", got)
	}
	if _, err := f.s.KeyByHash(t.Context(), text("none")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	rotated := must(f.s.RotateKey(t.Context(), "key_3", store.KeyRotation{Hash: text("new"), Prefix: "gh_3b", OldUntil: c.Now().Add(time.Minute)}))(t)
	for _, known := range []string{"three", "new"} {
		if got := must(f.s.KeyByHash(t.Context(), text(known)))(t); got.ID != "key_3" || !cmp.Equal(got, rotated) {
			t.Errorf("%s: got %+v", known, got)
		}
	}
	must(0, f.s.TouchKey(t.Context(), rotated))(t)
	c.move(time.Minute)
	if _, err := f.s.KeyByHash(t.Context(), text("three")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old text is still taken: got %v", err)
	}
	used := must(f.s.Key(t.Context(), "key_3"))(t)
	if !used.LastUsed.Equal(c.Now().Add(-time.Minute)) {
		t.Errorf("last used %v", used.LastUsed)
	}
	c.move(-time.Second)
	must(0, f.s.TouchKey(t.Context(), used))(t)
	if got := must(f.s.Key(t.Context(), "key_3"))(t); !got.LastUsed.Equal(used.LastUsed) {
		t.Error("its use is written more than once a minute")
	}
	revoked := must(f.s.RevokeKey(t.Context(), "key_3"))(t)
	c.move(time.Hour)
	if got := must(f.s.RevokeKey(t.Context(), "key_3"))(t); revoked.Live(c.Now()) || !got.Revoked.Equal(revoked.Revoked) {
		t.Errorf("got %+v", got)
	}
	if _, err := f.s.RotateKey(t.Context(), "key_3", store.KeyRotation{Hash: text("more")}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a revoked key: got %v", err)
	}
}

// One key that cannot be read hides no other, opens nothing, and can be revoked.
func testUnreadableKey(t *testing.T, fresh func(testing.TB) store.Options) {
	t.Helper()
	f := open(t, fresh(t))
	hash := gatehouse.HashOf([]byte("one"))
	for n, one := range []string{"one", "two"} {
		must(f.s.AddKey(t.Context(), gatehouse.Key{ID: "key_" + one, Name: one, Hash: gatehouse.HashOf([]byte(one)), Scopes: gatehouse.Scopes()[n : n+1], Integrations: []string{f.integration}}))(t)
	}
	f.spoil("UPDATE api_keys SET integrations = $1 WHERE id = 'key_one'")
	all := must(f.s.Keys(t.Context()))(t)
	if len(all) != 2 || all[0].Name != "one" || all[0].Unreadable == "" || all[0].Scopes != nil || all[0].Live(time.Unix(0, 0)) || all[1].Unreadable != "" {
		t.Errorf("got %+v", all)
	}
	_, byID := f.s.Key(t.Context(), "key_one")
	_, byText := f.s.KeyByHash(t.Context(), hash)
	_, rotated := f.s.RotateKey(t.Context(), "key_one", store.KeyRotation{Hash: gatehouse.HashOf([]byte("new"))})
	for name, err := range map[string]error{"by id": byID, "by text": byText, "rotated": rotated} {
		if !errors.Is(err, store.ErrUnreadable) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	must(f.s.RevokeKey(t.Context(), "key_one"))(t)
	if all := must(f.s.Keys(t.Context()))(t); all[0].Revoked.IsZero() || all[0].Hash != hash {
		t.Errorf("got %+v", all[0])
	}
}
