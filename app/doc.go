// Package app is Gatehouse as a whole.
package app
