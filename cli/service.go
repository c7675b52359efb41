package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
	"github.com/gatehouse-sec/gatehouse/client"
)

// service is the API of Gatehouse, wherever it is: behind a URL, or in this
// process over the mirror of the settings. A command that stands on it does the
// same and prints the same either way.
type service struct {
	*client.Client

	p     *program
	local *app.App // nil: a server does the work
	here  bool     // this process works on what is due
	names map[string]string
}

// remote reports whether a server is asked in place of the mirror.
func (p *program) remote() bool { return p.config.server != "" }

// useService opens the API that the settings mean, calls use, and closes it.
func (p *program) useService(ctx context.Context, use func(*service) error) error {
	if p.remote() {
		c, err := p.serverClient()
		if err != nil {
			return err
		}
		return use(&service{Client: c, p: p})
	}
	return p.useApp(ctx, false, app.Options{}, func(a *app.App) error {
		c, err := p.localClient(a)
		if err != nil {
			return err
		}
		return use(&service{Client: c, p: p, local: a})
	})
}

// serverClient is the client of the server that the settings name. Nothing is
// sent yet.
func (p *program) serverClient() (*client.Client, error) {
	key, err := p.apiKey()
	if err != nil {
		return nil, err
	}
	if key.Reveal() == "" {
		return nil, usagef("no API key for %s: set GATEHOUSE_API_KEY or --api-key-file (gatehouse keys add makes one, where the server runs)", p.config.server)
	}
	c, err := client.New(p.config.server, client.Options{Key: key, UserAgent: userAgent})
	if err != nil {
		return nil, usagef("--server: %w", err)
	}
	return c, nil
}

// apiKey is the key of the settings, empty when there is none.
func (p *program) apiKey() (gatehouse.Secret, error) {
	for _, l := range p.config.layers { // the strongest layer that has one, and in it the file
		if path := l.values.String("api-key-file"); path != "" {
			return p.secretFile("api-key-file", path)
		}
		if key := l.values.String("api-key"); key != "" {
			p.stderr.hide(key)
			return gatehouse.NewSecret(key), nil
		}
	}
	return gatehouse.Secret{}, nil
}

// localClient is a client of the API in this process: with the key of the
// settings, else as the person who runs it.
func (p *program) localClient(a *app.App) (*client.Client, error) {
	key, err := p.apiKey()
	if err != nil {
		return nil, err
	}
	rest, err := a.REST()
	if err != nil {
		return nil, err
	}
	handler := rest.Handler()
	if key.Reveal() == "" {
		handler = rest.Local(app.LocalUser())
	}
	transport := client.InProcess(handler)
	return client.New("http://localhost", client.Options{Key: key, UserAgent: userAgent, HTTPClient: &http.Client{Transport: transport}})
}

// nameOf is the name of an integration, for people; its id where the name cannot
// be had.
func (s *service) nameOf(ctx context.Context, id string) string {
	if s.names == nil {
		s.names = map[string]string{}
		all, err := s.Integrations.List(ctx)
		if err != nil {
			s.p.log.Debug("the names of the integrations are not known", "error", err)
		}
		for _, i := range all {
			s.names[i.ID] = i.Name
		}
	}
	return orElse(s.names[id], id)
}

// hereAlone is the annotation of commands that no server can do.
const hereAlone = "here-alone"

// here marks commands that work on this machine alone.
func here(commands ...*cobra.Command) []*cobra.Command {
	for _, c := range commands {
		c.Annotations = map[string]string{hereAlone: "true"}
	}
	return commands
}

// refuseServer refuses a server for a command that works on this machine alone.
func (p *program) refuseServer(cmd *cobra.Command) error {
	for c := cmd; c != nil && p.remote(); c = c.Parent() {
		if c.Annotations[hereAlone] != "" {
			return usagef("%s works on this machine and asks no server: leave out --server and GATEHOUSE_SERVER", cmd.CommandPath())
		}
	}
	return nil
}
