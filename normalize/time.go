package normalize

import "time"

// parseTime reads a time as Microsoft writes it: a date, then T or a blank, then
// hours, minutes and seconds with 0 to 9 digits of a fraction, then a zone or,
// then it is UTC, none; or a date alone, which is its midnight. What is no time
// is the zero time, and so are the years that stand for "never": 1, 1601, 1970,
// 9999.
func parseTime(text string) time.Time {
	p := clock{text: text}
	year, month, day := p.number(4, 0), p.number(2, '-'), p.number(2, '-')
	var hour, minute, second, nanosecond, offset int
	if p.pos < len(text) {
		if c := text[p.pos]; c != 'T' && c != 't' && c != ' ' {
			return time.Time{}
		}
		p.pos++
		hour, minute, second = p.number(2, 0), p.number(2, ':'), p.number(2, ':')
		nanosecond, offset = p.fraction(), p.zone()
	}
	if p.wrong || p.pos != len(text) || year < 1974 || year > 5000 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if day < 1 || t.Day() != day { // the 31st of a shorter month
		return time.Time{}
	}
	return t.Add(-time.Duration(offset) * time.Minute)
}

// clock reads the parts of a time one after the other.
type clock struct {
	text  string
	pos   int
	wrong bool // something is not as it should be
}

// number reads digits behind a separator; 0 is none.
func (p *clock) number(digits int, separator byte) int {
	if separator != 0 {
		if p.pos >= len(p.text) || p.text[p.pos] != separator {
			p.wrong = true
			return 0
		}
		p.pos++
	}
	if p.pos+digits > len(p.text) {
		p.wrong = true
		return 0
	}
	n := 0
	for range digits {
		c := p.text[p.pos]
		p.wrong = p.wrong || c < '0' || c > '9'
		n = 10*n + int(c-'0')
		p.pos++
	}
	return n
}

// fraction reads the fraction of a second in nanoseconds; what is smaller is cut.
func (p *clock) fraction() int {
	if p.pos >= len(p.text) || p.text[p.pos] != '.' {
		return 0
	}
	p.pos++
	start, n, unit := p.pos, 0, 100_000_000
	for ; p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9'; p.pos++ {
		n += unit * int(p.text[p.pos]-'0')
		unit /= 10
	}
	p.wrong = p.wrong || p.pos == start
	return n
}

// zone reads the zone in minutes east of UTC.
func (p *clock) zone() int {
	if p.pos >= len(p.text) {
		return 0
	}
	c := p.text[p.pos]
	p.pos++
	switch c {
	case 'Z', 'z':
		return 0
	case '+', '-':
		hours, minutes := p.number(2, 0), p.number(2, ':')
		p.wrong = p.wrong || hours > 23 || minutes > 59
		if c == '-' {
			return -60*hours - minutes
		}
		return 60*hours + minutes
	default:
		p.wrong = true
		return 0
	}
}
