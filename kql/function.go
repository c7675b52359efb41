package kql

import (
	"fmt"
	"slices"
	"strings"
)

// function is a scalar function of Kusto.
type function struct {
	// args has one letter per argument. s string, i integer, n number, d
	// datetime, t timespan, b bool, j dynamic, * anything, S anything made a
	// string, J anything made JSON. After ? arguments may be left out, and a
	// final + lets the last one be repeated.
	args string
	// result is the type of the result; 0 is that of the first argument.
	result Type
	// sql has $1, $2 for the arguments and $@ for all of them. An argument left
	// out is what defaults says.
	sql      string
	defaults []string
	// total says that the result is never null; one of type string never is.
	total bool
	// build computes the value where a template does not do; sql is unused then.
	build func(c *compiler, e *callExpr, args []value) (value, error)
}

// functions lists Kusto's scalar functions by name.
//
// Source: https://learn.microsoft.com/kusto/query/scalar-functions
func functions() map[string]function {
	out := map[string]function{}
	for _, group := range []map[string]function{stringFunctions(), timeFunctions(), numberFunctions(), dynamicFunctions(), logicFunctions()} {
		for names, f := range group {
			for name := range strings.FieldsSeq(names) {
				out[name] = f
			}
		}
	}
	return out
}

func stringFunctions() map[string]function {
	return map[string]function{
		"strlen":                 {args: "s", result: TypeLong, sql: "length($1)", total: true},
		"tolower":                {args: "s", result: TypeString, sql: "kql_lower($1)"},
		"toupper":                {args: "s", result: TypeString, sql: "kql_upper($1)"},
		"substring":              {args: "si?i", result: TypeString, sql: "kql_substring($1, $2, $3)", defaults: []string{"2147483647"}},
		"strcat":                 {args: "S+", result: TypeString, sql: "concat($@)"},
		"strcat_delim":           {args: "sSS+", result: TypeString, sql: "concat_ws($@)"},
		"strcat_array":           {args: "js", result: TypeString, sql: "kql_strcat_array($1, $2)"},
		"strrep":                 {args: "si?s", result: TypeString, sql: "kql_strrep($1, $2, $3)", defaults: []string{"''"}},
		"reverse":                {args: "s", result: TypeString, sql: "kql_reverse($1)"},
		"indexof":                {args: "ss", result: TypeLong, sql: "(instr($1, $2) - 1)", total: true},
		"countof":                {args: "ss", result: TypeLong, sql: "kql_countof($1, $2)", total: true},
		"replace_string":         {args: "sss", result: TypeString, sql: "replace($1, $2, $3)"},
		"replace_regex replace":  {args: "sss", result: TypeString, sql: "kql_replace_regex($1, $2, $3)"},
		"trim":                   {args: "ss", result: TypeString, sql: "kql_trim($1, $2, 3)"},
		"trim_start":             {args: "ss", result: TypeString, sql: "kql_trim($1, $2, 1)"},
		"trim_end":               {args: "ss", result: TypeString, sql: "kql_trim($1, $2, 2)"},
		"extract":                {args: "sis", result: TypeString, sql: "kql_extract($1, $2, $3)"},
		"split":                  {args: "ss?i", result: TypeDynamic, sql: "kql_split($1, $2, $3)", defaults: []string{"-1"}, total: true},
		"base64_decode_tostring": {args: "s", result: TypeString, sql: "kql_base64_decode($1)"},
		"base64_encode_tostring": {args: "s", result: TypeString, sql: "kql_base64_encode($1)"},
		"url_decode":             {args: "s", result: TypeString, sql: "kql_url_decode($1)"},
		"hash_sha256":            {args: "S", result: TypeString, sql: "kql_sha256($1)"},
		"ipv4_is_private":        {args: "s", result: TypeBool, sql: "kql_ipv4_is_private($1)"},
		"tostring":               {args: "S", result: TypeString, sql: "$1"},
		"tohex":                  {args: "i", result: TypeString, sql: "CASE WHEN $1 IS NULL THEN '' ELSE printf('%x', $1) END"},
	}
}

func timeFunctions() map[string]function {
	out := map[string]function{
		"now":                              {args: "?t", build: buildNow},
		"ago":                              {args: "t", build: buildNow},
		"datetime_diff":                    {args: "sdd", build: buildPart(TypeLong, "kql_datetime_diff($@)")},
		"datetime_add":                     {args: "sid", build: buildPart(TypeDateTime, "kql_datetime_add($@)")},
		"datetime_part":                    {args: "sd", build: buildPart(TypeInt, "kql_datetime_part($@)")},
		"format_datetime":                  {args: "ds", result: TypeString, sql: "kql_format_datetime($1, $2)"},
		"make_datetime":                    {args: "iii?iin", result: TypeDateTime, sql: "kql_make_datetime($1, $2, $3, $4, $5, $6)", defaults: []string{"0", "0", "0"}},
		"dayofweek":                        {args: "d", result: TypeTimeSpan, sql: "(kql_datetime_part('weekday', $1) * 864000000000)"},
		"hourofday":                        {args: "d", result: TypeInt, sql: "kql_datetime_part('hour', $1)"},
		"dayofmonth":                       {args: "d", result: TypeInt, sql: "kql_datetime_part('day', $1)"},
		"dayofyear":                        {args: "d", result: TypeInt, sql: "kql_datetime_part('dayofyear', $1)"},
		"monthofyear getmonth":             {args: "d", result: TypeInt, sql: "kql_datetime_part('month', $1)"},
		"getyear":                          {args: "d", result: TypeInt, sql: "kql_datetime_part('year', $1)"},
		"week_of_year weekofyear":          {args: "d", result: TypeInt, sql: "kql_datetime_part('week_of_year', $1)"},
		"unixtime_seconds_todatetime":      {args: "n", result: TypeDateTime, sql: "kql_unixtime($1, 10000000)"},
		"unixtime_milliseconds_todatetime": {args: "n", result: TypeDateTime, sql: "kql_unixtime($1, 10000)"},
		"unixtime_microseconds_todatetime": {args: "n", result: TypeDateTime, sql: "kql_unixtime($1, 10)"},
		"todatetime":                       {args: "*", result: TypeDateTime, build: buildConversion(TypeDateTime)},
		"totimespan":                       {args: "*", result: TypeTimeSpan, build: buildConversion(TypeTimeSpan)},
	}
	for _, unit := range []string{"day", "week", "month", "year"} {
		out["startof"+unit] = function{args: "d?i", result: TypeDateTime, sql: "kql_startof('" + unit + "', $1, $2)", defaults: []string{"0"}}
		out["endof"+unit] = function{args: "d?i", result: TypeDateTime, sql: "(kql_startof('" + unit + "', $1, $2 + 1) - 1)", defaults: []string{"0"}}
	}
	return out
}

func numberFunctions() map[string]function {
	return map[string]function{
		"bin floor":         {args: "**", build: buildBin},
		"bin_at":            {args: "***", build: buildBin},
		"abs":               {args: "*", build: buildAbs},
		"ceiling":           {args: "n", result: TypeReal, sql: "ceil($1)"},
		"round":             {args: "n?i", result: TypeReal, sql: "round($1, $2)", defaults: []string{"0"}},
		"sign":              {args: "n", result: TypeInt, sql: "sign($1)"},
		"sqrt":              {args: "n", result: TypeReal, sql: "sqrt($1)"},
		"exp":               {args: "n", result: TypeReal, sql: "exp($1)"},
		"log":               {args: "n", result: TypeReal, sql: "ln($1)"},
		"log2":              {args: "n", result: TypeReal, sql: "log2($1)"},
		"log10":             {args: "n", result: TypeReal, sql: "log10($1)"},
		"pow":               {args: "nn", result: TypeReal, sql: "CAST(pow($1, $2) AS REAL)"},
		"toint":             {args: "*", result: TypeInt, build: buildConversion(TypeInt)},
		"tolong":            {args: "*", result: TypeLong, build: buildConversion(TypeLong)},
		"toreal todouble":   {args: "*", result: TypeReal, build: buildConversion(TypeReal)},
		"tobool toboolean":  {args: "*", result: TypeBool, build: buildConversion(TypeBool)},
		"toguid":            {args: "*", result: TypeGUID, build: buildConversion(TypeGUID)},
		"binary_and":        {args: "ii", result: TypeLong, sql: "($1 & $2)"},
		"binary_or":         {args: "ii", result: TypeLong, sql: "($1 | $2)"},
		"binary_shift_left": {args: "ii", result: TypeLong, sql: "($1 << $2)"},
	}
}

func dynamicFunctions() map[string]function {
	return map[string]function{
		"parse_json todynamic toobject": {args: "*", result: TypeDynamic, build: buildParseJSON},
		"array_length":                  {args: "j", result: TypeLong, sql: "kql_array_length($1)"},
		"array_index_of":                {args: "jJ", result: TypeLong, sql: "kql_array_index_of($1, $2)"},
		"set_has_element":               {args: "jJ", result: TypeBool, sql: "(kql_array_index_of($1, $2) >= 0)"},
		"bag_has_key":                   {args: "js", result: TypeBool, sql: "kql_bag_has_key($1, $2)"},
		"bag_keys":                      {args: "j", result: TypeDynamic, sql: "kql_bag_keys($1)"},
		"pack_array":                    {args: "J+", result: TypeDynamic, sql: "kql_pack_array($@)", total: true},
		"bag_pack pack":                 {args: "J+", result: TypeDynamic, build: buildBagPack},
	}
}

func logicFunctions() map[string]function {
	return map[string]function{
		"not":                 {args: "b", result: TypeBool, sql: "(NOT $1)"},
		"isempty":             {args: "*", build: buildIsEmpty},
		"isnotempty notempty": {args: "*", build: buildIsEmpty},
		"isnull":              {args: "*", build: buildIsNull},
		"isnotnull notnull":   {args: "*", build: buildIsNull},
		"iff iif":             {args: "b**", build: buildCase},
		"case":                {args: "b**+", build: buildCase},
		"coalesce":            {args: "**+", build: buildCoalesce},
		"gettype":             {args: "*", build: buildGetType},
	}
}

// foreignFunctions are functions of Kusto that hunts use and this package does not
// have; the list makes the message better, nothing else.
const foreignFunctions = " acos array_concat array_iff array_reverse array_slice array_sort_asc array_sort_desc array_split array_sum asin atan " +
	"bag_merge bag_remove_keys base64_decode_toarray binary_not binary_shift_right binary_xor column_ifexists cos current_principal " +
	"datetime_local_to_utc datetime_utc_to_local extract_all extract_json extractjson FileProfile format_bytes format_ipv4 format_timespan " +
	"geo_info_from_ip_address has_any_index has_any_ipv4 has_any_ipv4_prefix has_ipv4 has_ipv4_prefix hash hash_md5 hash_sha1 " +
	"ipv4_compare ipv4_is_in_any_range ipv4_is_in_range ipv4_is_match ipv6_compare ipv6_is_match isascii isfinite isinf isnan isutf8 " +
	"jaccard_index make_bag make_list_with_nulls make_string make_timespan max_of min_of new_guid next parse_command_line parse_csv " +
	"parse_ipv4 parse_ipv6 parse_path parse_url parse_urlquery parse_user_agent parse_version parse_xml percentiles pi prev rand " +
	"repeat row_cumsum row_number row_rank_dense series_stats set_difference set_intersect set_union sin stdevp strcmp string_size tan " +
	"todecimal translate treepath unicode_codepoints_from_string unixtime_nanoseconds_todatetime url_encode variancep zip "

// call compiles the call of a function, or of an aggregate where one may stand.
func (c *compiler) call(e *callExpr, s *scope) (value, error) {
	if agg, ok := c.aggregates[e.name]; ok {
		if s.rows == nil {
			return value{}, c.fail(e.pos, "Function '%s' cannot be invoked in current context. Details: it is an aggregate, which belongs into summarize", e.name)
		}
		return c.aggregate(e, agg, &scope{rel: s.rows})
	}
	f, ok := c.functions[e.name]
	if !ok {
		if strings.Contains(foreignFunctions, " "+e.name+" ") {
			return value{}, unsupportedError(e.pos, "The function '%s' is not supported", e.name)
		}
		return value{}, semanticError(e.pos, "Unknown function: '%s'", e.name)
	}
	args, err := c.arguments(e, f.args, s)
	if err != nil {
		return value{}, err
	}
	var out value
	if f.build != nil {
		out, err = f.build(c, e, args)
	} else {
		out = f.value(args)
	}
	for _, a := range args {
		out.weight += a.weight
	}
	out.weight++
	return out, err
}

// value fills the template.
func (f function) value(args []value) value {
	out := value{typ: f.result, nullable: !f.total && f.result != TypeString}
	if out.typ == 0 {
		out.typ = args[0].typ
	}
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = a.sql
	}
	all := texts
	if required := strings.IndexByte(f.args, '?'); required >= 0 {
		given := len(all) - required
		all = append(append([]string(nil), all...), f.defaults[min(given, len(f.defaults)):]...)
	}
	var b strings.Builder
	for i := 0; i < len(f.sql); i++ {
		switch {
		case f.sql[i] != '$':
			b.WriteByte(f.sql[i])
		case f.sql[i+1] == '@':
			b.WriteString(strings.Join(all, ", "))
			i++
		default:
			b.WriteString(all[f.sql[i+1]-'1'])
			i++
		}
	}
	out.sql = b.String()
	return out
}

// maxCallArguments is how many arguments any call may have.
const maxCallArguments = 64

// arguments compiles and checks the arguments of a call by its letters.
func (c *compiler) arguments(e *callExpr, letters string, s *scope) ([]value, error) {
	letters, repeated := strings.CutSuffix(letters, "+")
	required, optional, _ := strings.Cut(letters, "?")
	letters = required + optional
	most := len(letters)
	if repeated {
		most = maxCallArguments
	}
	if len(e.args) < len(required) || len(e.args) > most {
		return nil, semanticError(e.pos, "%s(): function expects %s, got %d", e.name, expected(len(required), most), len(e.args))
	}
	out := make([]value, len(e.args))
	for i, arg := range e.args {
		v, err := c.expr(arg, s)
		if err != nil {
			return nil, err
		}
		if out[i], err = c.argument(e, i, letters[min(i, len(letters)-1)], v); err != nil {
			return nil, err
		}
		out[i].pos = v.pos
	}
	return out, nil
}

// expected words how many arguments a function takes.
func expected(least, most int) string {
	switch {
	case most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	case most == maxCallArguments:
		return fmt.Sprintf("at least %d and at most %d arguments", least, most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// letterTypes maps the letters that ask for a type to the types that fit, the
// first of which a dynamic value is converted to.
func letterTypes() map[byte][]Type {
	return map[byte][]Type{
		's': {TypeString},
		'i': {TypeLong, TypeInt},
		'n': {TypeReal, TypeLong, TypeInt},
		'd': {TypeDateTime},
		't': {TypeTimeSpan},
		'b': {TypeBool},
		'j': {TypeDynamic},
	}
}

// argument brings one argument to what its letter asks for.
func (c *compiler) argument(e *callExpr, i int, letter byte, v value) (value, error) {
	switch letter {
	case '*':
		return v, nil
	case 'S':
		return c.convert(v, TypeString), nil
	case 'J':
		return c.asJSON(v), nil
	}
	want := letterTypes()[letter]
	if slices.Contains(want, v.typ) {
		return v, nil
	}
	if v.typ == TypeDynamic {
		return c.convert(v, want[0]), nil
	}
	return v, semanticError(v.pos, "%s(): argument #%d expected to be a %s expression, got %s", e.name, i+1, want[0], v.typ)
}

// asJSON is the value as an element of JSON; a string becomes a JSON string.
func (c *compiler) asJSON(v value) value {
	out := v
	out.sql = fill(jsonFormat(v.typ), v.sql, "")
	out.typ = TypeDynamic
	out.lit = nil
	return out
}
