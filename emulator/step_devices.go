package emulator

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// machine finds a device by its id, or draws one that is neither gone nor merged.
func (k *taking) machine(id string, not int32) (int32, error) {
	t := k.t
	if id != "" {
		raw, err := hex.DecodeString(id)
		if err == nil && len(raw) == 20 {
			if i, ok := t.byID[[20]byte(raw)]; ok && i != not {
				return i, nil
			}
		}
		return 0, fmt.Errorf("there is no device %s", id)
	}
	for range 32 {
		if len(t.roster) == 0 {
			break
		}
		if i := t.roster[k.random.IntN(len(t.roster))]; i != not && t.machines[i].merged == 0 {
			return i, nil
		}
	}
	return 0, errNothing
}

// takeAddDevice adds a device.
func takeAddDevice(k *taking) (string, error) {
	t := k.t
	if len(t.users) == 0 {
		return "", errNothing
	}
	i := int32(len(t.machines))
	m := t.generateMachine(int(i), t.platforms)
	m.firstSeen, m.lastSeen, m.reported, m.health, m.onboarding = k.stamp, k.stamp, k.stamp, 0, 0
	watch := k.watch()
	v := *t
	v.machines = append(slices.Clip(t.machines), &m)
	v.roster = append(slices.Clip(t.roster), i)
	t.byID[m.id] = i
	menus := v.productMenus()
	k.edit(i, v.pickInstalls(k.random, menus[m.platform], 8+k.random.IntN(20)))
	t.show(&v)
	watch.done(ref{StreamDevices, int(i)})
	return m.machineID(), nil
}

// takeReportDevice moves the last report of a device on.
func takeReportDevice(k *taking) (string, error) {
	i, err := k.machine(k.ID, -1)
	if err != nil {
		return "", err
	}
	m := k.t.machines[i]
	watch := k.watch(ref{StreamDevices, int(i)})
	m.reported = max(m.reported, k.stamp)
	k.t.welcome(i)
	k.t.version.Add(1)
	watch.done()
	return m.machineID(), nil
}

// takeRemoveDevice takes a device away.
func takeRemoveDevice(k *taking) (string, error) {
	i, err := k.machine(k.ID, -1)
	if err != nil {
		return "", err
	}
	t := k.t
	watch := k.watch(ref{StreamDevices, int(i)})
	v := *t
	v.roster = slices.DeleteFunc(slices.Clone(t.roster), func(n int32) bool { return n == i })
	delete(t.byID, t.machines[i].id)
	k.edit(i, nil)
	t.show(&v)
	watch.done()
	return t.machines[i].machineID(), nil
}

// takeMergeDevice merges a device into another one.
func takeMergeDevice(k *taking) (string, error) {
	i, err := k.machine(k.ID, -1)
	if err != nil {
		return "", err
	}
	into, err := k.machine(k.Into, i)
	if err != nil {
		return "", err
	}
	t := k.t
	watch := k.watch(ref{StreamDevices, int(i)}, ref{StreamDevices, int(into)})
	t.machines[i].merged = into + 1
	k.edit(i, nil)
	t.version.Add(1)
	watch.done()
	return t.machines[i].machineID(), nil
}

// edit sets the software that a device will have from the next snapshot on.
func (k *taking) edit(i int32, software []install) {
	l := &k.t.life
	if len(l.edits) == 0 {
		l.edited = k.At
	}
	l.edits[i] = software
}

// software gives the software of a device as the next snapshot will show it.
func (k *taking) software(i int32) []install {
	if list, ok := k.t.life.edits[i]; ok {
		return slices.Clone(list)
	}
	return slices.Clone(k.t.installsOf(i))
}

// changeSoftware changes the software of a device: the change gets the products that are not its system, and returns
// false when it finds nothing to do. A few devices are drawn until one fits.
func (k *taking) changeSoftware(change func(i int32, list []install) ([]install, bool)) (string, error) {
	for range 16 {
		i, err := k.machine(k.ID, -1)
		if err != nil {
			return "", err
		}
		list := k.software(i)
		if len(list) == 0 {
			continue
		}
		apps, ok := change(i, list[1:])
		if ok {
			k.edit(i, append(list[:1:1], apps...))
			return k.t.machines[i].machineID(), nil
		}
	}
	return "", errNothing
}

// takeInstall installs a product that the device does not have.
func takeInstall(k *taking) (string, error) {
	return k.changeSoftware(func(i int32, list []install) ([]install, bool) {
		menu := k.t.productMenus()[k.t.machines[i].platform]
		p := menu[k.random.IntN(len(menu))]
		if p == menu[0] || len(list) >= maxInstalls-1 || slices.ContainsFunc(list, func(in install) bool { return in.product == p }) {
			return nil, false
		}
		in := install{product: p, version: uint8(k.random.IntN(len(k.t.catalogue.products[p].releases)))}
		list = append(list, in)
		slices.SortFunc(list, func(a, b install) int { return int(a.product) - int(b.product) })
		return list, true
	})
}

// takeUpgrade installs the next version of a product.
func takeUpgrade(k *taking) (string, error) {
	return k.changeSoftware(func(_ int32, list []install) ([]install, bool) {
		for _, n := range k.random.Perm(len(list)) {
			if int(list[n].version)+1 < len(k.t.catalogue.products[list[n].product].releases) {
				list[n] = install{product: list[n].product, version: list[n].version + 1}
				return list, true
			}
		}
		return nil, false
	})
}

// takeUninstall removes a product.
func takeUninstall(k *taking) (string, error) {
	return k.changeSoftware(func(_ int32, list []install) ([]install, bool) {
		if len(list) == 0 {
			return nil, false
		}
		n := k.random.IntN(len(list))
		return slices.Delete(list, n, n+1), true
	})
}

// takeReassess finds a product in another place.
func takeReassess(k *taking) (string, error) {
	return k.changeSoftware(func(_ int32, list []install) ([]install, bool) {
		if len(list) == 0 {
			return nil, false
		}
		list[k.random.IntN(len(list))].moved++
		return list, true
	})
}

// takeStartAction begins a machine action.
func takeStartAction(k *taking) (string, error) {
	t := k.t
	i, err := k.machine(k.ID, -1)
	if err != nil {
		return "", err
	}
	last := map[int32]string{}
	for _, a := range t.actions {
		if opposite(a.kind) != "" {
			last[a.machine] = a.kind
		}
	}
	a := t.drawAction(k.random, last, k.stamp)
	a.machine = i
	if undo := opposite(last[i]); undo != "" && opposite(a.kind) != "" {
		a.kind, a.scope = undo, ""
	}
	watch := k.watch()
	t.appendAction(a)
	watch.done(ref{StreamMachineActions, len(t.actions) - 1})
	return a.id, nil
}
