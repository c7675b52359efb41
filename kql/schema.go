package kql

import "fmt"

// Column is the name and the type of one column.
type Column struct {
	// Name is an identifier: a letter or '_', then letters, digits and '_'.
	Name string
	// Type is the Kusto type of the column's values.
	Type Type
}

// Schema is what a query may refer to. Names are case-sensitive, as in Kusto.
type Schema struct {
	// Tables maps a table's name to its columns, in the order getschema and a
	// query without project show them.
	Tables map[string][]Column
}

// validName tells whether name can be a table or a column in the database.
func validName(name string) bool {
	if name == "" || len(name) > 256 || isDigit(name[0]) {
		return false
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return true
}

// checkColumns refuses what CreateTable cannot make a table of: SQLite does not
// tell names apart that differ in case alone.
func checkColumns(table string, columns []Column) error {
	if !validName(table) {
		return fmt.Errorf("kql: table name %q is not an identifier", table)
	}
	if len(columns) == 0 {
		return fmt.Errorf("kql: table %s has no columns", table)
	}
	seen := make(map[string]string, len(columns))
	for _, c := range columns {
		if !validName(c.Name) {
			return fmt.Errorf("kql: table %s: column name %q is not an identifier", table, c.Name)
		}
		if c.Type < TypeBool || c.Type > TypeGUID {
			return fmt.Errorf("kql: table %s: column %s has no type", table, c.Name)
		}
		if other, dup := seen[lowerASCII(c.Name)]; dup {
			return fmt.Errorf("kql: table %s: columns %s and %s differ in case alone", table, other, c.Name)
		}
		seen[lowerASCII(c.Name)] = c.Name
	}
	return nil
}
