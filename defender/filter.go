package defender

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/internal/rest"
)

// Filter is an OData filter, for example "severity eq 'High' and status ne
// 'Resolved'". Write it out, or build it with [Eq] and its like, which quote
// values as they must be.
type Filter string

// Value is what a property can be compared with. Texts are quoted; times,
// numbers and booleans stand bare.
type Value interface {
	~string | ~bool | ~int | ~int64 | ~float64 | time.Time
}

// Eq is "property eq value".
func Eq[V Value](property string, value V) Filter { return compare(property, "eq", value) }

// Ne is "property ne value".
func Ne[V Value](property string, value V) Filter { return compare(property, "ne", value) }

// Gt is "property gt value".
func Gt[V Value](property string, value V) Filter { return compare(property, "gt", value) }

// Ge is "property ge value".
func Ge[V Value](property string, value V) Filter { return compare(property, "ge", value) }

// Lt is "property lt value". Microsoft shows gt and ge only; lt is OData.
func Lt[V Value](property string, value V) Filter { return compare(property, "lt", value) }

// Le is "property le value". Microsoft shows gt and ge only; le is OData.
func Le[V Value](property string, value V) Filter { return compare(property, "le", value) }

// StartsWith is "startswith(property,'prefix')".
func StartsWith(property, prefix string) Filter {
	return Filter("startswith(" + property + "," + quote(prefix) + ")")
}

// And joins filters; all must hold. Empty ones are left out.
func And(filters ...Filter) Filter { return join(" and ", filters) }

// Or joins filters; one must hold. Empty ones are left out. Microsoft does not
// show "or"; it is OData.
func Or(filters ...Filter) Filter { return join(" or ", filters) }

func join(word string, filters []Filter) Filter {
	var parts []string
	for _, f := range filters {
		if f != "" {
			parts = append(parts, string(f))
		}
	}
	if len(parts) < 2 {
		return Filter(strings.Join(parts, ""))
	}
	if word != " and " {
		return Filter("(" + strings.Join(parts, word) + ")")
	}
	return Filter(strings.Join(parts, word))
}

func compare[V Value](property, operator string, value V) Filter {
	return Filter(property + " " + operator + " " + literal(value))
}

// literal prints a value as OData wants it.
func literal(value any) string {
	switch v := value.(type) {
	case time.Time:
		return rest.FormatTime(v)
	case string:
		return quote(v)
	}
	text := fmt.Sprint(value)
	if isBare(text) {
		return text
	}
	return quote(text)
}

// isBare tells a number or a boolean from a named text type such as
// AlertSeverity.
func isBare(text string) bool {
	return text == "true" || text == "false" || text != "" && (text[0] >= '0' && text[0] <= '9' || text[0] == '-')
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// check says what is wrong with a filter for one list, or nothing.
func (f Filter) check(set entitySet) error {
	tokens, err := scanFilter(string(f))
	if err != nil {
		return rest.Inputf("filter for %s: %w", set.name, err)
	}
	if len(tokens) == 0 {
		return rest.Inputf("filter for %s is blank: leave it out", set.name)
	}
	if len(set.filterable) == 0 {
		return rest.Inputf("%s cannot be filtered", set.name)
	}
	return checkNames(tokens, set)
}

// filterToken is a word, a quoted text or one of "(", ")", ",", "/" and ":".
type filterToken struct {
	text string
	kind byte // 'w' word, 'q' quoted, else the character itself
}

// scanFilter cuts a filter into tokens. Quotes and parentheses must be in
// balance.
func scanFilter(s string) ([]filterToken, error) {
	var tokens []filterToken
	depth := 0
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '\'':
			end := endOfQuote(s, i)
			if end < 0 {
				return nil, fmt.Errorf("the quote at position %d is not closed", i+1)
			}
			tokens = append(tokens, filterToken{s[i:end], 'q'})
			i = end
		case '(', ')', ',', '/':
			if depth += nesting(c); depth < 0 {
				return nil, fmt.Errorf("the parenthesis at position %d closes nothing", i+1)
			}
			tokens = append(tokens, filterToken{string(c), c})
			i++
		default:
			n := strings.IndexAny(s[i:], " \t\r\n'(),/")
			if n < 0 {
				n = len(s) - i
			}
			tokens = append(tokens, filterToken{s[i : i+n], 'w'})
			i += n
		}
	}
	if depth > 0 {
		return nil, fmt.Errorf("%d parentheses are not closed", depth)
	}
	return tokens, nil
}

func nesting(c byte) int {
	switch c {
	case '(':
		return 1
	case ')':
		return -1
	}
	return 0
}

// endOfQuote returns the position behind the quoted text that begins at i, -1
// when it does not end. A quote inside is doubled.
func endOfQuote(s string, i int) int {
	for i++; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

// filterOperators and filterFunctions are the words of OData 4 that a filter may
// use. Microsoft shows eq, ne, gt, ge, and, startswith; the others are left to
// the service.
func filterOperators() []string {
	return []string{"eq", "ne", "gt", "ge", "lt", "le", "and", "or", "not", "in", "true", "false", "null"}
}

func filterFunctions() []string {
	return []string{"startswith", "endswith", "contains", "tolower", "toupper", "any", "all", "not", "and", "or", "in"}
}

// checkNames refuses a word that is no operator, no value and no property of the
// set. Names inside any(...) and all(...) are the filter's own.
func checkNames(tokens []filterToken, set entitySet) error {
	var own []string
	for i, t := range tokens {
		if t.kind != 'w' {
			continue
		}
		lower := strings.ToLower(t.text)
		name, _, declares := strings.Cut(t.text, ":")
		next := byte(0)
		if i+1 < len(tokens) {
			next = tokens[i+1].kind
		}
		switch {
		case declares && i > 0 && tokens[i-1].kind == '(' && !isBare(t.text):
			own = append(own, name)
		case next == '(' && slices.Contains(filterFunctions(), lower):
		case next == '(' && !slices.Contains(filterOperators(), lower):
			return rest.Inputf("filter for %s: unknown function %q: use %s", set.name, t.text, strings.Join(filterFunctions()[:3], ", "))
		case slices.Contains(filterOperators(), lower), isBare(t.text), slices.Contains(own, t.text):
		case i > 0 && tokens[i-1].kind == '/': // a part of a property
		case !hasFold(set.filterable, t.text):
			return rest.Inputf("filter for %s: unknown word %q: the properties are %s; texts stand in single quotes",
				set.name, t.text, strings.Join(set.filterable, ", "))
		}
	}
	return nil
}

func hasFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
