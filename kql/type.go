package kql

import (
	"slices"
	"strings"
)

// Type is a scalar data type of Kusto.
//
// Source: https://learn.microsoft.com/kusto/query/scalar-data-types/
type Type uint8

// The scalar types that the package knows. Decimal is left out: no hunting
// table has a column of it.
const (
	// TypeBool is bool: true, false or null.
	TypeBool Type = iota + 1
	// TypeInt is int, a signed 32 bit number.
	TypeInt
	// TypeLong is long, a signed 64 bit number.
	TypeLong
	// TypeReal is real, a 64 bit floating point number.
	TypeReal
	// TypeDateTime is datetime, counted in ticks of 100 ns since year 1, UTC.
	TypeDateTime
	// TypeTimeSpan is timespan, counted in ticks of 100 ns.
	TypeTimeSpan
	// TypeString is string. It has no null: a string without a value is "".
	TypeString
	// TypeDynamic is dynamic, any JSON value.
	TypeDynamic
	// TypeGUID is guid, kept as its 36 characters in lower case.
	TypeGUID
)

// typeInfo is what one row of the table of types says.
type typeInfo struct {
	typ    Type
	name   string   // Kusto's name, as getschema prints it in ColumnType
	dotnet string   // the .NET name without "System.", as the hunting APIs print it
	sql    string   // the type of a column in a STRICT table of SQLite
	also   []string // other spellings
}

// typeTable lists every type once; all lookups read it.
func typeTable() [9]typeInfo {
	return [9]typeInfo{
		{TypeBool, "bool", "SByte", "INTEGER", []string{"boolean"}},
		{TypeInt, "int", "Int32", "INTEGER", []string{"int32"}},
		{TypeLong, "long", "Int64", "INTEGER", []string{"int64"}},
		{TypeReal, "real", "Double", "REAL", []string{"double"}},
		{TypeDateTime, "datetime", "DateTime", "INTEGER", []string{"date"}},
		{TypeTimeSpan, "timespan", "TimeSpan", "INTEGER", []string{"time"}},
		{TypeString, "string", "String", "TEXT NOT NULL DEFAULT ''", nil},
		{TypeDynamic, "dynamic", "Object", "TEXT", []string{"object"}},
		{TypeGUID, "guid", "Guid", "TEXT", []string{"uuid"}},
	}
}

// ParseType finds a type by Kusto's name for it, in any case; boolean, double,
// date, time, uuid and the .NET names int32 and int64 are accepted too.
func ParseType(name string) (Type, bool) {
	name = strings.ToLower(name)
	for _, row := range typeTable() {
		if row.name == name || slices.Contains(row.also, name) {
			return row.typ, true
		}
	}
	return 0, false
}

// info returns the row of t, or an empty one for a value that is no type.
func (t Type) info() typeInfo {
	table := typeTable()
	if t < 1 || int(t) > len(table) {
		return typeInfo{name: "unknown", dotnet: "Object", sql: "TEXT"}
	}
	return table[t-1]
}

// String returns Kusto's name of the type, for example "datetime".
func (t Type) String() string { return t.info().name }

// DotNet returns the type's .NET name without its namespace, which is how the
// hunting APIs name types in a schema: String, DateTime, Int64, Int32, Double,
// SByte (that is bool), Object (that is dynamic), TimeSpan, Guid.
func (t Type) DotNet() string { return t.info().dotnet }

// numeric tells whether arithmetic of numbers applies.
func (t Type) numeric() bool { return t == TypeInt || t == TypeLong || t == TypeReal }

// integer tells whether t is int or long.
func (t Type) integer() bool { return t == TypeInt || t == TypeLong }
