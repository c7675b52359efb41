package cli

import (
	"log/slog"
	"sync"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/graph"
)

// userAgent names this program to Microsoft, before the SDK's own name.
const userAgent = "gatehouse-cli"

// defender makes the client of the Defender for Endpoint API.
func (p *program) defender(c *connection) (*defender.Client, error) {
	o := &defender.Options{
		BaseURL: c.base.String(), AllowHosts: p.config.allowHosts, Cloud: c.base.Cloud.Name,
		Resource: p.config.resource, UserAgent: userAgent, OnCall: p.observer(), Budgets: c.budgets,
	}
	if c.client != nil {
		o.Transport = c.client
	}
	client, err := defender.New(c.credential, o)
	return client, badInput(err)
}

// graph makes the client of Microsoft Graph.
func (p *program) graph(c *connection) (*graph.Client, error) {
	o := &graph.Options{Cloud: c.base.Cloud.Name, UserAgent: userAgent, OnCall: p.observer(), Budgets: c.budgets}
	if c.client != nil {
		o.Transport = c.client
	}
	client, err := graph.New(c.credential, o)
	return client, badInput(err)
}

// useDefender connects and makes the client in one step.
func (p *program) useDefender() (*defender.Client, error) {
	c, err := p.connect()
	if err != nil {
		return nil, err
	}
	return p.defender(c)
}

// observer counts and logs every call. Calls may come from several goroutines.
func (p *program) observer() func(defender.Call) {
	var mu sync.Mutex
	return func(call defender.Call) {
		mu.Lock()
		defer mu.Unlock()
		p.out.progress.call(p.now())
		attributes := []any{
			slog.String("operation", call.Operation.String()), slog.Int("attempt", call.Attempt),
			slog.Int("status", call.StatusCode), slog.Duration("took", call.Took),
		}
		if call.Waited > 0 {
			attributes = append(attributes, slog.Duration("waited", call.Waited))
		}
		if call.Err != nil {
			attributes = append(attributes, slog.Any("error", call.Err))
		}
		p.log.Debug("call", attributes...)
	}
}
