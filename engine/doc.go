// Package engine keeps mirrors up to date.
package engine
