package kql

// convert turns a value into another type, as Kusto's tostring(), tolong() and so
// on do: null where it cannot be. Every pair of types has a conversion, if only
// to null.
func (c *compiler) convert(v value, t Type) value {
	if v.typ == t {
		return v
	}
	out := value{sql: "NULL", typ: t, nullable: true, weight: v.weight + 1, pos: v.pos}
	if format, ok := conversions()[[2]Type{v.typ, t}]; ok {
		out.sql = fill(format, v.sql, "")
	} else if t == TypeDynamic {
		out.sql = fill(jsonFormat(v.typ), v.sql, "")
	}
	if t == TypeString {
		out.nullable = false
		if out.sql == "NULL" {
			out.sql = "''"
		}
	}
	return out
}

// conversions maps pairs of types, from and to, to SQL in which %x is the value.
func conversions() map[[2]Type]string {
	const same, truncated, float = "%x", "CAST(%x AS INTEGER)", "CAST(%x AS REAL)"
	return map[[2]Type]string{
		{TypeBool, TypeString}:     "(CASE %x WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '' END)",
		{TypeInt, TypeString}:      "coalesce(CAST(%x AS TEXT), '')",
		{TypeLong, TypeString}:     "coalesce(CAST(%x AS TEXT), '')",
		{TypeReal, TypeString}:     "kql_real_text(%x)",
		{TypeDateTime, TypeString}: "kql_datetime_text(%x)",
		{TypeTimeSpan, TypeString}: "kql_timespan_text(%x)",
		{TypeDynamic, TypeString}:  "kql_dynamic_text(%x)",
		{TypeGUID, TypeString}:     "coalesce(%x, '')",

		{TypeBool, TypeInt}:     same,
		{TypeLong, TypeInt}:     "kql_int(%x)",
		{TypeReal, TypeInt}:     "kql_int(%x)",
		{TypeString, TypeInt}:   "kql_int(kql_long(%x))",
		{TypeDynamic, TypeInt}:  "kql_int(kql_dynamic_long(%x))",
		{TypeBool, TypeLong}:    same,
		{TypeInt, TypeLong}:     same,
		{TypeReal, TypeLong}:    truncated,
		{TypeString, TypeLong}:  "kql_long(%x)",
		{TypeDynamic, TypeLong}: "kql_dynamic_long(%x)",
		// A datetime and a timespan as a number are their ticks.
		{TypeDateTime, TypeLong}: same,
		{TypeTimeSpan, TypeLong}: same,

		{TypeBool, TypeReal}:    float,
		{TypeInt, TypeReal}:     float,
		{TypeLong, TypeReal}:    float,
		{TypeString, TypeReal}:  "kql_real(%x)",
		{TypeDynamic, TypeReal}: "kql_real(kql_dynamic_text(%x))",

		{TypeInt, TypeBool}:     "(%x <> 0)",
		{TypeLong, TypeBool}:    "(%x <> 0)",
		{TypeReal, TypeBool}:    "(%x <> 0)",
		{TypeString, TypeBool}:  "kql_bool(%x)",
		{TypeDynamic, TypeBool}: "kql_bool(kql_dynamic_text(%x))",

		{TypeString, TypeDateTime}:  "kql_datetime(%x)",
		{TypeDynamic, TypeDateTime}: "kql_datetime(kql_dynamic_text(%x))",
		{TypeLong, TypeDateTime}:    same,
		{TypeString, TypeTimeSpan}:  "kql_timespan(%x)",
		{TypeDynamic, TypeTimeSpan}: "kql_timespan(kql_dynamic_text(%x))",
		{TypeLong, TypeTimeSpan}:    same,
		{TypeString, TypeGUID}:      "kql_guid(%x)",
		{TypeDynamic, TypeGUID}:     "kql_guid(kql_dynamic_text(%x))",
		{TypeString, TypeDynamic}:   "kql_parse_json(%x)",
	}
}

// jsonFormat is how a value of a type becomes an element of JSON; null stays
// null.
func jsonFormat(t Type) string {
	switch t {
	case TypeDynamic:
		return "%x"
	case TypeBool:
		return "(CASE %x WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
	case TypeInt, TypeLong:
		return "CAST(%x AS TEXT)"
	case TypeReal:
		return "kql_real_json(%x)"
	case TypeDateTime:
		return "kql_datetime_json(%x)"
	case TypeTimeSpan:
		return "kql_timespan_json(%x)"
	case TypeGUID:
		return "kql_guid_json(%x)"
	}
	return "json_quote(%x)"
}
