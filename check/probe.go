package check

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// clients are the SDKs that the probes call. They never retry and never wait: a
// check tells what is so now.
type clients struct {
	defender *defender.Client
	graph    *graph.Client
}

// probe is one cheap call that proves a capability over one API. It says in a
// few words what came back.
type probe func(ctx context.Context, c clients) (detail string, err error)

// The ids of what does not exist in any tenant, for the two probes of an update.
const (
	nobodysAlert  = "da0_gatehouse-check"
	nobodysDevice = "0000000000000000000000000000000000000000"
)

// oneDevice is the cheapest query that touches a table.
const oneDevice = "DeviceInfo | take 1 | project DeviceId"

// probes returns the call that proves each capability over each of its APIs; a
// test holds that none is missing.
func probes() map[gatehouse.Capability]map[gatehouse.API]probe {
	one := &defender.Query{Top: 1}
	oneOfGraph := &graph.Query{Top: 1}
	huntMDE := func(ctx context.Context, c clients) (string, error) {
		return firstRow(c.defender.Hunting.Run(ctx, oneDevice))
	}
	huntGraph := func(ctx context.Context, c clients) (string, error) {
		return firstRow(c.graph.Hunting.Run(ctx, oneDevice, nil))
	}
	return map[gatehouse.Capability]map[gatehouse.API]probe{
		gatehouse.AlertsRead: {
			gatehouse.APIMDE: func(ctx context.Context, c clients) (string, error) {
				return firstOf(c.defender.Alerts.List(ctx, one), "alert")
			},
			gatehouse.APIGraph: func(ctx context.Context, c clients) (string, error) {
				return firstOf(c.graph.Alerts.List(ctx, oneOfGraph), "alert")
			},
		},
		gatehouse.AlertsUpdate: {
			gatehouse.APIMDE: func(ctx context.Context, c clients) (string, error) {
				_, err := c.defender.Alerts.Update(ctx, nobodysAlert, defender.AlertUpdate{Status: defender.StatusNew})
				return "the permission is in force", beyondPermission(err)
			},
			gatehouse.APIGraph: func(ctx context.Context, c clients) (string, error) {
				_, err := c.graph.Alerts.Update(ctx, nobodysAlert, graph.AlertUpdate{Status: "new"})
				return "the permission is in force", beyondPermission(err)
			},
		},
		gatehouse.DevicesRead: {
			gatehouse.APIMDE: func(ctx context.Context, c clients) (string, error) {
				return firstOf(c.defender.Machines.List(ctx, one), "device")
			},
			gatehouse.APIGraph: huntGraph,
		},
		gatehouse.DevicesUpdate: {
			gatehouse.APIMDE: func(ctx context.Context, c clients) (string, error) {
				_, err := c.defender.Machines.Update(ctx, nobodysDevice, defender.MachineUpdate{DeviceValue: defender.DeviceValueNormal})
				return "the permission is in force", beyondPermission(err)
			},
		},
		gatehouse.VulnerabilitiesRead: {
			gatehouse.APIMDE: func(ctx context.Context, c clients) (string, error) {
				return firstOf(c.defender.Vulnerabilities.List(ctx, one), "CVE")
			},
			gatehouse.APIGraph: func(ctx context.Context, c clients) (string, error) {
				return firstRow(c.graph.Hunting.Run(ctx, "DeviceTvmSoftwareVulnerabilities | take 1 | project CveId", nil))
			},
		},
		gatehouse.HuntingRun: {gatehouse.APIMDE: huntMDE, gatehouse.APIGraph: huntGraph},
		gatehouse.ScoresRead: {
			gatehouse.APIMDE: func(ctx context.Context, c clients) (string, error) {
				score, err := c.defender.Scores.Exposure(ctx)
				return fmt.Sprintf("exposure score %.1f", score.Score), err
			},
		},
		gatehouse.SecureScoreRead: {
			gatehouse.APIGraph: func(ctx context.Context, c clients) (string, error) {
				return firstOf(c.graph.SecureScores.List(ctx, oneOfGraph), "score")
			},
		},
	}
}

// firstOf reads the first item of a list. An empty list is an answer too.
func firstOf[T any](list iter.Seq2[T, error], noun string) (string, error) {
	for _, err := range list {
		if err != nil {
			return "", err
		}
		return "1 " + noun + " read", nil
	}
	return "no " + noun + " there, and none refused", nil
}

// firstRow reads the first row of a hunt's answer.
func firstRow(hunt *defender.Hunt, err error) (string, error) {
	if err != nil {
		return "", err
	}
	detail, err := firstOf(hunt.Rows(), "row")
	return detail, errors.Join(err, hunt.Close())
}

// beyondPermission takes the answer to an update of what does not exist: not
// found, or a complaint about the request, comes only after the permission was
// looked at.
func beyondPermission(err error) error {
	e, ok := asError(err)
	if ok && (e.StatusCode == http.StatusNotFound || e.StatusCode == http.StatusBadRequest) {
		return nil
	}
	return err
}

// describe is an upstream error in a few words.
func describe(e *defender.Error) string {
	text := e.Message
	if text == "" && e.Err != nil {
		text = rootCause(e.Err)
	}
	if text == "" {
		text = "no explanation"
	}
	if e.StatusCode != 0 {
		text = fmt.Sprintf("%d %s: %s", e.StatusCode, e.Code, text)
	}
	if e.RequestID != "" {
		text += " (request id " + e.RequestID + ")"
	}
	return sentence(strings.ReplaceAll(text, " :", ":"))
}
