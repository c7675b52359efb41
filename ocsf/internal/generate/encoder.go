package main

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/ocsf/internal/schema"
)

// chunk is the longest run of attributes in one function; the house allows 80
// lines.
const chunk = 70

// printEncoder prints AppendJSON, in two functions where one would be too long. c is nil for an object.
func (m *model) printEncoder(b *bytes.Buffer, t, noun string, attributes []schema.Attribute, c *schema.Class) {
	var lines []string
	for _, a := range attributes {
		lines = append(lines, m.encode(a, attributes, c))
	}
	rest := lines[min(len(lines), chunk):]
	lines = lines[:len(lines)-len(rest)]
	fmt.Fprintf(b, "// AppendJSON appends the %s as one line of JSON. Attributes that are not set\n// are left out, and the captions of enums are written beside their ids.\nfunc (x *%s) AppendJSON(dst []byte) []byte {\ndst = append(dst, '{')\n", noun, t)
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
	if len(rest) > 0 {
		b.WriteString("return closeObject(x.appendRest(dst))\n}\n\n// appendRest appends the attributes that AppendJSON has no room for.\n")
		fmt.Fprintf(b, "func (x *%s) appendRest(dst []byte) []byte {\n", t)
		for _, l := range rest {
			b.WriteString(l + "\n")
		}
		b.WriteString("return dst\n}\n\n")
		return
	}
	b.WriteString("return closeObject(dst)\n}\n\n")
}

// encode prints the statement that writes one attribute.
func (m *model) encode(a schema.Attribute, all []schema.Attribute, c *schema.Class) string {
	key := "`" + strconv.Quote(a.Name) + ":`"
	if c != nil && isComputed(a.Name) {
		return computedAttribute(a.Name, c)
	}
	field := "x." + goName(a.Name)
	if id, ok := m.captioned(a, all); ok {
		return m.encodeSibling(a, id, key, field)
	}
	return fmt.Sprintf("dst = %s(dst, %s, %s)", m.appender(a), key, field)
}

// captioned finds the enum whose caption an attribute carries.
func (m *model) captioned(a schema.Attribute, all []schema.Attribute) (schema.Attribute, bool) {
	for _, id := range all {
		if id.Sibling == a.Name && id.Enum != "" {
			return id, true
		}
	}
	return schema.Attribute{}, false
}

// encodeSibling prints the statement for a caption.
func (m *model) encodeSibling(a, id schema.Attribute, key, field string) string {
	of := "x." + goName(id.Name)
	switch {
	case id.Array && a.Array:
		return fmt.Sprintf("dst = appendCaptions(dst, %s, %s, %s)", key, field, of)
	case id.Array != a.Array || m.goType(a) != "string":
		return fmt.Sprintf("dst = %s(dst, %s, %s)", m.appender(a), key, field)
	case id.Requirement == schema.Required:
		return fmt.Sprintf("dst = appendCaption(dst, %s, %s, %s)", key, field, of)
	}
	return fmt.Sprintf("dst = appendOptCaption(dst, %s, %s, %s)", key, field, of)
}

// computedAttribute prints what follows from the class.
func computedAttribute(name string, c *schema.Class) string {
	fixed := map[string]string{
		"category_name": strconv.Quote(c.Category), "category_uid": strconv.FormatInt(c.CategoryUID, 10),
		"class_name": strconv.Quote(c.Caption), "class_uid": strconv.FormatInt(c.UID, 10),
	}
	if v, ok := fixed[name]; ok {
		return fmt.Sprintf("dst = append(dst, `%q:%s,`...)", name, v)
	}
	if name == "type_name" {
		return fmt.Sprintf("dst = appendTypeName(dst, %q, int64(x.ActivityID), x.ActivityID.Caption())", c.Caption)
	}
	return "dst = appendInt(dst, `\"type_uid\":`, x.TypeUID())"
}

// appender names the function that writes an attribute of this type.
func (m *model) appender(a schema.Attribute) string {
	kind := map[string]string{"string": "String", "int64": "Int", "float64": "Float", "bool": "Bool", "jsontext.Value": "Raw", "Timestamp": "Timestamp"}[m.elementType(a)]
	switch {
	case a.Object != "" && a.Object != freeForm:
		kind = "Object"
	case a.Enum != "" && m.enums[a.Enum].text:
		kind = "String"
	case a.Enum != "":
		kind = "Int"
	}
	switch {
	case a.Array:
		return "append" + kind + "s"
	case m.numeric(a) && a.Requirement != schema.Required && kind != "Timestamp":
		return "appendOpt" + kind
	}
	return "append" + kind
}
