package kql

import (
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// native is a function written in Go that the SQL of a plan calls.
type native struct {
	name string
	args int32 // -1: any number
	// text marks a function that returns a string: where an argument is NULL it
	// returns "" and any other function NULL, without running.
	text bool
	// nulls marks a function that wants to see NULL arguments.
	nulls bool
	run   func(args []driver.Value) driver.Value
}

// registerFunctions adds Kusto's functions to a driver that has no connections
// yet. Strings among the arguments are valid only while the function runs.
func registerFunctions(d *sqlite.Driver) error {
	patterns := &patterns{compiled: map[string]*regexp.Regexp{}}
	for _, group := range [][]native{stringNatives(), regexNatives(patterns), numberNatives(), timeNatives(), jsonNatives()} {
		for _, f := range group {
			err := d.RegisterFunction(f.name, &sqlite.FunctionImpl{NArgs: f.args, Deterministic: true, VolatileArgs: true, Scalar: f.scalar})
			if err != nil {
				return err
			}
		}
	}
	return registerAggregates(d)
}

// scalar runs the function, or answers for it where an argument is NULL.
func (f native) scalar(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if !f.nulls {
		for _, a := range args {
			if a != nil {
				continue
			}
			if f.text {
				return "", nil
			}
			return nil, nil
		}
	}
	return f.run(args), nil
}

// textArg is an argument as a string.
func textArg(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return realText(v)
	}
	return ""
}

// intArg is an argument as an integer; a float is cut off.
func intArg(v driver.Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		return truncate(v)
	}
	return 0, false
}

// realArg is an argument as a float.
func realArg(v driver.Value) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// orNull is n, or NULL where there is none.
func orNull(n int64, ok bool) driver.Value {
	if !ok {
		return nil
	}
	return n
}

// patterns keeps the regular expressions of one database compiled.
type patterns struct {
	mu       sync.Mutex
	compiled map[string]*regexp.Regexp
}

// maxPatterns is how many of them are kept.
const maxPatterns = 256

// get compiles a pattern, or returns nil if it is none.
func (p *patterns) get(pattern string) *regexp.Regexp {
	p.mu.Lock()
	defer p.mu.Unlock()
	if re, ok := p.compiled[pattern]; ok {
		return re
	}
	if len(p.compiled) >= maxPatterns {
		clear(p.compiled)
	}
	pattern = strings.Clone(pattern) // the argument's memory is SQLite's
	re, err := regexp.Compile(pattern)
	if err != nil {
		re = nil
	}
	p.compiled[pattern] = re
	return re
}
