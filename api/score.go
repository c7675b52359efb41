package api

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-sec/gatehouse"
)

// Score is one score of a tenant as it is now.
type Score struct {
	Integration string           `json:"integration" doc:"Id of the integration."`
	Stream      gatehouse.Stream `json:"stream" doc:"exposure-score, configuration-score or secure-scores."`
	ID          string           `json:"id" doc:"Id of the score within its stream."`
	Time        time.Time        `json:"time,omitzero" doc:"When Microsoft made it, or when it was read."`
	Value       float64          `json:"value" doc:"The score."`
	Maximum     float64          `json:"maximum,omitempty" doc:"The most that it can be, where there is a most."`
	Raw         json.RawMessage  `json:"raw,omitempty" doc:"The object as Microsoft sent it."`
}

// Scores is the list of scores.
type Scores struct {
	Items    []Score   `json:"items" doc:"What was found; an empty list when there is nothing."`
	Mirrors  []Mirror  `json:"mirrors" doc:"How old the answer is, for each integration that it comes from."`
	Problems []Problem `json:"problems,omitempty" doc:"What is wrong with single integrations; what the others hold is here all the same."`
}

// ScoreHistory is how a score went.
type ScoreHistory struct {
	Items []ScorePoint `json:"items" doc:"What was found; an empty list when there is nothing."`
}

// ScorePoint is a score at one time.
type ScorePoint struct {
	Time    time.Time `json:"time" doc:"When it was so."`
	Value   float64   `json:"value" doc:"The score."`
	Maximum float64   `json:"maximum,omitempty" doc:"The most that it could be, where there was a most."`
}
