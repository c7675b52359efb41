package emulator

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-sec/gatehouse/kql"
)

// huntingStore holds the hunting tables of a tenant in a database in memory. A table is filled when a query first names
// it, and again when the tenant changed since.
type huntingStore struct {
	mu     sync.RWMutex // read: a query runs; write: a table is filled
	db     *sql.DB
	filled map[string]int64 // tables, by the tenant's version that they show
}

// huntingColumns reads the columns of a table.
func huntingColumns(table huntingTable) []kql.Column {
	words := strings.Fields(table.columns)
	columns := make([]kql.Column, len(words))
	for i, word := range words {
		name, kind, typed := strings.Cut(word, ":")
		columns[i] = kql.Column{Name: name, Type: kql.TypeString}
		if typed {
			t, ok := kql.ParseType(kind)
			if !ok {
				panic("emulator: column type " + word)
			}
			columns[i].Type = t
		}
	}
	return columns
}

// huntingSchema is what queries may name: all tables, or those whose names begin with one of the prefixes.
func huntingSchema(prefixes ...string) kql.Schema {
	schema := kql.Schema{Tables: map[string][]kql.Column{}}
	for _, table := range huntingTables() {
		if len(prefixes) == 0 || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(table.name, p) }) {
			schema.Tables[table.name] = huntingColumns(table)
		}
	}
	return schema
}

// everyTable finds queries that may read tables they do not name.
var everyTable = regexp.MustCompile(`(?i)\b(union|search|find)\b[^|]*\*|\bsearch\b`)

// namedTables gives the tables that a query may read: those whose names stand in it as words.
func namedTables(query string) []huntingTable {
	words := map[string]bool{}
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(query, -1) {
		words[word] = true
	}
	all := everyTable.MatchString(query)
	return slices.DeleteFunc(huntingTables(), func(t huntingTable) bool { return !all && !words[t.name] })
}

// version tells what state of the tenant a table shows: identities never change, vulnerabilities with each snapshot.
func (h huntingTable) version(t *tenant) int64 {
	switch {
	case h.name == "IdentityInfo":
		return 0
	case strings.HasPrefix(h.name, "DeviceTvm"):
		return t.snapshot.Unix()
	}
	return t.version.Load()
}

// fillTables makes the tables of a query ready. The caller holds no lock of the tenant.
func (t *tenant) fillTables(ctx context.Context, query string) error {
	ctx = context.WithoutCancel(ctx) // the tables are for everyone, not for a caller who may go away
	h := &t.hunting
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.db == nil {
		db, err := kql.OpenMemory()
		if err != nil {
			return err
		}
		h.db, h.filled = db, map[string]int64{}
	}
	for _, table := range namedTables(query) {
		version := table.version(t)
		at, there := h.filled[table.name]
		if there && at == version {
			continue
		}
		if there {
			if _, err := h.db.ExecContext(ctx, "DROP TABLE ["+table.name+"]"); err != nil {
				return fmt.Errorf("empty table %s: %w", table.name, err)
			}
			delete(h.filled, table.name)
		}
		if err := t.fillTable(ctx, table); err != nil {
			return err
		}
		h.filled[table.name] = version
	}
	return nil
}

// fillTable makes one table and inserts its rows.
func (t *tenant) fillTable(ctx context.Context, table huntingTable) error {
	columns := huntingColumns(table)
	if err := kql.CreateTable(ctx, t.hunting.db, table.name, columns); err != nil {
		return err
	}
	at := make(map[string]int, len(columns))
	for i, c := range columns {
		at[c.Name] = i
	}
	row := make([]any, len(columns))
	rows := func(yield func([]any) bool) {
		more := true
		table.fill(t, func(values huntingRow) {
			clear(row)
			for name, value := range values {
				if i, ok := at[name]; ok { // event rows carry a few columns that not every event table has
					row[i] = value
				}
			}
			more = more && yield(row)
		})
	}
	_, err := kql.Insert(ctx, t.hunting.db, table.name, columns, rows)
	if err != nil {
		_, dropped := t.hunting.db.ExecContext(ctx, "DROP TABLE ["+table.name+"]")
		return errors.Join(err, dropped)
	}
	return nil
}

// close lets the hunting database go.
func (t *tenant) close() error {
	t.hunting.mu.Lock()
	defer t.hunting.mu.Unlock()
	if t.hunting.db == nil {
		return nil
	}
	db := t.hunting.db
	t.hunting.db = nil
	return db.Close()
}
