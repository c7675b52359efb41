package ocsf

// member is one value of an enum.
type member struct {
	id      int64
	caption string
}

// other is the id that every enum keeps for values of the source that it has
// no member for; the sibling then holds the word of the source.
const other = 99

// caption finds what the sibling of an enum says. It is empty for Other, where
// the source must say it, and for ids that the schema does not know.
func caption(members []member, id int64) string {
	if id == other {
		return ""
	}
	if id >= 0 && id < int64(len(members)) && members[id].id == id {
		return members[id].caption // most enums count from zero
	}
	for _, m := range members {
		if m.id == id {
			return m.caption
		}
	}
	return ""
}

// captioned is an enum with captions.
type captioned interface {
	~int64
	Caption() string
}

// appendCaption writes the sibling of a required enum: the text that was set,
// or else the caption.
func appendCaption[E captioned](dst []byte, key, text string, id E) []byte {
	if text == "" {
		text = id.Caption()
	}
	return appendString(dst, key, text)
}

// appendOptCaption writes the sibling of an enum that may be absent.
func appendOptCaption[E captioned](dst []byte, key, text string, id Opt[E]) []byte {
	if text == "" && id.set {
		text = id.value.Caption()
	}
	return appendString(dst, key, text)
}

// appendCaptions writes the sibling of an array of enums: the texts that were
// set, or else all captions where each id has one.
func appendCaptions[E captioned](dst []byte, key string, texts []string, ids []E) []byte {
	if len(texts) > 0 || len(ids) == 0 {
		return appendStrings(dst, key, texts)
	}
	for _, id := range ids {
		if id.Caption() == "" {
			return dst
		}
	}
	dst = append(append(dst, key...), '[')
	for _, id := range ids {
		dst = append(appendText(dst, id.Caption()), ',')
	}
	return closeArray(dst)
}

// appendTypeName writes type_name: "Class: Activity".
func appendTypeName(dst []byte, class string, id int64, activity string) []byte {
	if id == other {
		activity = "Other"
	}
	if activity == "" {
		return dst
	}
	dst = append(dst, `"type_name":"`...)
	dst = append(append(append(dst, class...), ": "...), activity...)
	return append(dst, `",`...)
}
