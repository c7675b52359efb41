package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/app"
)

func newKeysCommand(p *program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: "Make, list, rotate and revoke the keys of the REST API",
		Long: `Look after the keys of the REST API, in the mirror of this machine: whoever may
read its files needs no key. With --server it takes a key with the scope admin.
Each change is in the audit log.`,
	}
	cmd.AddCommand(newKeysAddCommand(p), newKeysListCommand(p), newKeysRotateCommand(p), newKeysRevokeCommand(p))
	return cmd
}

func newKeysAddCommand(p *program) *cobra.Command {
	var integrations []string
	var life time.Duration
	var forever bool
	cmd := withExits(&cobra.Command{
		Use: "add NAME", Short: "Make a key and print it, this once",
		Long: `Make a key of the REST API. Its text is printed on standard output, and can never
be shown again: only its hash is kept.

  read      sees what is mirrored
  respond   also runs hunts, submits response actions and approves those of others
  admin     also manages integrations and keys, and reads the audit log`,
		Example: `  gatehouse keys add grafana --scope read
  gatehouse keys add soc --scope respond --integration contoso,fabrikam --life 720h
  gatehouse keys add ops --scope admin --no-expiry > ops.key`,
		Args: wants("NAME"),
	})
	scope := addEnum(cmd, "scope", "`SCOPE` of the key", gatehouse.Scopes())
	scope.value = string(gatehouse.ScopeRead)
	cmd.Flags().StringSliceVar(&integrations, "integration", nil, "`NAMES` of the integrations that the key sees. Default: every one")
	cmd.Flags().DurationVar(&life, "life", 90*24*time.Hour, "`LENGTH` of its life")
	cmd.Flags().BoolVar(&forever, "no-expiry", false, "let it live until it is revoked")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		n := app.NewKey{Name: args[0], Scopes: []gatehouse.Scope{gatehouse.Scope(scope.value)}, Integrations: integrations, Life: life}
		if life <= 0 {
			return usagef("--life %s is no time to live: give one such as 720h, or --no-expiry", life)
		}
		if forever {
			n.Life = -1
		}
		return p.useKeys(cmd.Context(), true, func(desk keyDesk) error {
			k, text, err := desk.addKey(cmd.Context(), n)
			if err != nil {
				return err
			}
			return p.printKey(k, text)
		})
	}
	return cmd
}

// printKey shows the text of a key, which is the only time that anybody does.
func (p *program) printKey(k gatehouse.Key, text gatehouse.Secret) error {
	if !p.out.forPeople() {
		return printOne(p, issuedKeyView(text), k)
	}
	p.sayf("%s %q with the scope %s, %s; it is shown this once", k.ID, k.Name, joinWords(k.Scopes), keyEnd(k))
	_, err := fmt.Fprintln(p.stdout, text.Reveal())
	return err
}

// keyEnd says when a key ends.
func keyEnd(k gatehouse.Key) string {
	if k.Expires.IsZero() {
		return "without an end"
	}
	return "until " + k.Expires.UTC().Format(time.RFC3339)
}

func newKeysListCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "list", Short: "List the keys, revoked and expired ones too",
		Example: "  gatehouse keys list\n  gatehouse keys list --output json",
		Args:    wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.useKeys(cmd.Context(), false, func(desk keyDesk) error {
				all, err := desk.keys(cmd.Context())
				if err != nil {
					return err
				}
				return printList(cmd.Context(), p, keyView(p.now()), rowsOf(all), 0)
			})
		},
	})
}

func newKeysRotateCommand(p *program) *cobra.Command {
	var keepOld time.Duration
	cmd := withExits(&cobra.Command{
		Use: "rotate ID", Short: "Give a key a new text and print it, this once",
		Long: `Give a key a new text. It lives as long again as it was made for. The text before
ends at once, or goes on for as long as --keep-old says.`,
		Example: "  gatehouse keys rotate key_0123456789abcdef --keep-old 24h",
		Args:    wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.useKeys(cmd.Context(), false, func(desk keyDesk) error {
				k, text, err := desk.rotateKey(cmd.Context(), args[0], keepOld)
				if err != nil {
					return err
				}
				return p.printKey(k, text)
			})
		},
	})
	cmd.Flags().DurationVar(&keepOld, "keep-old", 0, "`LENGTH` of time that the text before is taken, too")
	return cmd
}

func newKeysRevokeCommand(p *program) *cobra.Command {
	return withExits(&cobra.Command{
		Use: "revoke ID...", Short: "End keys at once and for good",
		Example: "  gatehouse keys revoke key_0123456789abcdef",
		Args:    wants("ID..."),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return p.useKeys(cmd.Context(), false, func(desk keyDesk) error {
				return p.revokeKeys(cmd.Context(), desk, ids)
			})
		},
	})
}

func (p *program) revokeKeys(ctx context.Context, desk keyDesk, ids []string) error {
	for _, id := range ids {
		k, err := desk.revokeKey(ctx, id)
		if err != nil {
			return err
		}
		p.sayf("revoked %s %q", k.ID, k.Name)
	}
	return nil
}

// keyView shows keys as they are at a time.
func keyView(now time.Time) view[gatehouse.Key] {
	type key = gatehouse.Key
	return view[key]{
		noun: "keys",
		columns: []column[key]{
			field("id", "ID", func(k key) string { return k.ID }),
			field("name", "Name", func(k key) string { return k.Name }).flexible(),
			field("state", "State", func(k key) string { return keyState(k, now) }),
			field("scopes", "Scope", func(k key) string { return joinWords(k.Scopes) }),
			field("integrations", "Integrations", func(k key) string { return orElse(listed(k.Integrations), everyOf(k)) }).dropped(2),
			when("expires", "Expires", func(k key) time.Time { return k.Expires }).dropped(3),
			when("lastUsed", "Used", func(k key) time.Time { return k.LastUsed }).dropped(1),
			when("created", "", func(k key) time.Time { return k.Created }),
			when("revoked", "", func(k key) time.Time { return k.Revoked }),
			field("prefix", "", func(k key) string { return k.Prefix }),
			field("reason", "", func(k key) string { return k.Unreadable }),
		},
		raw: func(k key) jsontext.Value { return encode(k) },
	}
}

// everyOf is what a key sees that names no integrations.
func everyOf(k gatehouse.Key) string {
	if k.Unreadable != "" {
		return "none"
	}
	return "all"
}

// keyState is one word about a key.
func keyState(k gatehouse.Key, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case k.Unreadable != "":
		return "unreadable"
	case !k.Live(now):
		return "expired"
	}
	return "active"
}

// issuedKeyView shows a key with its text.
func issuedKeyView(text gatehouse.Secret) view[gatehouse.Key] {
	return view[gatehouse.Key]{
		noun: "keys",
		columns: []column[gatehouse.Key]{
			field("id", "ID", func(k gatehouse.Key) string { return k.ID }),
			field("key", "Key", func(gatehouse.Key) string { return text.Reveal() }),
		},
		raw: func(k gatehouse.Key) jsontext.Value {
			return encode(struct {
				gatehouse.Key

				Text string `json:"key"`
			}{k, text.Reveal()})
		},
	}
}
