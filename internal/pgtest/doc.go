// Package pgtest runs a private PostgreSQL server for tests: its own data
// folder, its own socket, no port, stopped and deleted at the end. It needs
// the server programs (Debian: the package postgresql) and fails plainly when
// they are missing, unless GATEHOUSE_TEST_POSTGRES=off says to go without.
package pgtest
