package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/stream"
)

// demoServer brings the server up and prints a key and three lines of curl. At a
// terminal it stays up until Ctrl-C; else it runs the lines itself.
func (p *program) demoServer(ctx context.Context, a *app.App, i gatehouse.Integration) error {
	device, err := demoDevice(ctx, a, i)
	if err != nil {
		return err
	}
	if err := a.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	k, key, err := a.AddKey(ctx, app.NewKey{Name: demoName, Scopes: []gatehouse.Scope{gatehouse.ScopeRespond}})
	if err != nil {
		return err
	}
	calls := demoCalls(a.APIAddr(), key.Reveal(), device)
	p.heading("One REST API over all of it, up now", "gatehouse serve")
	p.line(fmt.Sprintf("%s/docs shows the routes. Key %s with the scope respond: %s", a.APIAddr(), k.ID, key.Reveal()))
	if !p.out.term.tty {
		return p.runCalls(ctx, calls)
	}
	for _, c := range calls {
		p.line("")
		p.line(p.out.term.paint("# "+c.title, toneFaint))
		p.line(c.line)
	}
	p.line("")
	p.line("Run them in another shell. Ctrl-C ends the demo.")
	if err := p.out.lines.flush(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// demoDevice is the name of a device that can be isolated, and of no other.
func demoDevice(ctx context.Context, a *app.App, i gatehouse.Integration) (string, error) {
	fit := map[string]int{}
	var names []string
	every := func(defender.Machine) bool { return true }
	for d, err := range itemsOf(ctx, mirrored{held: a.Store(), integration: i, stream: stream.Devices}, every) {
		if err != nil && !isDecodeError(err) {
			return "", err
		}
		fit[d.ComputerDNSName]++
		if d.HealthStatus == "Active" && d.OnboardingStatus == "Onboarded" {
			names = append(names, d.ComputerDNSName)
		}
	}
	for _, name := range names {
		if name != "" && fit[name] == 1 {
			return name, nil
		}
	}
	return "", errors.New("no device of this tenant can be isolated: take another --seed, or more --devices")
}

// demoCall is a line for a shell, and what its answer has to be.
type demoCall struct {
	title, line string
	holds       func(answer []byte) error
}

// demoCalls are the three lines. Each works as it is printed.
func demoCalls(url, key, device string) []demoCall {
	curl := fmt.Sprintf("curl -sS -H 'Authorization: Bearer %s' ", key)
	return []demoCall{
		{
			"the active devices that were seen last: risk, and whether they are isolated",
			curl + fmt.Sprintf("-G %s/v1/devices --data-urlencode 'filter=health[eq]Active' -d sort=-lastSeen -d limit=3 "+
				"-d fields=ocsf.device.hostname,ocsf.device.risk_level,derived.isolated", url),
			holdsDevices,
		},
		{
			"isolate one by its name; sent again, it is the same action",
			curl + fmt.Sprintf(`%s/v1/actions -H 'Idempotency-Key: demo-1' -H 'Content-Type: application/json' `+
				`-d '{"action":"isolate","targets":["%s"],"comment":"a demo of Gatehouse"}'`, url, device),
			func(answer []byte) error { return holdsIsolation(answer, device) },
		},
		{
			"what became of it",
			curl + fmt.Sprintf("'%s/v1/actions?action=isolate&limit=1'", url),
			func(answer []byte) error {
				var list api.Actions
				if err := json.Unmarshal(answer, &list); err != nil || len(list.Items) != 1 {
					return fmt.Errorf("not one action: %.200s", answer)
				}
				one, err := json.Marshal(list.Items[0])
				return errors.Join(err, holdsIsolation(one, device))
			},
		},
	}
}

// holdsDevices says whether an answer is a page of devices.
func holdsDevices(answer []byte) error {
	var page api.Records
	if err := json.Unmarshal(answer, &page); err != nil || len(page.Items) == 0 || page.Items[0].OCSF == nil {
		return fmt.Errorf("no page of devices: %.200s", answer)
	}
	return nil
}

// holdsIsolation says whether an answer is an isolation that goes its way.
func holdsIsolation(answer []byte, device string) error {
	var a api.Action
	if err := json.Unmarshal(answer, &a); err != nil || a.Action != "isolate" || len(a.Targets) != 1 || a.Targets[0].Name != device {
		return fmt.Errorf("no isolation of %s: %.200s", device, answer)
	}
	if a.State.Ended() && a.State != api.ActionSucceeded {
		return fmt.Errorf("the isolation of %s is %s: %s", device, a.State, reasonOf(a))
	}
	return nil
}

// runCalls runs the lines as printed, shows what is answered, and holds it.
func (p *program) runCalls(ctx context.Context, calls []demoCall) error {
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not to be had, and the demo ends with lines for it: install it, or add --no-server", tool)
		}
	}
	for _, c := range calls {
		p.line("")
		p.line("# " + c.title)
		p.line("$ " + c.line)
		if err := p.out.lines.flush(); err != nil {
			return err
		}
		answer, err := exec.CommandContext(ctx, "sh", "-c", c.line).Output() //nolint:gosec // a line of ours, as printed
		if err != nil {
			return fmt.Errorf("the line %q failed: %w", c.title, err)
		}
		p.line(printable(string(answer)))
		if err := c.holds(answer); err != nil {
			return err
		}
	}
	return nil
}
