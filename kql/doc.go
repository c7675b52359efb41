// Package kql runs a real subset of the Kusto Query Language over SQLite: the
// hunting queries that people write for Microsoft Defender.
//
// A text is parsed ([Parse]), checked against a [Schema] and compiled to one
// statement of SQL ([Query.Compile]), which runs on a database that [OpenMemory]
// or [Open] opened ([Plan.Run]). [CreateTable] and [Insert] fill the database.
//
//	text --Parse--> Query --Compile(schema)--> Plan --Run(db, now)--> Rows
//
// What the package does not know it refuses, with the position in the text: a
// query never means less than it says. See [Error].
//
// # Statements and operators
//
// Let statements name scalars and tables; functions of the user's own are
// refused. A query is a source and operators with | between:
//
//	sources    Table, (query), union, print, range, datatable, materialize(query)
//	operators  where filter project project-away project-keep project-rename
//	           project-reorder extend summarize distinct count getschema
//	           sort order top take limit serialize join lookup union
//	           mv-expand mvexpand (one column, no limit)
//	join       kind=innerunique (the default), inner, leftouter, rightouter,
//	           fullouter, leftsemi, rightsemi, leftanti, rightanti;
//	           on Key, ... and $left.A == $right.B
//	union      kind=inner|outer withsource=Name isfuzzy=true, Device* patterns
//	hints      hint.name=value is passed over: hints change no result
//
// # Expressions
//
//	types      bool int long real datetime timespan string dynamic guid
//	literals   1 0x1f 1.5 1e3 true 2d 1.5h 30m 10s 5ms "a" 'a' @"a" h"a"
//	           datetime(2026-01-31) timespan(1.02:03:04) dynamic({"a": [1]})
//	           bool() int() long() real() guid(), each also with null
//	logic      and or not() == != <> < <= > >= between !between
//	strings    =~ !~ has has_cs hasprefix hassuffix contains startswith endswith
//	           (each with ! and _cs) has_any has_all matches regex
//	sets       in !in in~ !in~ of values, of a dynamic array, or of a query
//	numbers    + - * / %, also of datetime and timespan
//	dynamic    a.b a["b"] a[0] a[-1]
//	scalars    toscalar(query)
//
// Scalar functions:
//
//	abs ago array_index_of array_length bag_has_key bag_keys bag_pack
//	base64_decode_tostring base64_encode_tostring bin bin_at binary_and
//	binary_or binary_shift_left case ceiling coalesce countof datetime_add
//	datetime_diff datetime_part dayofmonth dayofweek dayofyear endofday
//	endofmonth endofweek endofyear exp extract floor format_datetime getmonth
//	gettype getyear hash_sha256 hourofday iff iif indexof ipv4_is_private
//	isempty isnotempty isnotnull isnull log log10 log2 make_datetime
//	monthofyear not notempty notnull now pack pack_array parse_json pow
//	replace replace_regex replace_string reverse round set_has_element sign
//	split sqrt startofday startofmonth startofweek startofyear strcat
//	strcat_array strcat_delim strlen strrep substring tobool toboolean
//	todatetime todouble todynamic toguid tohex toint tolong tolower toobject
//	toreal tostring totimespan toupper trim trim_end trim_start
//	unixtime_microseconds_todatetime unixtime_milliseconds_todatetime
//	unixtime_seconds_todatetime url_decode week_of_year weekofyear
//
// Aggregate functions:
//
//	any arg_max arg_min avg avgif count count_distinct countif dcount dcountif
//	make_list make_list_if make_set make_set_if max maxif min minif percentile
//	stdev stdevif sum sumif take_any variance varianceif
//
// # Where it differs from Kusto
//
//   - dcount and percentile are exact; Kusto estimates them.
//   - A real has no NaN, and a division by zero is null; Kusto has both NaN and
//     infinity.
//   - Terms, which has looks for, are found in the text as it is; Kusto looks
//     into an index of terms, with the same result but for rare characters.
//   - The sum of long values fails where it leaves 64 bits; Kusto wraps around.
//   - mv-expand leaves out the rows of an empty array and keeps one row, with
//     null, for a null. Microsoft's page does not say which it is.
//   - There are limits on the size of a query (some 250 operators, 40 tables,
//     1000 columns) that Kusto does not have.
//
// # Storage
//
// A datetime is kept as an integer, its ticks of 100 ns since year 1, and so is a
// timespan: bin, ago and between are exact, and order is the order of numbers.
// Dynamic values are compact JSON. Strings are never NULL, because Kusto's string
// has no null. Names of the query never reach SQL: tables and columns are looked
// up in the schema and every column of the SQL has a name of our own, since
// SQLite takes an unknown name in double quotes for a string, and names that
// differ in case for the same. Constants are bound as parameters.
//
// Sources: https://learn.microsoft.com/kusto/query/ for the language, and
// https://learn.microsoft.com/defender-xdr/advanced-hunting-query-language for its
// use in hunting.
package kql
