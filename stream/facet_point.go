package stream

import (
	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
)

// pointSource says where the value of a score stands in its document.
type pointSource func(document []byte) (gatehouse.Point, bool)

// pointTable is the streams whose records are kept as a history.
func pointTable() map[gatehouse.Stream]pointSource {
	return map[gatehouse.Stream]pointSource{
		ExposureScore: scorePoint, ConfigurationScore: scorePoint, SecureScores: secureScorePoint,
	}
}

// Points returns the values of a document that are kept as a history.
func (x *Indexer) Points(document []byte) []gatehouse.Point {
	if x.point == nil {
		return nil
	}
	if p, ok := x.point(document); ok && !p.Time.IsZero() {
		return []gatehouse.Point{p}
	}
	return nil
}

// scorePoint is the score of Vulnerability Management at the time of the call.
func scorePoint(document []byte) (gatehouse.Point, bool) {
	var score struct {
		Time  defender.Time `json:"time"`
		Score *float64      `json:"score"`
	}
	if lenient(document, &score) != nil || score.Score == nil {
		return gatehouse.Point{}, false
	}
	return gatehouse.Point{Time: score.Time.UTC(), Value: *score.Score}, true
}

// secureScorePoint is the secure score of one day. Each day is a record of its
// own, so the history belongs to the tenant.
func secureScorePoint(document []byte) (gatehouse.Point, bool) {
	var score struct {
		Created defender.Time `json:"createdDateTime"`
		Current *float64      `json:"currentScore"`
		Maximum float64       `json:"maxScore"`
	}
	if lenient(document, &score) != nil || score.Current == nil {
		return gatehouse.Point{}, false
	}
	return gatehouse.Point{Key: tenantKey, Time: score.Created.UTC(), Value: *score.Current, Maximum: score.Maximum}, true
}
