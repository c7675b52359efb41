// Command pin turns a resolved OCSF schema (one JSON document with version,
// types, classes and objects, all inheritance and includes already applied)
// into the compact file that this repository holds. Run it once per version:
//
//	go run ./ocsf/internal/pin RESOLVED.json >ocsf/schema/VERSION.json
//
// What it leaves out is computed by the readers: the enums of class_uid,
// category_uid and type_uid. What it adds stands in observable.go.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pin RESOLVED.json >VERSION.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pin:", err)
		os.Exit(1)
	}
}

// run converts one file.
func run(path string, w io.Writer) error {
	data, err := os.ReadFile(path) //nolint:gosec // a developer names the file
	if err != nil {
		return err
	}
	var r resolved
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := convert(r)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(f)
}
