package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/store"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// deviceLists are the resources that one device has of its own.
func deviceLists() map[string]string {
	return map[string]string{"alerts": "alerts", "vulnerabilities": "vulnerabilities", "actions": "machine-actions"}
}

// addDeviceRoutes registers what belongs to one device.
func addDeviceRoutes(s *Server) {
	for _, path := range []string{"alerts", "vulnerabilities", "actions"} {
		all := recordResources()
		r := all[slices.IndexFunc(all, func(r resource) bool { return r.name == deviceLists()[path] })]
		add(s, route{
			method: http.MethodGet, path: "/v1/devices/{integration}/{id}/" + path, scope: gatehouse.ScopeRead,
			id: "listDevice" + strings.ToUpper(path[:1]) + path[1:], tag: "Devices",
			summary: "List the " + strings.ToLower(r.title) + " of one device", description: "The device by its id or, where exactly one fits, by its name, ip or aadDeviceId. Filters as for " + r.name + ".",
		}, s.deviceLister(r))
	}
}

// deviceListQuery is a list of what belongs to one device.
type deviceListQuery struct {
	View
	Integration string   `path:"integration" doc:"Id or name."`
	ID          string   `path:"id"`
	Filter      []string `query:"filter,explode" doc:"field[operator]value; may be repeated, all have to hold."`
	Sort        string   `query:"sort"`
	Limit       int      `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Cursor      string   `query:"cursor" doc:"The next of the page before."`
	Count       bool     `query:"count" doc:"Also say how many there are in all, up to 10,000."`
}

// deviceLister returns the handler of a list of what belongs to one device.
func (s *Server) deviceLister(r resource) func(context.Context, *deviceListQuery) (*answer[api.Records], error) {
	return func(ctx context.Context, q *deviceListQuery) (*answer[api.Records], error) {
		i, err := s.visibleOne(ctx, q.Integration)
		if err != nil {
			return nil, err
		}
		device, err := s.oneRecord(ctx, deviceResource(), i, q.ID)
		if err != nil {
			return nil, err
		}
		l, err := s.understand(ctx, r, &listQuery{
			Chosen: Chosen{Integrations: []string{i.ID}}, View: q.View, Sort: q.Sort, Limit: q.Limit, Cursor: q.Cursor, Count: q.Count,
			Filter: append([]string{filter{"device", store.OpEqual, []string{device.Key}}.String()}, q.Filter...),
		})
		if err != nil {
			return nil, err
		}
		return s.list(ctx, l)
	}
}

// deviceResource is the resource of devices.
func deviceResource() resource { return recordResources()[0] }

// deviceActionTypes are the machine actions that change the state of a device.
func deviceActionTypes() []string {
	return []string{"isolate", "unisolate", "restrictcodeexecution", "unrestrictcodeexecution"}
}

// deriveDevices says of devices whether they are isolated, and into which other
// one they were merged.
func (s *Server) deriveDevices(ctx context.Context, records []gatehouse.Record, shown []api.Record) error {
	var integrations, devices []string
	for _, r := range records {
		devices = append(devices, strings.ToLower(r.Key))
		if !slices.Contains(integrations, r.Integration) {
			integrations = append(integrations, r.Integration)
		}
	}
	states, err := s.isolation(ctx, integrations, devices)
	if err != nil {
		return err
	}
	for n, r := range records {
		state := states[mirrorKey{r.Integration, strings.ToLower(r.Key)}]
		into, err := s.mergedInto(ctx, r, stream.MergedInto)
		if err != nil {
			return err
		}
		shown[n].Derived = &api.Derived{
			Isolated: state.Isolated, Scope: state.Scope, Restricted: state.Restricted, IsolatedSince: state.IsolatedSince, Pending: state.Pending,
			MergedInto: into,
		}
	}
	return nil
}

// mirrorKey is one record of one integration.
type mirrorKey struct{ integration, key string }

// isolation folds the machine actions of devices.
func (s *Server) isolation(ctx context.Context, integrations, devices []string) (map[mirrorKey]stream.IsolationState, error) {
	states := map[mirrorKey]stream.IsolationState{}
	if len(devices) == 0 {
		return states, nil
	}
	actions := map[mirrorKey][]stream.MachineAction{}
	for f, err := range s.store.Search(ctx, store.SearchQuery{
		Integrations: integrations, Stream: stream.MachineActions, Documents: true,
		Removed: true, // Microsoft forgets an action long before the device is released
		Where:   []store.Condition{{Name: "device", Op: store.OpIn, Values: devices}, {Name: "type", Op: store.OpIn, Values: deviceActionTypes()}},
	}) {
		if err != nil {
			return nil, err
		}
		a := stream.ActionOf(f.Document)
		k := mirrorKey{f.Integration, strings.ToLower(a.MachineID)}
		actions[k] = append(actions[k], a)
	}
	if err := s.addOurs(ctx, integrations, devices, actions); err != nil {
		return nil, err
	}
	for k, list := range actions {
		states[k] = stream.FoldActions(list)
	}
	return states, nil
}

// oursAge is how far back our own actions are looked at: by then the mirror has
// read them long since.
const oursAge = 7 * 24 * time.Hour

// addOurs adds what Microsoft has said of our own actions, which the mirror may
// not have read yet: whoever has seen an isolation succeed sees the device
// isolated. Of an action that both have, the later word counts.
func (s *Server) addOurs(ctx context.Context, integrations, devices []string, actions map[mirrorKey][]stream.MachineAction) error {
	ours, err := s.store.Actions(ctx, store.ActionFilter{
		Integrations: integrations, Names: []string{"isolate", "release", "contain", "restrict", "unrestrict"}, Since: s.now().Add(-oursAge), Limit: 1000,
	})
	if err != nil {
		return err
	}
	for _, a := range ours {
		for _, t := range a.Targets {
			if len(t.Result) == 0 || !slices.Contains(devices, strings.ToLower(t.ID)) {
				continue
			}
			k := mirrorKey{a.Integration, strings.ToLower(t.ID)}
			actions[k] = withLater(actions[k], stream.ActionOf(t.Result))
		}
	}
	return nil
}

// withLater adds a machine action to a list, in place of an earlier word on it.
func withLater(list []stream.MachineAction, a stream.MachineAction) []stream.MachineAction {
	n := slices.IndexFunc(list, func(have stream.MachineAction) bool { return have.ID == a.ID })
	if n < 0 {
		return append(list, a)
	}
	if a.LastUpdateDateTimeUTC.After(list[n].LastUpdateDateTimeUTC.Time) {
		list[n] = a
	}
	return list
}
