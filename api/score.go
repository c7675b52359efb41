package api

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Score is one score of a tenant as it is now.
type Score struct {
	Integration string           `json:"integration"`
	Stream      gatehouse.Stream `json:"stream" doc:"exposure-score, configuration-score or secure-scores."`
	ID          string           `json:"id"`
	Time        time.Time        `json:"time,omitzero" doc:"When Microsoft made it, or when it was read."`
	Value       float64          `json:"value"`
	Maximum     float64          `json:"maximum,omitempty"`
	Raw         json.RawMessage  `json:"raw,omitempty"`
}

// Scores is the list of scores.
type Scores struct {
	Items    []Score   `json:"items"`
	Mirrors  []Mirror  `json:"mirrors"`
	Problems []Problem `json:"problems,omitempty"`
}

// ScoreHistory is how a score went.
type ScoreHistory struct {
	Items []ScorePoint `json:"items"`
}

// ScorePoint is a score at one time.
type ScorePoint struct {
	Time    time.Time `json:"time"`
	Value   float64   `json:"value"`
	Maximum float64   `json:"maximum,omitempty"`
}
