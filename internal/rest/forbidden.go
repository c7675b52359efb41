package rest

import "strings"

// parseMissingRoles reads the text of MDE's 403 for a missing permission:
//
//	Missing application roles. API required roles: Machine.Read.All,Machine.ReadWrite.All, application roles: Alert.ReadWrite.All.
//
// Both lists are separated by commas, with or without blanks, and either may be
// empty. Any other text gives two empty lists.
func parseMissingRoles(text string) (required, held []string) {
	const need, have = "required roles:", "application roles:"
	lower := asciiLower(text)
	from := strings.Index(lower, need)
	if from < 0 {
		return nil, nil
	}
	from += len(need)
	until := strings.Index(lower[from:], have)
	if until < 0 {
		return roleNames(text[from:]), nil
	}
	return roleNames(text[from : from+until]), roleNames(text[from+until+len(have):])
}

// roleNames splits a list, whose end is a full stop, a line break or the end of
// the text. A role's name has full stops inside but no blank behind them.
func roleNames(list string) []string {
	if i := strings.IndexAny(list, "\r\n"); i >= 0 {
		list = list[:i]
	}
	if i := strings.Index(list, ". "); i >= 0 {
		list = list[:i]
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.Trim(name, " \t."); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// asciiLower is strings.ToLower for ASCII only: it never changes the length, so
// that an index into its result is one into s.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
