package normalize

// word is what one word of Microsoft means in OCSF.
type word[T ~int64] struct {
	text string
	id   T
}

// translate looks up a word, whatever its case and however it is spaced. The
// caption is empty when OCSF has its own. No word is Unknown (0); a word that is
// not in the table is Other (99) with the word itself as caption.
func translate[T ~int64](table []word[T], text string) (id T, caption string) {
	if text == "" {
		return 0, ""
	}
	for _, w := range table {
		if alike(w.text, text) {
			return w.id, ""
		}
	}
	return 99, ownWord(text)
}

// ownWord keeps a word apart from the caption of Other itself, which would say
// nothing.
func ownWord(text string) string {
	if text == "Other" {
		return "other"
	}
	return text
}

// alike compares two words by their letters and digits alone: "True Positive",
// "truePositive" and "true_positive" are one word.
func alike(a, b string) bool {
	i, j := 0, 0
	for {
		for i < len(a) && !letter(a[i]) {
			i++
		}
		for j < len(b) && !letter(b[j]) {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if lower(a[i]) != lower(b[j]) {
			return false
		}
		i++
		j++
	}
}

// letter tells what counts in a word: all but spaces and joiners.
func letter(c byte) bool { return c != ' ' && c != '_' && c != '-' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
