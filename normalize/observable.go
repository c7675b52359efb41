package normalize

import "github.com/gatehouse-sec/gatehouse/ocsf"

// observables collects what an event shows, each value once for each type.
type observables struct {
	list []ocsf.Observable
}

// add notes a value and the path in the event where it stands. An empty value and
// one that is there already are ignored.
func (o *observables) add(kind ocsf.ObservableTypeID, path, text string) {
	if text == "" {
		return
	}
	for i := range o.list {
		if o.list[i].TypeID == kind && o.list[i].Value == text {
			return
		}
	}
	o.list = append(o.list, ocsf.Observable{TypeID: kind, Name: path, Value: text})
}
