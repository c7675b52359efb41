package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
)

func newStatusCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "status", Short: "Say how every stream of the mirror fares, and who has to act",
		Long: `Show each stream of each integration: its state, who has to act, how many records
it holds, and when it was last read with success. LAG is the age of the newest
change that was read, or of the last reading where a list is read whole: where
little happens it is large, and the stream is well. What is wrong comes with the
reason and the mend. Nothing is asked of Microsoft.

The exit status is 3 when a stream fails, whoever has to mend it, and when one is
read but needs a person.`,
		Example: `  gatehouse status
  gatehouse status --integration contoso --output json`,
		Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.useIntegrations(cmd.Context(), func(desk integrationDesk) error { return p.status(cmd.Context(), desk) })
		},
	}, exitFindings)
}

// streamStatus is one row of the status.
type streamStatus struct {
	Name string `json:"name"` // of the integration
	gatehouse.StreamHealth
}

// needsSomebody says whether somebody should look: the stream fails, be it
// Microsoft's to mend or one that is tried again by itself, or it is read and does
// not get better unless a person acts. A stream that is off was chosen to be, or was
// never granted; one that is throttled goes on by itself.
func (s streamStatus) needsSomebody() bool {
	switch s.State {
	case gatehouse.StreamHealthy, gatehouse.StreamOff, gatehouse.StreamPaused, gatehouse.StreamPending:
		return false
	case gatehouse.StreamDegraded, gatehouse.StreamThrottled:
		return s.Owner == "you" || s.Owner == "gatehouse"
	}
	return true
}

func (p *program) status(ctx context.Context, desk integrationDesk) error {
	all, err := desk.integrations(ctx)
	if err != nil {
		return err
	}
	only := ""
	if p.config.integration != "" {
		i, err := integrationNamed(all, p.config.integration)
		if err != nil {
			return err
		}
		only = i.ID
	}
	if len(all) == 0 && p.out.forPeople() {
		p.sayf("no integrations: gatehouse integrations add NAME adds one")
		return nil
	}
	health, err := desk.health(ctx, only)
	if err != nil {
		return err
	}
	return p.printStatus(ctx, statusOf(all, health))
}

// statusOf puts the names of the integrations to their streams.
func statusOf(all []gatehouse.Integration, health []gatehouse.StreamHealth) []streamStatus {
	names := make(map[string]string, len(all))
	for _, i := range all {
		names[i.ID] = i.Name
	}
	rows := make([]streamStatus, len(health))
	for i, h := range health {
		rows[i] = streamStatus{Name: orElse(names[h.Integration], h.Integration), StreamHealth: h}
	}
	return rows
}

// printStatus prints the rows, and for people the reasons and mends below.
func (p *program) printStatus(ctx context.Context, rows []streamStatus) error {
	if err := printList(ctx, p, statusView(), rowsOf(rows), 0); err != nil {
		return err
	}
	needed, pending := 0, false
	for _, row := range rows {
		if row.needsSomebody() {
			needed++
		}
		pending = pending || row.State == gatehouse.StreamPending
	}
	if p.out.forPeople() {
		p.printReasons(rows)
		if pending && needed == 0 {
			p.sayf("what is pending was not read yet: gatehouse sync --once reads it, and so does a running gatehouse serve")
		}
	}
	if needed > 0 {
		return &reportedError{err: errors.New(needText(needed)), status: exitFindings}
	}
	return nil
}

// needText says how many streams are not well.
func needText(streams int) string {
	if streams == 1 {
		return "1 stream needs somebody to look"
	}
	return thousands(streams) + " streams need somebody to look"
}

// trouble is what streams have in common that are ill with the same.
type trouble struct {
	name         string // of the integration
	state        gatehouse.StreamState
	reason, mend string
}

// printReasons writes why streams are as they are and how to mend it, once for all
// streams of an integration that suffer from the same.
func (p *program) printReasons(rows []streamStatus) {
	var order []trouble
	streams := map[trouble][]gatehouse.Stream{}
	for _, row := range rows {
		if row.Reason == "" {
			continue
		}
		t := trouble{name: row.Name, state: row.State, reason: row.Reason, mend: row.Mend}
		if streams[t] == nil {
			order = append(order, t)
		}
		streams[t] = append(streams[t], row.Stream)
	}
	for _, t := range order {
		p.printReason(t, streams[t])
	}
	p.pointAside(rows)
}

// pointAside says where to see what could not be mirrored. A server does not hand it
// out.
func (p *program) pointAside(rows []streamStatus) {
	for _, row := range rows {
		if row.SetAside > 0 && !p.remote() {
			p.sayf("what was set aside: gatehouse records aside --integration %s --stream %s", row.Name, row.Stream)
		}
	}
}

// printReason writes one trouble.
func (p *program) printReason(t trouble, streams []gatehouse.Stream) {
	const margin, widest = 2, 100
	width := widest
	if p.out.term.width > 0 {
		width = min(width, p.out.term.width)
	}
	p.line("")
	title := wrap(t.name+"/"+strings.Join(wordsOf(streams), ", "), width-margin-len(t.state))
	for i, text := range title {
		line := p.out.term.paint(text, toneHeading)
		if i == len(title)-1 {
			line += " " + p.out.term.paint(string(t.state), streamTone(string(t.state)))
		}
		p.line(line)
	}
	paragraphs := []string{t.reason}
	if t.mend != "" {
		paragraphs = append(paragraphs, "Mend: "+t.mend)
	}
	for _, paragraph := range paragraphs {
		for _, text := range wrap(printable(paragraph), width-margin) {
			p.line("  " + text)
		}
	}
}

func statusView() view[streamStatus] {
	type status = streamStatus
	state := field("state", "State", func(s status) string { return string(s.State) })
	state.tone = streamTone
	lag := field("lagSeconds", "Lag", lagText).number()
	lag.show = ageText
	return view[status]{
		noun: "streams",
		columns: []column[status]{
			field("name", "Integration", func(s status) string { return s.Name }).flexible(),
			field("stream", "Stream", func(s status) string { return string(s.Stream) }),
			state,
			field("owner", "Owner", func(s status) string { return s.Owner }).dropped(3),
			lag.dropped(4),
			count("held", "Held", func(s status) int64 { return s.Held }),
			field("upstream", "Upstream", func(s status) string { return countText(s.Upstream) }).number().dropped(2),
			when("lastSuccess", "Last success", func(s status) time.Time { return s.LastSuccess }).dropped(5),
			when("lastChange", "Last change", func(s status) time.Time { return s.LastChange }).dropped(1),
			field("setAside", "Set aside", func(s status) string { return idText(s.SetAside) }).number().dropped(6),
			field("api", "", func(s status) string { return string(s.API) }),
			count("calls", "", func(s status) int64 { return s.Calls }),
			count("floor", "", func(s status) int64 { return s.Floor }),
			when("lastAttempt", "", func(s status) time.Time { return s.LastAttempt }),
			when("nextAttempt", "", func(s status) time.Time { return s.NextAttempt }),
			when("failingSince", "", func(s status) time.Time { return s.FailingSince }),
			field("reason", "", func(s status) string { return s.Reason }),
			field("mend", "", func(s status) string { return s.Mend }),
		},
		raw: encodeStatus,
	}
}

// encodeStatus writes the lag in seconds, as the REST API does, and none of what
// was never read.
func encodeStatus(s streamStatus) jsontext.Value {
	row := struct {
		streamStatus

		Nanoseconds *int64   `json:"lag,omitempty"` // stands before that of the stream, and is never there
		Lag         *float64 `json:"lagSeconds,omitempty"`
	}{streamStatus: s}
	if s.wasRead() {
		seconds := s.Lag.Round(time.Millisecond).Seconds()
		row.Lag = &seconds
	}
	text, err := json.Marshal(row)
	if err != nil {
		return jsontext.Value("null")
	}
	return text
}

// wasRead says whether the stream was read before, so that it has a lag.
func (s streamStatus) wasRead() bool { return s.Lag > 0 || !s.LastSuccess.IsZero() }

// lagText is the lag in whole seconds; nothing for a stream that was never read.
func lagText(s streamStatus) string {
	if !s.wasRead() {
		return ""
	}
	return strconv.FormatFloat(s.Lag.Seconds(), 'f', 0, 64)
}

func streamTone(state string) tone {
	switch gatehouse.StreamState(state) {
	case gatehouse.StreamHealthy:
		return toneGood
	case gatehouse.StreamPending, gatehouse.StreamPaused, gatehouse.StreamOff:
		return toneFaint
	case gatehouse.StreamDegraded, gatehouse.StreamThrottled:
		return toneWarn
	}
	return toneBad
}

// countText writes a number that is negative when nobody knows it.
func countText(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// ageText writes a number of seconds as people say it.
func ageText(seconds string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return ""
	}
	return age(time.Duration(n) * time.Second)
}

// age writes a length of time in its largest unit.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d/day))
}

// errNothingActive says that every integration is paused.
var errNothingActive = errors.New("every integration is paused: gatehouse integrations resume NAME takes one up again")
