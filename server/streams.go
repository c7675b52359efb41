package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// addStreamRoutes registers the catalogue of streams.
func addStreamRoutes(s *Server) {
	add(s, route{
		method: http.MethodGet, path: "/v1/streams", scope: gatehouse.ScopeRead, id: "listStreams", tag: "Capabilities",
		summary: "What is mirrored", description: "Every stream with how often it is read and which permissions open it.",
	}, s.streams)
}

func (s *Server) streams(context.Context, *none) (*answer[api.Streams], error) {
	list := api.Streams{}
	for _, one := range stream.All() {
		list.Items = append(list.Items, streamInfo(one))
	}
	return &answer[api.Streams]{list}, nil
}

// streamInfo is a stream as it is shown.
func streamInfo(s stream.Stream) api.StreamInfo {
	info := api.StreamInfo{
		Name: s.Name, Title: s.Title, Docs: s.Docs, Mode: string(s.Mode),
		Interval: s.Interval.String(), Reconcile: duration(s.Reconcile), Permissions: []string{},
	}
	for _, d := range s.Doors {
		for _, p := range d.AnyOf {
			info.Permissions = append(info.Permissions, p.Name)
		}
	}
	return info
}

// duration is empty for none.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
