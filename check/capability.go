package check

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/entra"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// checkCapabilities makes one cheap call per capability, over the first API
// whose permission is held and that answers.
func (c *run) checkCapabilities(ctx context.Context) (bool, error) {
	sdk, err := c.clients()
	if err != nil {
		return false, err
	}
	failures, calls := newFailures(), probes()
	for _, e := range entra.Capabilities() {
		status, refusal := c.try(ctx, sdk, e, calls[e.Capability])
		if refusal != nil {
			failures.add(*refusal, e.Capability)
		}
		c.report.Capabilities = append(c.report.Capabilities, status)
		switch {
		case status.State == Works:
			c.report.add(newFinding(CapabilityOK, string(e.Capability), vars{"api": apiTitle(status.API), "detail": status.Detail}))
		case status.State == Missing && !c.wanted(e):
			p := e.Doors[0].AnyOf[0]
			c.report.add(newFinding(CapabilityOff, string(e.Capability), vars{
				"detail": "no permission for it is held", "permission": p.Name + " on " + string(p.Resource),
			}))
		}
	}
	c.report.add(failures.findings()...)
	return true, nil
}

// clients makes the SDKs of this integration.
func (c *run) clients() (clients, error) {
	d, err := defender.New(c.cred, &defender.Options{
		BaseURL: c.o.BaseURL, AllowHosts: c.o.AllowHosts, Cloud: c.o.Cloud, Resource: c.o.Resource,
		Transport: c.o.Client, MaxRetries: -1, MaxWait: -1,
	})
	if err != nil {
		return clients{}, err
	}
	g, err := graph.New(c.cred, &graph.Options{Cloud: c.base.Cloud.Name, Transport: c.o.Client, MaxRetries: -1, MaxWait: -1})
	return clients{defender: d, graph: g}, err
}

// try goes through the doors of one capability. The refusal is that of the first
// door that failed, nil when another one served.
func (c *run) try(ctx context.Context, sdk clients, e entra.CapabilityEntry, calls map[gatehouse.API]probe) (s CapabilityStatus, refusal *Finding) {
	s = CapabilityStatus{Capability: e.Capability, Title: e.Title, State: Missing, Doors: doorsOf(e, c.held())}
	for i, d := range s.Doors {
		if !d.Open {
			continue
		}
		if c.silent[c.baseOf(d.API)] {
			s.State = Unknown
			continue
		}
		detail, err := calls[d.API](ctx, sdk)
		if err == nil {
			s.State, s.API, s.Detail = Works, d.API, detail
			return s, nil
		}
		finding := c.failure(e.Capability, d.API, err)
		s.Doors[i].Error = finding.What
		if refusal == nil {
			s.State, s.API, refusal = Refused, d.API, &finding
		}
	}
	return s, refusal
}

// baseOf is the base URL over which an API is called. Defender XDR has a host of
// its own, unless the one for Defender for Endpoint was allowed by hand.
func (c *run) baseOf(api gatehouse.API) string {
	switch {
	case api == gatehouse.APIGraph:
		return c.base.Cloud.Graph.URL
	case api == gatehouse.APIXDR && !c.base.Unlisted:
		return c.base.Cloud.XDR.URL
	}
	return c.base.String()
}

// wanted tells whether a capability was asked for by its permission, so that its
// absence has been reported already.
func (c *run) wanted(e entra.CapabilityEntry) bool {
	for _, d := range e.Doors {
		for _, p := range d.AnyOf {
			if slices.Contains(c.o.Permissions, p) {
				return true
			}
		}
	}
	return false
}

// failure turns what a probe came back with into a finding.
func (c *run) failure(capability gatehouse.Capability, api gatehouse.API, err error) Finding {
	e, ok := asError(err)
	if !ok {
		return newFinding(UpstreamError, string(capability), vars{"detail": sentence(err.Error())})
	}
	subject, v := string(capability), vars{"detail": describe(e)}
	code := UpstreamError
	switch {
	case errors.Is(err, defender.ErrThrottled):
		code, v["wait"] = Throttled, waitFor(e.RetryAfter)
	case errors.Is(err, defender.ErrUnlicensed):
		code, subject = NoLicence, apiTitle(api)
	case errors.Is(err, defender.ErrForbidden):
		code = Forbidden
	case e.StatusCode == 0 && isNetwork(err):
		code, subject = HostUnreachable, hostOf(c.baseOf(api))
	}
	f := newFinding(code, subject, v)
	f.Upstream = e.Error()
	return f
}

// waitFor says how long to wait before the next try.
func waitFor(d time.Duration) string {
	if d <= 0 {
		return "a minute"
	}
	return d.Round(time.Second).String()
}

// asError finds the SDKs' error in err.
func asError(err error) (*defender.Error, bool) {
	var e *defender.Error
	ok := errors.As(err, &e)
	return e, ok
}

// failures gathers what several probes came back with: one cause is one finding,
// with all the capabilities that it takes away.
type failures struct {
	order []Code
	by    map[Code]*Finding
}

func newFailures() *failures { return &failures{by: map[Code]*Finding{}} }

func (f *failures) add(found Finding, lost gatehouse.Capability) {
	known, ok := f.by[found.Code]
	if !ok {
		f.order = append(f.order, found.Code)
		f.by[found.Code] = &found
		known = &found
	}
	known.Capabilities = append(known.Capabilities, lost)
}

func (f *failures) findings() []Finding {
	found := make([]Finding, 0, len(f.order))
	for _, code := range f.order {
		one := *f.by[code]
		if len(one.Capabilities) > 1 && one.Subject == string(one.Capabilities[0]) {
			one.What = strings.Replace(one.What, one.Subject, join(one.Capabilities), 1)
			one.Subject = join(one.Capabilities)
		}
		found = append(found, one)
	}
	return found
}
