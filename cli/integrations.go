package cli

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/check"
)

func newIntegrationsCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{Use: "integrations", Short: "Add, list, pause and remove the accounts that are mirrored"}
	cmd.AddCommand(
		newIntegrationsAddCommand(p), newIntegrationsListCommand(p), newIntegrationsShowCommand(p), newIntegrationsCredentialCommand(p),
		newIntegrationsStateCommand(p, "pause", "Stop mirroring an account and keep what is held", integrationDesk.pause),
		newIntegrationsStateCommand(p, "resume", "Mirror a paused account again", integrationDesk.resume),
		newIntegrationsRemoveCommand(p),
	)
	cmd.AddCommand(here(newIntegrationsResealCommand(p))...)
	return cmd
}

func newIntegrationsListCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "list", Short: "List the accounts that are mirrored",
		Example: "  gatehouse integrations list\n  gatehouse integrations list --output json",
		Args:    wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.useIntegrations(cmd.Context(), func(desk integrationDesk) error {
				all, err := desk.integrations(cmd.Context())
				if err != nil {
					return err
				}
				return printList(cmd.Context(), p, integrationView(), rowsOf(all), 0)
			})
		},
	})
}

func newIntegrationsShowCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "show NAME", Short: "Show one account, by its name or id",
		Example: "  gatehouse integrations show contoso",
		Args:    wants("NAME"), ValidArgsFunction: p.completeIntegrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.useIntegrations(cmd.Context(), func(desk integrationDesk) error {
				all, err := desk.integrations(cmd.Context())
				if err != nil {
					return err
				}
				found, err := integrationNamed(all, args[0])
				if err != nil {
					return err
				}
				if found.State == gatehouse.IntegrationUnreadable {
					p.warnf("the settings of %s cannot be read, being damaged or of a newer version: run the version that wrote them, or remove it and add it anew", found.Name)
				}
				return printOne(p, integrationView(), found)
			})
		},
	})
}

// newIntegrationsStateCommand makes pause and resume, which differ in one call.
func newIntegrationsStateCommand(p *program, verb, short string, change func(integrationDesk, context.Context, string) error) *cobra.Command {
	return withExits(&cobra.Command{
		Use: verb + " NAME...", Short: short,
		Example: "  gatehouse integrations " + verb + " contoso",
		Args:    wants("NAME..."), ValidArgsFunction: p.completeIntegrations,
		RunE: func(cmd *cobra.Command, names []string) error {
			return p.eachIntegration(cmd.Context(), names, func(desk integrationDesk, i gatehouse.Integration) error {
				if err := change(desk, cmd.Context(), i.ID); err != nil {
					return err
				}
				p.sayf("%sd %s", verb, i.Name)
				return nil
			})
		},
	})
}

// eachIntegration finds all of the names before it does anything to the first.
func (p *program) eachIntegration(ctx context.Context, names []string, do func(integrationDesk, gatehouse.Integration) error) error {
	return p.useIntegrations(ctx, func(desk integrationDesk) error {
		all, err := desk.integrations(ctx)
		if err != nil {
			return err
		}
		var meant []gatehouse.Integration
		for _, name := range names {
			i, err := integrationNamed(all, name)
			if err != nil {
				return err
			}
			meant = append(meant, i)
		}
		for _, i := range meant {
			if err := do(desk, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func newIntegrationsRemoveCommand(p *program) *cobra.Command {
	var sure bool
	cmd := withExits(&cobra.Command{
		Use: "remove NAME", Short: "Remove an account with all that is mirrored of it",
		Long: `Remove an integration with its secrets, records, events and runs. Nothing is
changed at Microsoft. To stop mirroring and keep what is held, pause it.`,
		Example: "  gatehouse integrations remove contoso --yes",
		Args:    wants("NAME"), ValidArgsFunction: p.completeIntegrations,
		RunE: func(cmd *cobra.Command, names []string) error {
			return p.eachIntegration(cmd.Context(), names, func(desk integrationDesk, i gatehouse.Integration) error {
				if !sure {
					return askForYes(cmd.Context(), desk, i)
				}
				if err := desk.remove(cmd.Context(), i.ID); err != nil {
					return err
				}
				p.sayf("removed %s", i.Name)
				return nil
			})
		},
	})
	cmd.Flags().BoolVar(&sure, "yes", false, "remove it indeed")
	return cmd
}

// askForYes says what would go.
func askForYes(ctx context.Context, desk integrationDesk, i gatehouse.Integration) error {
	health, err := desk.health(ctx, i.ID)
	if err != nil {
		return err
	}
	records := 0
	for _, h := range health {
		records += int(h.Held)
	}
	return usagef("%s and its %s would go for good: add --yes", i.Name, plural(records, "record"))
}

func integrationView() view[gatehouse.Integration] {
	type integration = gatehouse.Integration
	return view[integration]{
		noun: "integrations",
		columns: []column[integration]{
			field("name", "Name", func(i integration) string { return i.Name }),
			field("state", "State", func(i integration) string { return string(i.State) }).toned(),
			field("tenant", "Tenant", func(i integration) string { return i.Tenant }).dropped(3),
			field("clientId", "Application", func(i integration) string { return i.ClientID }).dropped(2),
			field("credential", "Credential", func(i integration) string { return credentialText(i.Credential) }).dropped(4),
			field("cloud", "Cloud", func(i integration) string { return i.Cloud }).dropped(1),
			field("api", "API", func(i integration) string { return orElse(string(i.API), standard(i, anyAPI)) }).dropped(5),
			field("streams", "Streams", func(i integration) string { return orElse(joinWords(i.Streams), standard(i, "all")) }).flexible().dropped(6),
			field("baseUrl", "", func(i integration) string { return i.BaseURL }),
			field("allowHosts", "", func(i integration) string { return listed(i.AllowHosts) }),
			when("expires", "", func(i integration) time.Time { return i.Credential.Expires }),
			when("created", "", func(i integration) time.Time { return i.Created }),
			when("changed", "", func(i integration) time.Time { return i.Changed }),
			field("id", "", func(i integration) string { return i.ID }),
		},
		raw: func(i integration) jsontext.Value { return encode(i) },
	}
}

// standard is what a setting means that is not given; nothing where nobody can say
// what was given.
func standard(i gatehouse.Integration, word string) string {
	if i.State == gatehouse.IntegrationUnreadable {
		return ""
	}
	return word
}

// credentialText says how the account proves itself, and where the value lies.
func credentialText(c gatehouse.Credential) string {
	kind := strings.ReplaceAll(string(c.Kind), "_", " ")
	switch {
	case c.Reference != "":
		return kind + " in " + c.Reference
	case c.Kind == gatehouse.CredentialClientSecret, c.Kind == gatehouse.CredentialCertificate:
		return kind + ", sealed"
	}
	return kind
}

// integrationName matches what an integration may be called: it stands in
// commands, in file names and in labels of metrics.
func integrationName() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
}

func checkIntegrationName(name string) error {
	if !integrationName().MatchString(name) {
		return usagef("%q cannot be a name: use letters, digits, '.', '_' and '-', at most 63, and begin with a letter or a digit", name)
	}
	return nil
}

// warnOf passes on what a check has found of an account that works in part.
func (p *program) warnOf(report *check.Report) {
	if report == nil {
		return
	}
	for _, f := range slices.Concat(report.Of(check.Error), report.Of(check.Warning)) {
		p.warnf("%s %s", f.What, f.Mend)
	}
}

// refusedByCheck says that an account was not added.
func (p *program) refusedByCheck(ctx context.Context, name string, report *check.Report) error {
	return p.checkRefuses(ctx, report, name+" was not added: mend what the check has found, or add --force")
}

// checkRefuses prints the errors that the check found, and what comes of them.
func (p *program) checkRefuses(ctx context.Context, report *check.Report, then string) error {
	found := report.Of(check.Error)
	if p.out.forPeople() {
		p.printFindings(check.Error, found)
		p.line("")
		if err := p.out.lines.flush(); err != nil {
			return err
		}
	} else if err := printList(ctx, p, findingView(), rowsOf(found), 0); err != nil {
		return err
	}
	p.sayf("gatehouse: %s", then)
	return &reportedError{err: errors.New("the check found an error"), status: exitFindings}
}
