package stream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
)

// Pick chooses the door through which a stream is read: the first whose
// permission is held, or the one of prefer where that is not empty. When there is
// none, reason says in one line what to grant; else it says why this one.
//
// Preferring MDE takes the door of Defender XDR as well: both are the APIs that
// Microsoft retires in favour of Graph.
func Pick(s Stream, held []gatehouse.Permission, prefer gatehouse.API) (door Door, reason string, ok bool) {
	var wanted []Door
	for _, d := range s.Doors {
		if prefer == "" || d.API == prefer || prefer == gatehouse.APIMDE && d.API == gatehouse.APIXDR {
			wanted = append(wanted, d)
		}
	}
	if len(wanted) == 0 {
		return Door{}, fmt.Sprintf("%s cannot be read through %s, only through %s", s.Name, prefer, s.apis()), false
	}
	for _, d := range wanted {
		for _, p := range d.AnyOf {
			if slices.Contains(held, p) {
				return d, fmt.Sprintf("%s is held, which opens %s", p, d.API), true
			}
		}
	}
	return Door{}, "grant " + grants(wanted), false
}

// apis lists the doors of a stream for people.
func (s Stream) apis() string {
	names := make([]string, len(s.Doors))
	for i, d := range s.Doors {
		names[i] = string(d.API)
	}
	return strings.Join(names, " or ")
}

// grants says which permission opens one of some doors: the least of each.
func grants(doors []Door) string {
	least := make([]string, len(doors))
	for i, d := range doors {
		least[i] = fmt.Sprintf("%s on %s (application permission, with admin consent)", d.AnyOf[0].Name, d.AnyOf[0].Resource)
	}
	return strings.Join(least, ", or ")
}
