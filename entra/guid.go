package entra

import "regexp"

// guidShape is the plain form of a GUID, in any case.
var guidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// isGUID reports whether s is a GUID without braces.
func isGUID(s string) bool { return guidShape.MatchString(s) }
