package stream

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sec/gatehouse/defender"
)

// did is an action of a minute.
func did(minute int, kind, status string) defender.MachineAction {
	return defender.MachineAction{ID: kind + status, Type: kind, Status: status, Scope: "Full", CreationDateTimeUTC: at(minute)}
}

func at(minute int) defender.Time {
	return defender.Time{Time: time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC)}
}

func TestFoldActions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		actions []defender.MachineAction
		want    IsolationState
	}{
		{"nothing", nil, IsolationState{}},
		{"isolated", []defender.MachineAction{did(1, "Isolate", "Succeeded")}, IsolationState{Isolated: true, Scope: "Full", IsolatedSince: at(1).Time}},
		{"released", []defender.MachineAction{did(1, "Isolate", "Succeeded"), did(2, "Unisolate", "Succeeded")}, IsolationState{IsolatedSince: at(2).Time}},
		{"failed release", []defender.MachineAction{did(1, "Isolate", "Succeeded"), did(2, "Unisolate", "Failed")}, IsolationState{Isolated: true, Scope: "Full", IsolatedSince: at(1).Time}},
		{"pending", []defender.MachineAction{did(1, "Isolate", "Pending")}, IsolationState{Pending: []string{"Isolate"}}},
		{"a status of the future", []defender.MachineAction{did(1, "Isolate", "Dreaming")}, IsolationState{Pending: []string{"Isolate"}}},
		{"timed out and cancelled", []defender.MachineAction{did(1, "Isolate", "TimeOut"), did(2, "Isolate", "Cancelled")}, IsolationState{}},
		{"restricted", []defender.MachineAction{did(1, "RestrictCodeExecution", "Succeeded"), did(3, "RunAntiVirusScan", "Succeeded")}, IsolationState{Restricted: true, RestrictedSince: at(1).Time}},
		{"both, one lifted", []defender.MachineAction{
			did(1, "Isolate", "Succeeded"), did(2, "RestrictCodeExecution", "Succeeded"), did(3, "UnrestrictCodeExecution", "Succeeded"),
		}, IsolationState{Isolated: true, Scope: "Full", IsolatedSince: at(1).Time, RestrictedSince: at(3).Time}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range 5 { // in any order
				rand.Shuffle(len(tt.actions), func(i, j int) { tt.actions[i], tt.actions[j] = tt.actions[j], tt.actions[i] })
				if diff := cmp.Diff(tt.want, FoldActions(tt.actions)); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
}

func TestPointers(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`{"mergedIntoMachineId":"a"}`:                        "a",
		`{"MergedToDeviceId":"b"}`:                           "b",
		`{"mergedIntoMachineId":null}`:                       "",
		`{"MergedToDeviceId":"","mergedIntoMachineId":null}`: "",
		`{`: "",
		`{"mergedIntoMachineId":"a","isPotentialDuplication":1}`: "a",
	} {
		if got := MergedInto([]byte(document)); got != want {
			t.Errorf("%s: %q, want %q", document, got, want)
		}
	}
	for document, want := range map[string]string{
		`{"redirectIncidentId":12}`: "12", `{"redirectIncidentId":"13"}`: "13", `{"redirectIncidentId":null}`: "", `{"redirectIncidentId":0}`: "", `{}`: "", ``: "",
	} {
		if got := RedirectedTo([]byte(document)); got != want {
			t.Errorf("%s: %q, want %q", document, got, want)
		}
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	points := map[string]string{"a": "b", "b": "c", "x": "y", "y": "x"}
	next := func(key string) (string, error) { return points[key], nil }
	if got, err := Follow("a", next); got != "c" || err != nil {
		t.Error(got, err)
	}
	if got, err := Follow("c", next); got != "c" || err != nil {
		t.Error(got, err)
	}
	if _, err := Follow("x", next); !errors.Is(err, ErrCircle) {
		t.Error(err)
	}
	broken := errors.New("broken")
	if _, err := Follow("a", func(string) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}
