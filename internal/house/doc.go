// Package house holds the rules of the house as tests: which package may
// import which, that every exported name is documented, how long a function
// and a file may grow, and that nothing hides in an init function.
//
// The rules read the source with go/parser alone, so they hold for files that
// no build tag selects today, and they live in one table that a reader can
// compare with docs/architecture.md.
package house
