package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse/ocsf"
)

func newOCSFCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{Use: "ocsf", Short: "Check events against the Open Cybersecurity Schema Framework"}
	cmd.AddCommand(newOCSFValidateCommand(p))
	return cmd
}

func newOCSFValidateCommand(p *program) *cobra.Command {
	var notices bool
	cmd := withExits(&cobra.Command{
		Use: "validate FILE...", Short: "Say what is wrong with OCSF events, whoever wrote them",
		Long: `Check events against OCSF ` + ocsf.Version + `: types, formats, required attributes, enums and
their captions, constraints, unknown attributes and profiles. A file holds one
event, one event a line, or an array of events; '-' reads standard input. One
event is in memory at a time, so a file may be of any size.

Each row is one violation. An error breaks the schema; a warning is legal and
almost surely not meant. --notices adds what would make the events better; a
notice does not count for the exit status.`,
		Example: `  gatehouse ocsf validate events.ndjson
  gatehouse ocsf validate --notices --output csv one.json two.json
  curl -s https://collector.example/events | gatehouse ocsf validate - --output ndjson`,
		Args: wants("FILE..."),
		RunE: func(cmd *cobra.Command, files []string) error {
			return p.validateOCSF(cmd.Context(), files, ocsf.Validator{Notices: notices})
		},
	}, exitFindings)
	cmd.Flags().BoolVar(&notices, "notices", false, "also what would make the events better")
	return cmd
}

// violation is one row: what is wrong, and where to find it.
type violation struct {
	File  string `json:"file"`
	Event int    `json:"event"` // 1 for the first of the file
	Byte  int64  `json:"byte"`  // where the event begins
	Class int64  `json:"class_uid,omitzero"`
	UID   string `json:"uid,omitzero"`
	ocsf.Violation
}

// tally counts what a validation has seen.
type tally struct {
	events, errors, warnings, notices int
}

func (t *tally) add(level ocsf.Level) {
	switch level {
	case ocsf.LevelWarning:
		t.warnings++
	case ocsf.LevelNotice:
		t.notices++
	default:
		t.errors++
	}
}

// String is the last line for people.
func (t *tally) String() string {
	text := plural(t.events, "event") + ": " + plural(t.errors, "error") + ", " + plural(t.warnings, "warning")
	if t.notices > 0 {
		text += ", " + plural(t.notices, "notice")
	}
	return text
}

// validateOCSF checks every file in turn. All of them must be there before the
// first is read.
func (p *program) validateOCSF(ctx context.Context, files []string, v ocsf.Validator) error {
	if err := checkFiles(files); err != nil {
		return err
	}
	view := violationView()
	w := p.out.list(view.heads())
	p.out.progress.start("events", p.now())
	seen := &tally{}
	var err error
	for _, file := range files {
		if err = p.validateFile(ctx, w, view, file, v, seen); err != nil {
			break
		}
	}
	if closeErr := w.close(err == nil); err == nil {
		err = closeErr
	}
	p.out.progress.hide()
	if err != nil {
		return err
	}
	p.sayf("%s", seen)
	if seen.errors+seen.warnings > 0 {
		return &reportedError{err: errors.New("an event breaks the schema"), status: exitFindings}
	}
	return nil
}

// checkFiles finds a wrong name before any row is printed.
func checkFiles(files []string) error {
	for i, file := range files {
		if slices.Contains(files[:i], file) {
			return usagef("%s is given twice: give each file once", file)
		}
		if file == "-" {
			continue
		}
		info, err := os.Stat(file)
		if errors.Is(err, fs.ErrNotExist) {
			return usagef("%s: no such file", file)
		}
		if err != nil {
			return usagef("%w", err)
		}
		if info.IsDir() {
			return usagef("%s is a folder: name the files in it", file)
		}
	}
	return nil
}

func (p *program) validateFile(ctx context.Context, w rowWriter, view view[violation], file string, v ocsf.Validator, seen *tally) error {
	reports := v.File(file)
	if file == "-" {
		from, err := p.stdin.open("the events")
		if err != nil {
			return err
		}
		reports = v.Stream(from)
	}
	cells := p.out.format == "table" || p.out.format == "csv"
	for report, err := range reports {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return unreadable(file, report, err)
		}
		seen.events++
		p.out.progress.row(p.now())
		for _, found := range report.Violations {
			seen.add(found.Level)
			row := violation{file, report.Index + 1, report.Offset, report.ClassUID, report.UID, found}
			if err := w.row(view.record(row, cells)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unreadable says where a file is no JSON any more. The rows before stand.
func unreadable(file string, at ocsf.Report, err error) error {
	cause := errors.Unwrap(err)
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", file, broken.Err)
	}
	if cause == nil {
		cause = err
	}
	return usagef("%s, event %d: %w", file, at.Index+1, cause)
}

func violationView() view[violation] {
	return view[violation]{
		noun: "violations",
		columns: []column[violation]{
			field("file", "File", func(v violation) string { return v.File }).flexible().dropped(2),
			field("event", "Event", func(v violation) string { return strconv.Itoa(v.Event) }).number(),
			field("class_uid", "Class", func(v violation) string { return idText(v.Class) }).dropped(1),
			field("level", "Level", func(v violation) string { return string(v.Level) }).toned(),
			field("path", "Path", func(v violation) string { return v.Path }),
			field("message", "What", func(v violation) string { return v.Message }).flexible(),
			field("code", "", func(v violation) string { return string(v.Code) }),
			field("byte", "", func(v violation) string { return strconv.FormatInt(v.Byte, 10) }),
			field("uid", "", func(v violation) string { return v.UID }),
		},
		raw: func(v violation) jsontext.Value { return encode(v) },
	}
}
