package cli

import "strings"

// printFields shows one object as "title  value" lines, the empty ones left out.
func printFields[T any](o *output, v view[T], item T) error {
	width := 0
	for _, c := range v.columns {
		width = max(width, len(fieldTitle(c.head)))
	}
	for _, c := range v.columns {
		value := c.shown(c.value(item))
		if value == "" {
			continue
		}
		title := fieldTitle(c.head)
		shade := tonePlain
		if c.tone != nil {
			shade = c.tone(value)
		}
		line := o.term.paint(title, toneHeading) + strings.Repeat(" ", width-len(title)+tableGap) + o.term.paint(value, shade)
		if err := o.lines.line([]byte(line)); err != nil {
			return err
		}
	}
	return o.lines.flush()
}

func fieldTitle(h head) string {
	if h.title != "" {
		return h.title
	}
	return h.name
}
