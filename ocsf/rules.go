package ocsf

import (
	"bytes"
	"math/bits"
	"strconv"
	"strings"
)

// checkNode runs the checks that look at an object as a whole.
func (w *walker) checkNode(n *node, f frame) {
	w.checkRequired(n, f)
	w.checkGroups(n, f)
	for _, a := range n.enums {
		if a.Array {
			w.checkSiblings(a, f)
		} else {
			w.checkSibling(a, f)
		}
	}
	if n.after != nil {
		n.after(w, n, f)
	}
}

// checkRequired reports what is missing.
func (w *walker) checkRequired(n *node, f frame) {
	if missing := n.required.without(f.seen); !missing.empty() {
		missing.each(func(i int) {
			w.reportAtf(n.list[i].Name, CodeRequired, "is required by %s and missing", n.name)
		})
	}
	for _, a := range n.byProfile {
		if a.profile&w.active != 0 && !f.seen.has(a.index) {
			w.reportAtf(a.Name, CodeRequired, "is required by %s with the profile %s and missing", n.name, a.Profile)
		}
	}
	if !w.notices {
		return
	}
	n.recommended.without(f.seen).each(func(i int) {
		w.reportAtf(n.list[i].Name, CodeRecommended, "is recommended for %s", n.name)
	})
}

// checkGroups reports broken constraints on several attributes.
func (w *walker) checkGroups(n *node, f frame) {
	if len(n.atLeastOne.names) > 0 && w.count(n.atLeastOne, n, f) == 0 && !n.atLeastOne.rootless(n, f) {
		w.reportf(CodeAtLeastOne, "%s needs at least one of %s", n.name, strings.Join(n.atLeastOne.names, ", "))
	}
	if len(n.justOne.names) > 0 {
		if count := w.count(n.justOne, n, f); count != 1 {
			w.reportf(CodeJustOne, "%s needs exactly one of %s, has %d", n.name, strings.Join(n.justOne.names, ", "), count)
		}
	}
}

// count tells how many attributes of a group are there.
func (w *walker) count(g group, n *node, f frame) int {
	there := f.seen.and(g.set)
	count := bits.OnesCount64(there[0]) + bits.OnesCount64(there[1])
	for _, path := range g.paths {
		if n == w.class && w.find(path) {
			count++
		}
	}
	return count
}

// rootless tells whether the paths of a group begin in a required attribute
// that is missing, which is reported by itself.
func (g group) rootless(n *node, f frame) bool {
	for _, path := range g.paths {
		a := n.attributes[path[0]]
		if a == nil || f.seen.has(a.index) || !n.required.has(a.index) {
			return false
		}
	}
	return len(g.paths) > 0
}

// find tells whether the event has a value at a path of plain names.
func (w *walker) find(path []string) bool {
	c := cursor{data: w.data}
	for _, name := range path {
		if c.blank() != '{' || !c.seek(name) {
			return false
		}
	}
	return c.blank() != 'n'
}

// seek goes to the value of a member. The cursor stands on the brace.
func (c *cursor) seek(name string) bool {
	for c.next() {
		if string(c.name()) == name {
			return true
		}
		c.skip()
	}
	return false
}

// read returns a remembered value; nil where it is absent.
func (w *walker) read(a *attribute, f frame) []byte {
	if a == nil || a.slot < 0 || !f.seen.has(a.index) {
		return nil
	}
	s := w.values[f.base+a.slot]
	return w.data[s.start:s.end]
}

// integer reads a remembered integer.
func (w *walker) integer(a *attribute, f frame) (int64, bool) {
	raw := w.read(a, f)
	if len(raw) == 0 || kindOf(raw[0]) != kindInteger {
		return 0, false
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}

// words reads a remembered text; nil where there is none.
func (w *walker) words(a *attribute, f frame) []byte {
	raw := w.read(a, f)
	if len(raw) == 0 || raw[0] != '"' {
		return nil
	}
	c := cursor{data: raw}
	return c.text()
}

// checkSibling compares the text beside an enum with the caption of its id.
func (w *walker) checkSibling(a *attribute, f frame) {
	id, ok := w.integer(a, f)
	if !ok {
		return
	}
	text := w.words(a.sibling, f)
	switch {
	case text == nil && id == other:
		w.reportAtf(a.Name, CodeSiblingMissing, "is Other; %s should say what the source says", a.Sibling)
	case text != nil:
		w.checkCaption(a, id, text)
	}
}

// checkCaption compares one text with the caption of one id.
func (w *walker) checkCaption(a *attribute, id int64, text []byte) {
	caption := a.captionOf(id)
	switch {
	case caption == nil || a.Loose: // an unknown id is reported already
	case id == other && string(text) == *caption:
		w.reportAtf(a.Sibling, CodeSiblingOther, "%s is Other; the text should say what the source says", a.Name)
	case id != other && string(text) != *caption:
		w.reportAtf(a.Sibling, CodeSibling, "%s, but %s %d is %q", quote(text), a.Name, id, *caption)
	}
}

// checkSiblings compares an array of texts with an array of ids.
func (w *walker) checkSiblings(a *attribute, f frame) {
	ids, texts := w.read(a, f), w.read(a.sibling, f)
	if len(ids) == 0 || len(texts) == 0 || ids[0] != '[' || texts[0] != '[' {
		return
	}
	i, t := cursor{data: ids}, cursor{data: texts}
	for i.next() {
		if !t.next() {
			w.reportAtf(a.Sibling, CodeSibling, "has fewer elements than %s", a.Name)
			return
		}
		id, err := strconv.ParseInt(string(i.raw()), 10, 64)
		if text := t.raw(); err == nil && len(text) > 0 && text[0] == '"' {
			c := cursor{data: text}
			w.checkCaption(a, id, c.text())
		}
	}
	if t.next() {
		w.reportAtf(a.Sibling, CodeSibling, "has more elements than %s", a.Name)
	}
}

// raw reads one value as it stands.
func (c *cursor) raw() []byte {
	start := c.pos
	c.skip()
	return c.data[start:c.pos]
}

// checkClass checks what follows from the class.
func (w *walker) checkClass(n *node, f frame) {
	class := n.class
	if uid, ok := w.integer(n.attributes["category_uid"], f); ok && uid != class.CategoryUID {
		w.reportAtf("category_uid", CodeCategory, "is %d, %s is in category %d (%s)", uid, n.name, class.CategoryUID, class.Category)
	}
	w.checkName("category_name", class.Category, f)
	w.checkName("class_name", class.Caption, f)
	activity, ok := w.integer(n.attributes["activity_id"], f)
	if !ok {
		return
	}
	if uid, ok := w.integer(n.attributes["type_uid"], f); ok && uid != class.UID*100+activity {
		w.reportAtf("type_uid", CodeTypeUID, "is %d, class_uid * 100 + activity_id is %d", uid, class.UID*100+activity)
	}
	if caption := n.attributes["activity_id"].captionOf(activity); caption != nil && activity != other {
		w.checkTypeName(class.Caption, *caption, f)
	}
}

// checkName compares a text of the event with the only one that fits.
func (w *walker) checkName(name, want string, f frame) {
	if text := w.words(w.class.attributes[name], f); text != nil && string(text) != want {
		w.reportAtf(name, CodeSibling, "%s, want %q", quote(text), want)
	}
}

// checkTypeName compares type_name with "Class: Activity".
func (w *walker) checkTypeName(class, activity string, f frame) {
	text := w.words(w.class.attributes["type_name"], f)
	if text == nil {
		return
	}
	if got, ok := bytes.CutPrefix(text, []byte(class)); ok {
		if got, ok = bytes.CutPrefix(got, []byte(": ")); ok && string(got) == activity {
			return
		}
	}
	w.checkName("type_name", class+": "+activity, f)
}

// checkMetadata checks the version and the profiles that an event declares.
func (w *walker) checkMetadata(n *node, f frame) {
	if version := w.words(n.attributes["version"], f); len(version) > 0 && string(version) != w.table.version {
		w.reportAtf("version", CodeVersion, "%s; the event is checked against OCSF %s", quote(version), w.table.version)
	}
	raw := w.read(n.attributes["profiles"], f)
	if len(raw) == 0 || raw[0] != '[' {
		return
	}
	c := cursor{data: raw}
	for c.next() {
		if e := c.raw(); e[0] == '"' {
			name := cursor{data: e}
			w.checkProfile(name.text())
		}
	}
}

// checkProfile checks one declared profile.
func (w *walker) checkProfile(name []byte) {
	p, ok := w.table.profiles[string(name)]
	switch {
	case !ok:
		w.reportAtf("profiles", CodeProfileUnknown, "%s is no profile of OCSF %s", quote(name), w.table.version)
	case p&w.class.profiles == 0:
		w.reportAtf("profiles", CodeProfileClass, "%s does not have the profile %s", w.class.name, name)
	}
}

// checkFingerprint checks the length of a digest.
func (w *walker) checkFingerprint(n *node, f frame) {
	id, ok := w.integer(n.attributes["algorithm_id"], f)
	value := w.words(n.attributes["value"], f)
	if ok && value != nil && !isHash(HashAlgorithmID(id), value) {
		w.reportAtf("value", CodeUnlikely, "%s is no digest of %s", quote(value), HashAlgorithmID(id).Caption())
	}
}

// checkObservable checks that name leads to an attribute of the class.
func (w *walker) checkObservable(n *node, f frame) {
	if name := w.words(n.attributes["name"], f); len(name) > 0 && !w.class.leads(name) {
		w.reportAtf("name", CodeObservable, "%s is no path of %s", quote(name), w.class.name)
	}
}

// leads tells whether a path such as "evidences[0].file.name" exists below a
// node, whatever its indexes.
func (n *node) leads(path []byte) bool {
	for len(path) > 0 {
		name, rest, _ := bytes.Cut(path, []byte("."))
		if i := bytes.IndexByte(name, '['); i >= 0 {
			name = name[:i]
		}
		a := n.attributes[string(name)]
		switch {
		case a == nil:
			return false
		case a.kind == kindAny || a.kind == kindObject && a.object.free:
			return true
		case len(rest) == 0:
			return true
		case a.kind != kindObject:
			return false
		}
		n, path = a.object, rest
	}
	return false
}

// splitPath splits a dotted name of a constraint.
func splitPath(name string) []string { return strings.Split(name, ".") }
