package action

import (
	"fmt"
	"strings"
)

// Marker is what tells the submission for one target of one action from every
// other: "[gatehouse act_…/1]". It travels at the end of the comment, where
// Microsoft keeps one.
func Marker(id string, n int) string { return fmt.Sprintf("[gatehouse %s/%d]", id, n) }

// Mark puts a marker behind a comment.
func Mark(comment, marker string) string {
	return strings.TrimSpace(strings.TrimSpace(comment) + " " + marker)
}

// marked reports whether a comment of Microsoft's ends with a marker. Only the end
// counts, where we write it: what a person writes into a comment is no marker.
func marked(comment, marker string) bool {
	return marker != "" && strings.HasSuffix(strings.TrimSpace(comment), marker)
}
