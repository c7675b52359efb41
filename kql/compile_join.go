package kql

import (
	"slices"
	"strings"
)

// joined is a join with both of its sides compiled.
type joined struct {
	c           *compiler
	op          *joinOperator
	left, right relation
	on          string // the condition
	leftKeys    []string
	rightKeys   []string
}

func (o *joinOperator) compile(c *compiler, in relation) (relation, error) {
	right, err := c.pipeline(o.right)
	if err != nil {
		return in, err
	}
	j := joined{c: c, op: o, left: in, right: right}
	if err := j.keys(); err != nil {
		return in, err
	}
	switch o.kind {
	case joinLeftSemi:
		return j.semi(in, right, j.leftKeys, j.rightKeys, " IS TRUE")
	case joinLeftAnti:
		return j.semi(in, right, j.leftKeys, j.rightKeys, " IS NOT TRUE")
	case joinRightSemi:
		return j.semi(right, in, j.rightKeys, j.leftKeys, " IS TRUE")
	case joinRightAnti:
		return j.semi(right, in, j.rightKeys, j.leftKeys, " IS NOT TRUE")
	case joinInnerUnique:
		// Of the rows on the left with equal keys one is kept, whichever.
		j.left.name, err = c.stage(o.pos, false, "SELECT %s FROM %s GROUP BY %s", in.all(), in.name, strings.Join(j.leftKeys, ", "))
		if err != nil {
			return in, err
		}
	}
	return j.both()
}

// keys finds the columns to join on and makes the condition.
func (j *joined) keys() error {
	var parts []string
	for _, key := range j.op.on {
		l, ok := j.left.find(key.left)
		if !ok {
			return j.c.fail(key.leftPos, "Failed to resolve column named '%s' on the left side of the join", key.left)
		}
		r, ok := j.right.find(key.right)
		if !ok {
			return j.c.fail(key.rightPos, "Failed to resolve column named '%s' on the right side of the join", key.right)
		}
		if l.typ == TypeDynamic || r.typ == TypeDynamic {
			return j.c.fail(key.leftPos, "join key '%s' is of a 'dynamic' type. Please use an explicit cast using extend operator in the join legs (for example, '... | extend %s = tostring(%s) | join (... | extend %s = tostring(%s)) on %s') as join on a 'dynamic' type is not supported",
				key.left, key.left, key.left, key.right, key.right, key.left)
		}
		if l.typ != r.typ && (!l.typ.integer() || !r.typ.integer()) {
			return j.c.fail(key.leftPos, "join keys '%s' and '%s' have the types %s and %s: they must be the same", key.left, key.right, l.typ, r.typ)
		}
		j.leftKeys = append(j.leftKeys, l.alias)
		j.rightKeys = append(j.rightKeys, r.alias)
		parts = append(parts, l.alias+" = "+r.alias)
	}
	if len(parts) > 16 {
		return j.c.fail(j.op.pos, "more than 16 keys to join on")
	}
	j.on = strings.Join(parts, " AND ")
	return nil
}

// semi keeps the rows of one side that have, or lack, a match on the other. A
// null matches nothing.
func (j *joined) semi(keep, other relation, keepKeys, otherKeys []string, test string) (relation, error) {
	out := keep
	out.order = nil
	row := strings.Join(keepKeys, ", ")
	if len(keepKeys) > 1 {
		row = "(" + row + ")"
	}
	var err error
	out.name, err = j.c.stage(j.op.pos, false, "SELECT %s FROM %s WHERE (%s IN (SELECT %s FROM %s))%s",
		out.all(), keep.name, row, strings.Join(otherKeys, ", "), other.name, test)
	return out, err
}

// both puts the columns of the two sides next to each other. A name on the right
// that is taken gets a number behind it.
func (j *joined) both() (relation, error) {
	kind := map[joinKind]string{joinLeftOuter: "LEFT JOIN", joinRightOuter: "RIGHT JOIN", joinFullOuter: "FULL JOIN"}[j.op.kind]
	if kind == "" {
		kind = "JOIN"
	}
	out := newColumns(j.c, nil)
	for _, col := range j.left.columns {
		j.add(out, col, j.op.kind == joinRightOuter || j.op.kind == joinFullOuter)
	}
	outer := j.op.kind == joinLeftOuter || j.op.kind == joinFullOuter
	for _, col := range j.right.columns {
		if j.op.lookup && slices.Contains(j.rightKeys, col.alias) {
			continue
		}
		j.add(out, col, outer)
	}
	rel := relation{columns: out.columns}
	var err error
	rel.name, err = j.c.stage(j.op.pos, false, "SELECT %s FROM %s %s %s ON %s",
		strings.Join(out.items, ", "), j.left.name, kind, j.right.name, j.on)
	return rel, err
}

// add adds a column of one side; missing tells that rows may lack that side.
func (j *joined) add(out *columnList, col column, missing bool) {
	col.name = out.free(col.name)
	if !missing {
		out.pass(col)
		return
	}
	v := value{sql: col.alias, typ: col.typ, nullable: true, weight: col.weight}
	if col.typ != TypeString {
		col.nullable = true
		out.pass(col)
		return
	}
	made, item := out.make(col.name, v.filled())
	out.columns = append(out.columns, made)
	out.items = append(out.items, item)
}
