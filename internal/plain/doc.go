// Package plain makes text from outside harmless to print: what Microsoft, a
// proxy or a file said goes into errors, logs and tables on one line, of bounded
// length, and without characters that move a terminal's cursor.
package plain
