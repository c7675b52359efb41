package cli

import (
	"fmt"
	"strings"
)

// variable is one name and value to export.
type variable struct{ name, value string }

// exportLines writes variables for a POSIX shell.
func exportLines(variables []variable) string {
	var lines strings.Builder
	for _, v := range variables {
		fmt.Fprintf(&lines, "export %s=%s\n", v.name, shellQuote(v.value))
	}
	return lines.String()
}

// shellQuote quotes a word when a shell would not take it as it is.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:~@%+=,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 && !strings.HasPrefix(word, "~") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
