package mcp

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/client"
)

// connector is the name of the one product that Gatehouse connects.
const connector = "microsoft-defender"

// rivalTools are the six tools of another unified EDR API, with its names,
// parameters and results, for agents that were written for it.
func rivalTools() []tool {
	integration := needed(param{name: "integration_id", kind: text, about: "Id of the integration."})
	device := needed(param{name: "device_id", kind: text, about: "Id of the device."})
	page := []param{
		{name: "offset", kind: integer, about: "How many to skip.", high: 9900, usual: 0},
		{name: "limit", kind: integer, about: "How many to return.", low: 1, high: 100, usual: 20},
		{name: "sort", kind: text, about: "A field, with a minus before it for descending."},
	}
	read := func(name, title, about string, run func(context.Context, *session, arguments) (any, error), params ...param) tool {
		return tool{name: name, title: title, about: about, scope: api.ScopeRead, hints: fromOutside(), params: params, run: run}
	}
	return []tool{
		read("edr_list_connectors", "EDR: connectors", "Alias for other agents: the EDR products that can be connected.", edrConnectors),
		read("edr_list_integrations", "EDR: integrations", "Alias of list_integrations.", edrIntegrations,
			param{name: "connector", kind: text, about: "Name of the connector.", required: true, values: []string{connector}}),
		read("edr_list_devices", "EDR: devices", "Alias of list_devices, with offsets.", edrDevices, append([]param{integration}, page...)...),
		read("edr_get_device_details", "EDR: device", "Alias of get_device.", edrDevice, integration, device),
		read("edr_list_device_alerts", "EDR: alerts of a device", "Alias of list_alerts with device, with offsets.", edrAlerts, append([]param{integration, device}, page...)...),
		read("edr_get_device_alert_details", "EDR: alert of a device", "Alias of get_alert.", edrAlert, integration, device,
			needed(param{name: "alert_id", kind: text, about: "Id of the alert."})),
	}
}

// edrAnswer is a result as the rival has it.
func edrAnswer(data any) map[string]any {
	return map[string]any{"status": "success", "message": outsideNote, "data": data}
}

func edrConnectors(context.Context, *session, arguments) (any, error) {
	return edrAnswer([]map[string]string{{"name": connector}}), nil
}

func edrIntegrations(ctx context.Context, s *session, _ arguments) (any, error) {
	names, err := s.integrations(ctx)
	list := []map[string]string{}
	for _, i := range names.all {
		list = append(list, map[string]string{"id": i.ID, "name": i.Name})
	}
	return edrAnswer(list), err
}

// edrRecord is a record as the members that matter.
func edrRecord(r resource, record api.Record, all bool) map[string]any {
	columns := r.columns
	if all {
		columns = append(append([]column{}, columns...), r.more...)
	}
	return pick(columns, record, documentOf(record))
}

// edrPage reads a list by offset and limit. The API has cursors, so what is skipped
// is read: without the records themselves.
func edrPage(ctx context.Context, r resource, list *client.RecordsService, q client.Query, a arguments) (items []any, page map[string]any, err error) {
	offset, limit := a.integer("offset", 0), a.integer("limit", 20)
	q.Sort, q.NoOCSF = a.text("sort"), true
	skip := q
	for left := offset; left > 0; {
		skip.Limit, skip.Cursor, skip.Fields = min(left, 1000), q.Cursor, []string{"derived"}
		skipped, err := list.Page(ctx, skip)
		if err != nil {
			return nil, nil, err
		}
		left -= len(skipped.Items)
		if q.Cursor = skipped.Next; q.Cursor == "" {
			break
		}
	}
	q.Raw, q.Count, q.Limit = true, true, limit
	found := api.Records{}
	items = []any{}
	if offset == 0 || q.Cursor != "" {
		if found, err = list.Page(ctx, q); err != nil {
			return nil, nil, err
		}
		for _, record := range found.Items {
			items = append(items, edrRecord(r, record, false))
		}
	}
	page = map[string]any{"offset": offset, "limit": limit, "has_more": found.Next != ""}
	if found.Count != nil {
		page["total"] = *found.Count
	}
	return items, page, nil
}

func edrDevices(ctx context.Context, s *session, a arguments) (any, error) {
	items, page, err := edrPage(ctx, deviceResource(), s.c.Devices, client.Query{Integrations: []string{a.text("integration_id")}}, a)
	if err != nil {
		return nil, err
	}
	return edrAnswer(map[string]any{"devices": items, "pagination": page, "total_count": page["total"]}), nil
}

func edrAlerts(ctx context.Context, s *session, a arguments) (any, error) {
	items, page, err := edrPage(ctx, alertResource(), s.c.Alerts.Of(a.text("integration_id"), a.text("device_id")), client.Query{}, a)
	if err != nil {
		return nil, err
	}
	return edrAnswer(map[string]any{"alerts": items, "pagination": page, "device_id": a.text("device_id"), "total_count": page["total"]}), nil
}

func edrDevice(ctx context.Context, s *session, a arguments) (any, error) {
	record, err := s.c.Devices.Get(ctx, a.text("integration_id"), a.text("device_id"), client.Query{Raw: true, NoOCSF: true})
	if err != nil {
		return nil, err
	}
	return edrAnswer(map[string]any{"device": edrRecord(deviceResource(), record, true)}), nil
}

// edrAlert shows an alert, if it is one of the device.
func edrAlert(ctx context.Context, s *session, a arguments) (any, error) {
	record, err := s.c.Alerts.Get(ctx, a.text("integration_id"), a.text("alert_id"), client.Query{Raw: true, NoOCSF: true})
	if err != nil {
		return nil, err
	}
	document := documentOf(record)
	if !mentions(document, a.text("device_id")) {
		return nil, &api.Problem{
			Status: 404, Code: api.CodeNotFound, Detail: "the alert is not one of this device", Mend: "get_alert shows an alert by its id alone",
		}
	}
	return edrAnswer(map[string]any{"alert": edrRecord(alertResource(), record, true), "device_id": a.text("device_id")}), nil
}

// mentions reports whether an alert is about a device, in the shape of either API.
func mentions(document map[string]any, device string) bool {
	var about []any
	for _, path := range [][]string{{"machineId"}, {"evidence", "mdeDeviceId"}} {
		about = append(about, lookup(document, path))
	}
	text, err := json.Marshal(about)
	want, err2 := json.Marshal(device)
	return errors.Join(err, err2) == nil && len(device) > 0 && containsFold(string(text), string(want))
}
