package action

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// Pick chooses the door through which an action is carried out: the first whose
// permissions are held, or the one of prefer where that is not empty. When there
// is none, reason says in one line what to grant; else it says why this one.
//
// Preferring MDE takes the door of Defender XDR as well: both are the APIs that
// Microsoft retires in favour of Graph.
func (a Action) Pick(held []gatehouse.Permission, prefer gatehouse.API) (door Door, reason string, ok bool) {
	var wanted []Door
	for _, d := range a.Doors {
		if prefer == "" || d.API == prefer || prefer == gatehouse.APIMDE && d.API == gatehouse.APIXDR {
			wanted = append(wanted, d)
		}
	}
	if len(wanted) == 0 {
		return Door{}, fmt.Sprintf("%s cannot be done through %s, only through %s", a.Name, prefer, a.apis()), false
	}
	for _, d := range wanted {
		if need := d.Missing(held); need == "" {
			return d, fmt.Sprintf("%s is held, which opens %s", first(d.AnyOf, held), d.API), true
		}
	}
	ways := make([]string, len(wanted))
	for i, d := range wanted {
		ways[i] = d.Missing(held)
	}
	return Door{}, "grant " + strings.Join(ways, ", or "), false
}

// Missing says which permissions the door lacks, the least powerful that would
// do, or nothing.
func (d Door) Missing(held []gatehouse.Permission) string {
	var lacks []string
	for _, need := range [][]gatehouse.Permission{d.AnyOf, d.Follow} {
		if first(need, held) == (gatehouse.Permission{}) {
			lacks = append(lacks, need[0].Name)
			held = append(slices.Clip(held), need[0]) // which may do for following, too
		}
	}
	if len(lacks) == 0 {
		return ""
	}
	return fmt.Sprintf("%s on %s (application permission, with admin consent)", strings.Join(lacks, " and "), d.AnyOf[0].Resource)
}

// first returns the first permission that is held, or none.
func first(need, held []gatehouse.Permission) gatehouse.Permission {
	for _, p := range need {
		if slices.Contains(held, p) {
			return p
		}
	}
	return gatehouse.Permission{}
}

// apis lists the doors of an action for people.
func (a Action) apis() string {
	names := make([]string, len(a.Doors))
	for i, d := range a.Doors {
		names[i] = string(d.API)
	}
	return strings.Join(names, " or ")
}
