package emulator

import (
	"slices"
	"sort"
	"strconv"
	"time"
)

// exportIndex says where the rows of each device begin, so that any row is found without computing those before it.
type exportIndex struct {
	order     []int32 // devices by group, as the export files hold them
	flaws     exportTable
	inventory exportTable

	listedBefore []uint32 // vulnerabilities before each device, in the order of the devices
	listed       int
}

// exportTable is one export: its rows are those of the devices in order.
type exportTable struct {
	kind   string   // as it stands in the names of files
	before []uint32 // rows before each device of the order
	rows   int
	files  []exportFile
}

// exportFile is one file of an export: a run of rows of one device group.
type exportFile struct {
	group       uint8
	part        int
	first, rows int
}

// The kinds of export, as their files are named.
const (
	kindFlaws     = "VaExport"
	kindInventory = "SoftwareInventory"
)

// table finds an export by its kind.
func (x *exportIndex) table(kind string) *exportTable {
	if kind == kindInventory {
		return &x.inventory
	}
	return &x.flaws
}

// exportFileRows is the most rows of one file.
const exportFileRows = 60000

// snapshotEvery is how often Microsoft makes the data of the exports.
const snapshotEvery = 6 * time.Hour

// snapshotAt gives the moment of the snapshot that is current at a time.
func snapshotAt(now time.Time) time.Time {
	return now.UTC().Add(-time.Minute).Truncate(snapshotEvery).Add(time.Minute)
}

// indexExports counts the rows of all devices and cuts them into files.
func (t *tenant) indexExports() {
	x := exportIndex{order: make([]int32, len(t.machines)), listedBefore: make([]uint32, len(t.machines))}
	for i := range t.machines {
		x.order[i], x.listedBefore[i] = int32(i), uint32(x.listed)
		for _, in := range t.installsOf(int32(i)) {
			x.listed += len(t.catalogue.products[in.product].open(in.version))
		}
	}
	slices.SortStableFunc(x.order, func(a, b int32) int { return int(t.machines[a].group) - int(t.machines[b].group) })
	x.flaws = t.indexTable(kindFlaws, x.order, t.catalogue.rows)
	x.inventory = t.indexTable(kindInventory, x.order, func(install) int { return 1 })
	t.exports = x
}

// indexTable counts the rows of one export, of which each install has some.
func (t *tenant) indexTable(kind string, order []int32, rows func(install) int) exportTable {
	x := exportTable{kind: kind, before: make([]uint32, len(order))}
	perGroup := make([]int, len(t.groups))
	for n, i := range order {
		x.before[n] = uint32(x.rows)
		for _, in := range t.installsOf(i) {
			x.rows += rows(in)
			perGroup[t.machines[i].group] += rows(in)
		}
	}
	x.cutFiles(perGroup, t.fileRows())
	return x
}

// fileRows is the most rows of a file of this tenant: fewer when Size asks for small pages.
func (t *tenant) fileRows() int {
	if t.size.PageSize > 0 {
		return min(exportFileRows, t.size.PageSize*20)
	}
	return exportFileRows
}

// cutFiles makes the list of files.
func (x *exportTable) cutFiles(perGroup []int, limit int) {
	first := 0
	for group, rows := range perGroup {
		for part := 0; rows > 0; part++ {
			n := min(rows, limit)
			x.files = append(x.files, exportFile{group: uint8(group), part: part, first: first, rows: n})
			first, rows = first+n, rows-n
		}
	}
}

// rowCursor walks the vulnerability rows of devices; a step to the next row is cheap, a jump costs a search.
type rowCursor struct {
	tenant *tenant
	order  []int32  // devices in the order of the rows; nil is their own order
	before []uint32 // rows before each of them
	clean  bool     // software without vulnerabilities has a row too
	at     int      // ordinal of the current row
	ready  bool

	position, install, flaw int
}

// exportCursor walks the rows of the export.
func (t *tenant) exportCursor() *rowCursor {
	return &rowCursor{tenant: t, order: t.exports.order, before: t.exports.flaws.before, clean: true}
}

// flawCursor walks the vulnerabilities of all devices.
func (t *tenant) flawCursor() *rowCursor {
	return &rowCursor{tenant: t, before: t.exports.listedBefore}
}

// seek moves to the row with an ordinal, which must exist. The vulnerability is -1 in a row of clean software.
func (c *rowCursor) seek(n int) (machine int32, in install, flaw int32) {
	if !c.ready || n != c.at+1 {
		c.position = sort.Search(len(c.before), func(i int) bool { return int(c.before[i]) > n }) - 1
		c.install, c.flaw = 0, n-int(c.before[c.position])
	} else {
		c.flaw++
	}
	c.at, c.ready = n, true
	for {
		machine = int32(c.position)
		if c.order != nil {
			machine = c.order[c.position]
		}
		installs := c.tenant.installsOf(machine)
		if c.install == len(installs) {
			c.position, c.install = c.position+1, 0
			continue
		}
		in = installs[c.install]
		open := c.tenant.catalogue.products[in.product].open(in.version)
		rows := len(open)
		if c.clean {
			rows = max(1, rows)
		}
		if c.flaw >= rows {
			c.flaw -= rows
			c.install++
			continue
		}
		if len(open) == 0 {
			return machine, in, -1
		}
		return machine, in, open[c.flaw]
	}
}

// fileAt finds the file and the line of a row.
func (x *exportTable) fileAt(row int) (file, line int) {
	file = sort.Search(len(x.files), func(i int) bool { return x.files[i].first > row }) - 1
	return file, row - x.files[file].first
}

// rowAt is the reverse of fileAt.
func (x *exportTable) rowAt(file, line int) (int, bool) {
	if file < 0 || file >= len(x.files) || line < 0 || line > x.files[file].rows {
		return 0, false
	}
	return x.files[file].first + line, true
}

// parseCount reads a whole number from 1 on out of the query and tells whether it was sent.
func parseCount(c *call, name string, standard, most int) (int, bool, error) {
	text := c.query.Get(name)
	if text == "" {
		return standard, false, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, true, odataErrorf("%s must be a number from 1 to %d", name, most)
	}
	return n, true, nil
}
