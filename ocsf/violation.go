package ocsf

import "fmt"

// Violation is one thing that is wrong with an event.
type Violation struct {
	Path    string `json:"path"`    // where, e.g. "evidences[0].file.type_id"; empty for the event itself
	Code    Code   `json:"code"`    // which rule
	Level   Level  `json:"level"`   // how bad
	Message string `json:"message"` // what was found and what belongs there
}

// String says the violation in one line.
func (v Violation) String() string {
	path := v.Path
	if path == "" {
		path = "event"
	}
	return fmt.Sprintf("%s: %s: %s (%s)", v.Level, path, v.Message, v.Code)
}

// Level says how bad a violation is.
type Level string

// The levels. Errors break the schema. Warnings are legal but almost surely
// not meant. Notices tell of what would make the event better; they are
// reported only when asked for.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
	LevelNotice  Level = "notice"
)

// Code names the rule that an event breaks.
type Code string

// The rules, each with its level.
const (
	CodeSyntax         Code = "syntax"          // error: not one JSON object, a name twice, or bytes that are not UTF-8
	CodeClass          Code = "class"           // error: class_uid is no class of the pinned schema
	CodeType           Code = "type"            // error: another JSON type than the attribute has
	CodeFormat         Code = "format"          // error: pattern, length or range of the type
	CodeRequired       Code = "required"        // error: a required attribute is missing or null
	CodeEnum           Code = "enum"            // error: not a member of the enum
	CodeSibling        Code = "sibling"         // error: text and id of an enum disagree
	CodeTypeUID        Code = "type_uid"        // error: not class_uid * 100 + activity_id
	CodeCategory       Code = "category"        // error: category_uid is not that of the class
	CodeAtLeastOne     Code = "at_least_one"    // error: none of a group is there
	CodeJustOne        Code = "just_one"        // error: none or several of a group are there
	CodeUnknown        Code = "unknown"         // error: no such attribute
	CodeProfile        Code = "profile"         // error: an attribute of a profile that metadata.profiles does not name
	CodeProfileUnknown Code = "profile_unknown" // error: metadata.profiles names no profile of the schema
	CodeProfileClass   Code = "profile_class"   // warning: a profile that the class does not have
	CodeDeprecated     Code = "deprecated"      // warning: the attribute is deprecated
	CodeVersion        Code = "version"         // warning: metadata.version is another version
	CodeUnlikely       Code = "unlikely"        // warning: legal, but no host name, URL, hash, subnet or time in milliseconds
	CodeSiblingOther   Code = "sibling_other"   // warning: the id is Other and the text says no more than "Other"
	CodeObservable     Code = "observable"      // warning: observable.name is no path of the class
	CodeRecommended    Code = "recommended"     // notice: a recommended attribute is missing
	CodeSiblingMissing Code = "sibling_missing" // notice: the id is Other and no text says what
	CodeNull           Code = "null"            // notice: null, where the attribute is better left out
	CodeEmpty          Code = "empty"           // notice: an empty text, array or object
	CodeTooMany        Code = "too_many"        // error: more violations than are listed
)

// level is how bad breaking a rule is.
func (c Code) level() Level {
	switch c {
	case CodeProfileClass, CodeDeprecated, CodeVersion, CodeUnlikely, CodeSiblingOther, CodeObservable:
		return LevelWarning
	case CodeRecommended, CodeSiblingMissing, CodeNull, CodeEmpty:
		return LevelNotice
	}
	return LevelError
}

// maxViolations is how many violations of one event are listed: an event of
// garbage must not fill the memory.
const maxViolations = 1000
