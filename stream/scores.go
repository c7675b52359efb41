package stream

import (
	"context"

	"github.com/gatehouse-sec/gatehouse"
)

// exposureScore is the exposure score of the tenant and of its device groups.
func exposureScore() Stream {
	return Stream{
		Name: ExposureScore, Title: "Exposure score", Mode: Snapshot, Interval: daily,
		Docs:  "https://learn.microsoft.com/defender-endpoint/api/get-exposure-score",
		Noisy: []string{"time"}, // the moment of the call
		Doors: []Door{{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Score.Read.All"), Read: readExposureScore}},
	}
}

// configurationScore is the configuration score of the tenant.
func configurationScore() Stream {
	return Stream{
		Name: ConfigurationScore, Title: "Configuration score", Mode: Snapshot, Interval: daily,
		Docs:  "https://learn.microsoft.com/defender-endpoint/api/get-device-secure-score",
		Noisy: []string{"time"}, // the moment of the call
		Doors: []Door{{API: gatehouse.APIMDE, AnyOf: gatehouse.ResourceMDE.Permissions("Score.Read.All"), Read: readConfigurationScore}},
	}
}

// tenantKey is the key of a score of the whole tenant. Those of a device group
// have its name behind groupKey, since the API does not always give its id.
const (
	tenantKey = "tenant"
	groupKey  = "group:"
)

func readExposureScore(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, exposureScore(), gatehouse.APIMDE, r)
	score, err := r.Clients.Defender.Scores.Exposure(ctx)
	if err = w.one(item{key: tenantKey, document: score.Raw}, err); err != nil {
		return err
	}
	for group, err := range r.Clients.Defender.Scores.ExposureByMachineGroup(ctx) {
		if err = w.one(item{key: prefixed(groupKey, group.RbacGroupName), document: group.Raw}, err); err != nil {
			return err
		}
	}
	w.full, w.floor = true, 2
	return w.finish()
}

func readConfigurationScore(ctx context.Context, r Request) error {
	ctx, w := begin(ctx, configurationScore(), gatehouse.APIMDE, r)
	score, err := r.Clients.Defender.Scores.Configuration(ctx)
	if err = w.one(item{key: tenantKey, document: score.Raw}, err); err != nil {
		return err
	}
	w.full = true
	return w.finish()
}

// prefixed returns nothing for nothing.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
