// Package kql runs a subset of the Kusto Query Language over SQLite.
package kql
