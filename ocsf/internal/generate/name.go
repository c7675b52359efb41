package main

import (
	"strings"
	"unicode"
)

// upper is strings.ToUpper under a shorter name.
func upper(s string) string { return strings.ToUpper(s) }

// goName turns a name of the schema into an exported Go name:
// "parent_process" is ParentProcess, "cve_uid" is CVEUID.
func goName(name string) string {
	var b strings.Builder
	special := initialisms()
	for word := range strings.SplitSeq(name, "_") {
		if s, ok := special[word]; ok {
			b.WriteString(s)
		} else if word != "" {
			b.WriteString(upper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// memberName turns a caption into the end of a constant's name: "In Progress"
// is InProgress, "SHA-512/224" is SHA512_224.
func memberName(caption string) string {
	words := strings.FieldsFunc(strings.ReplaceAll(caption, "+", " Plus "), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var b strings.Builder
	for i, w := range words {
		if i > 0 && unicode.IsDigit(rune(w[0])) && endsInDigit(words[i-1]) {
			b.WriteByte('_')
		}
		b.WriteString(upper(w[:1]) + w[1:])
	}
	return b.String()
}

// endsInDigit tells whether joining a number would change the one before.
func endsInDigit(s string) bool { return unicode.IsDigit(rune(s[len(s)-1])) }

// constPrefix is the start of the names of an enumeration's constants.
func constPrefix(enumType string) string { return strings.TrimSuffix(enumType, "ID") }
