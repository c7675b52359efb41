package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// faultKinds lists the faults that the emulator can inject.
func faultKinds() []emulator.FaultKind {
	return []emulator.FaultKind{
		emulator.FaultThrottle, emulator.FaultServerError, emulator.FaultLatency, emulator.FaultDroppedConnection,
		emulator.FaultExpiredToken, emulator.FaultForeignLink, emulator.FaultPlainLink, emulator.FaultRepeatedLink,
		emulator.FaultMalformedLink, emulator.FaultTruncatedBody, emulator.FaultCutBody, emulator.FaultNamelessRow, emulator.FaultExpiredLink,
		emulator.FaultEmptyDownload, emulator.FaultLostAnswer, emulator.FaultLateAction, emulator.FaultFailedAction,
	}
}

// faultKeys are what may follow a fault's kind, as key=value.
func faultKeys() map[string]func(*emulator.Fault, string) error {
	return map[string]func(*emulator.Fault, string) error{
		"route": func(f *emulator.Fault, v string) error { f.Route = v; return nil },
		"probability": func(f *emulator.Fault, v string) (err error) {
			f.Probability, err = strconv.ParseFloat(v, 64)
			return err
		},
		"limit":  func(f *emulator.Fault, v string) (err error) { f.Limit, err = strconv.Atoi(v); return err },
		"status": func(f *emulator.Fault, v string) (err error) { f.Status, err = strconv.Atoi(v); return err },
		"call": func(f *emulator.Fault, v string) error {
			n, err := strconv.Atoi(v)
			f.Calls = append(f.Calls, n)
			return err
		},
		"retry-after": func(f *emulator.Fault, v string) (err error) { f.RetryAfter, err = time.ParseDuration(v); return err },
		"delay":       func(f *emulator.Fault, v string) (err error) { f.Delay, err = time.ParseDuration(v); return err },
	}
}

func faultHelp() string {
	text := "--fault takes KIND[,KEY=VALUE]..., where KIND is one of " + strings.Join(wordsOf(faultKinds()), ", ") +
		`, and KEY is route (as "GET /api/machines", or mde, xdr, graph, blob, login), probability (0 to 1), ` +
		"call (its number, repeatable), limit, status, retry-after or delay. Faults follow from --seed, so that a run can be had again."
	return strings.Join(wrap(text, 80), "\n")
}

// parseFaults reads the values of --fault.
func parseFaults(texts []string) (emulator.Faults, error) {
	var faults emulator.Faults
	for _, text := range texts {
		fault, err := parseFault(text)
		if err != nil {
			return faults, usagef("--fault %q: %w", text, err)
		}
		faults.List = append(faults.List, fault)
	}
	return faults, nil
}

func parseFault(text string) (emulator.Fault, error) {
	kind, rest, _ := strings.Cut(text, ",")
	f := emulator.Fault{Kind: emulator.FaultKind(kind)}
	if kinds := faultKinds(); !slices.Contains(kinds, f.Kind) {
		return f, fmt.Errorf("choose %s%s", joinOr(wordsOf(kinds)), didYouMean(kind, wordsOf(kinds)))
	}
	keys := faultKeys()
	for pair := range strings.SplitSeq(rest, ",") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		set, ok := keys[key]
		if !ok {
			names := slices.Sorted(maps.Keys(keys))
			return f, fmt.Errorf("%q is not known: use %s%s", key, joinOr(names), didYouMean(key, names))
		}
		if err := set(&f, value); err != nil {
			return f, fmt.Errorf("%s=%s does not read as a value", key, value)
		}
	}
	return f, nil
}
