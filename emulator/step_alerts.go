package emulator

import (
	"fmt"
	"slices"
	"strconv"
)

// alertRefs lists the records that say something of an alert.
func (t *tenant) alertRefs(at int32) []ref {
	a := t.alerts[at]
	return []ref{{StreamAlerts, int(at)}, {StreamIncidents, int(t.incidentN[a.incident])}, {StreamDevices, int(a.machine)}}
}

// takeAddAlert raises an alert.
func takeAddAlert(k *taking) (string, error) {
	t := k.t
	if len(t.machines) == 0 || len(t.users) == 0 {
		return "", errNothing
	}
	at := int32(len(t.alerts))
	a := t.generateAlert(at, k.Stamp)
	a.created = k.stamp
	a.first, a.last, a.updated = k.stamp-stamp(9e11), k.stamp-stamp(6e11), k.stamp
	a.status, a.classification, a.determination, a.resolved, a.comments = "New", "", "", 0, nil
	if k.Into != "" {
		number, err := strconv.ParseInt(k.Into, 10, 64)
		if err != nil {
			return "", fmt.Errorf("incident %q is not a number", k.Into)
		}
		a.incident = number
	}
	if _, merged := t.redirected(a.incident); merged {
		a.incident = int64(800000 + at)
	}
	refs, created := []ref{{StreamDevices, int(a.machine)}}, []ref{{StreamAlerts, int(at)}}
	if n, ok := t.incidentN[a.incident]; ok {
		refs = append(refs, ref{StreamIncidents, int(n)})
	} else {
		created = append(created, ref{StreamIncidents, len(t.incidents)})
	}
	watch := k.watch(refs...)
	t.appendAlert(a)
	t.joinIncident(at, a.incident)
	watch.done(created...)
	return a.id, nil
}

// redirected tells whether an incident was merged into another one.
func (t *tenant) redirected(number int64) (int64, bool) {
	n, ok := t.incidentN[number]
	if !ok || t.incidents[n].redirect == 0 {
		return 0, false
	}
	return t.incidents[n].redirect, true
}

// alert finds the alert of a step, or draws one.
func (k *taking) alert() (int32, error) {
	t := k.t
	if k.ID != "" {
		if i, ok := t.alertIDs[k.ID]; ok {
			return i, nil
		}
		return 0, fmt.Errorf("there is no alert %s", k.ID)
	}
	if len(t.order) == 0 {
		return 0, errNothing
	}
	return t.order[k.random.IntN(len(t.order))], nil
}

// changeAlert finds an alert, changes it and moves its time on: never back, even for what is published late.
func (k *taking) changeAlert(change func(a *alert)) (string, error) {
	i, err := k.alert()
	if err != nil {
		return "", err
	}
	a := k.t.alerts[i]
	watch := k.watch(k.t.alertRefs(i)...)
	change(a)
	a.updated = max(a.updated, k.stamp)
	k.t.version.Add(1)
	watch.done()
	return a.id, nil
}

// takeUpdateAlert assigns an alert, takes it into work, or comments on it.
func takeUpdateAlert(k *taking) (string, error) {
	return k.changeAlert(func(a *alert) {
		switch k.random.IntN(3) {
		case 0:
			a.assignedTo = k.t.upn(&k.t.users[k.random.IntN(len(k.t.users))])
		case 1:
			if a.status == "New" {
				a.status = "InProgress"
			}
		}
		a.comments = append(slices.Clip(a.comments), comment{fmt.Sprintf("Note %d.", len(a.comments)+1), "svradmin@" + k.t.domain, k.stamp})
	})
}

// takeResolveAlert resolves an alert.
func takeResolveAlert(k *taking) (string, error) {
	return k.changeAlert(func(a *alert) {
		verdict := pick(k.random, verdicts())
		a.status, a.classification, a.determination = "Resolved", verdict[0], verdict[1]
		a.resolved = max(k.stamp, a.created)
	})
}

// takeRemoveAlert takes an alert out of the lists of alerts.
func takeRemoveAlert(k *taking) (string, error) {
	i, err := k.alert()
	if err != nil {
		return "", err
	}
	t := k.t
	watch := k.watch(t.alertRefs(i)...)
	a := t.alerts[i]
	a.gone = true
	delete(t.alertIDs, a.id)
	t.order = slices.DeleteFunc(slices.Clone(t.order), func(n int32) bool { return n == i })
	t.alertsOf[a.machine] = slices.DeleteFunc(slices.Clone(t.alertsOf[a.machine]), func(n int32) bool { return n == i })
	t.version.Add(1)
	watch.done()
	return a.id, nil
}

// incident finds the incident of a number, or draws one that is not merged.
func (k *taking) incident(id string, not int32) (int32, error) {
	t := k.t
	if id != "" {
		number, err := strconv.ParseInt(id, 10, 64)
		if i, ok := t.incidentN[number]; ok && err == nil && i != not {
			return i, nil
		}
		return 0, fmt.Errorf("there is no incident %s", id)
	}
	var open []int32
	for i, inc := range t.incidents {
		if inc.redirect == 0 && int32(i) != not {
			open = append(open, int32(i))
		}
	}
	if len(open) == 0 {
		return 0, errNothing
	}
	return pick(k.random, open), nil
}

// takeUpdateIncident assigns an incident, tags it and comments on it.
func takeUpdateIncident(k *taking) (string, error) {
	i, err := k.incident(k.ID, -1)
	if err != nil {
		return "", err
	}
	inc := k.t.incidents[i]
	watch := k.watch(ref{StreamIncidents, int(i)})
	inc.assignedTo = "svradmin@" + k.t.domain
	inc.tags = append(slices.Clip(inc.tags), fmt.Sprintf("Case %d", len(inc.tags)+1))
	inc.comments = append(slices.Clip(inc.comments), comment{"Taken over.", inc.assignedTo, k.stamp})
	inc.touched = max(inc.touched, k.stamp)
	watch.done()
	return fmt.Sprint(inc.number), nil
}

// takeMergeIncident moves the alerts of an incident into another one. Their time moves on, since they change.
func takeMergeIncident(k *taking) (string, error) {
	from, err := k.incident(k.ID, -1)
	if err != nil {
		return "", err
	}
	into, err := k.incident(k.Into, from)
	if err != nil {
		return "", err
	}
	t := k.t
	source, target := t.incidents[from], t.incidents[into]
	if source.redirect != 0 || target.redirect != 0 {
		return "", errNothing
	}
	refs := []ref{{StreamIncidents, int(from)}, {StreamIncidents, int(into)}}
	for _, at := range source.alerts {
		refs = append(refs, ref{StreamAlerts, int(at)})
	}
	watch := k.watch(refs...)
	moved := source.alerts
	source.alerts, source.redirect, source.touched = nil, target.number, max(source.touched, k.stamp)
	target.touched = max(target.touched, k.stamp)
	for _, at := range moved {
		t.joinIncident(at, target.number)
		t.alerts[at].updated = max(t.alerts[at].updated, k.stamp)
	}
	t.version.Add(1)
	watch.done()
	return fmt.Sprint(source.number), nil
}
