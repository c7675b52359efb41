package emulator

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// How a device is connected.
const (
	linkByHealth uint8 = iota // as its health says
	linkUp
	linkDown
)

// online tells whether actions reach a device: one that is not Active, or was merged into another one, is away.
func (m *machine) online() bool {
	switch m.link {
	case linkUp:
		return true
	case linkDown:
		return false
	}
	return m.health == 0 && m.merged == 0
}

// SetOnline connects a device or cuts it off. Nothing that the API prints changes; the actions of a device that is away
// stay Pending until it is back, or end as TimeOut after three days, live response after two hours.
func (s *Server) SetOnline(tenantID, deviceID string, online bool) error {
	return s.setDevice(tenantID, deviceID, func(t *tenant, i int32) {
		t.machines[i].link = linkDown
		if online {
			t.welcome(i)
		}
	})
}

// SetOldClient makes the client of a device too old for what the API can do, or ends that.
func (s *Server) SetOldClient(tenantID, deviceID string, old bool) error {
	return s.setDevice(tenantID, deviceID, func(t *tenant, i int32) { t.machines[i].old = old })
}

// SetOnboarding sets the onboardingStatus of a device: Onboarded, CanBeOnboarded, Unsupported or InsufficientInfo. Only a
// device that is not onboarded can be contained.
func (s *Server) SetOnboarding(tenantID, deviceID, status string) error {
	state := slices.Index(onboardingStates(), status)
	if state < 0 {
		return fmt.Errorf("emulator: there is no onboarding status %q", status)
	}
	return s.setDevice(tenantID, deviceID, func(t *tenant, i int32) {
		watch := t.watch(t.now().UTC(), t.now().UTC(), ref{StreamDevices, int(i)})
		t.machines[i].onboarding = uint8(state)
		t.version.Add(1)
		watch.done()
	})
}

// setDevice changes a device.
func (s *Server) setDevice(tenantID, deviceID string, change func(t *tenant, i int32)) error {
	t, err := s.dataOf(tenantID)
	if err != nil {
		return err
	}
	raw, err := hex.DecodeString(deviceID)
	if err != nil || len(raw) != 20 {
		return fmt.Errorf("emulator: %q is not the id of a device", deviceID)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.byID[[20]byte(raw)]
	if !ok {
		return fmt.Errorf("emulator: there is no device %s", deviceID)
	}
	change(t.newest(), i)
	return nil
}

// welcome brings a device back: the actions that waited for it go on. The caller holds the lock.
func (t *tenant) welcome(i int32) {
	t.machines[i].link = linkUp
	for _, a := range t.actions {
		if a.machine == i && a.waits && !a.over() {
			a.waits = false
			t.goOn(a, t.now().UTC())
		}
	}
}

// takeSilenceDevice lets a device fall silent.
func takeSilenceDevice(k *taking) (string, error) {
	i, err := k.machine(k.ID, -1)
	if err != nil {
		return "", err
	}
	m := k.t.machines[i]
	if k.auto && m.link != linkDown {
		return "", errNothing // it came back
	}
	watch := k.watch(ref{StreamDevices, int(i)})
	m.link, m.health = linkDown, uint8(slices.Index(healthStates(), "Inactive"))
	k.t.version.Add(1)
	watch.done()
	return m.machineID(), nil
}
