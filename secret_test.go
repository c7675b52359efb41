package gatehouse_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse-sec/gatehouse"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	const planted = "planted~secret"
	secret := gatehouse.NewSecret(planted)
	holder := struct {
		Open   string
		hidden gatehouse.Secret
		Shown  *gatehouse.Secret
	}{"open", secret, &secret}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		fmt.Fprintf(&printed, verb+"\n", secret)
		fmt.Fprintf(&printed, verb+"\n", holder)
	}
	slog.New(slog.NewTextHandler(&printed, nil)).Error("text", "secret", secret, "holder", holder)
	slog.New(slog.NewJSONHandler(&printed, nil)).Error("json", "secret", secret, "holder", holder)
	if err := json.NewEncoder(&printed).Encode(holder); err != nil { //nolint:musttag // any struct will do
		t.Fatal(err)
	}
	func() {
		defer func() { fmt.Fprint(&printed, recover()) }()
		panic(secret)
	}()
	for _, form := range []string{planted, fmt.Sprintf("%x", planted), "cGxhbnRlZH5zZWNyZXQ"} {
		if strings.Contains(printed.String(), form) {
			t.Errorf("the secret was printed as %q:\n%s", form, printed.String())
		}
	}
	if secret.Reveal() != planted || secret.IsZero() || !gatehouse.NewSecret("").IsZero() {
		t.Error("a secret must give its value to who asks for it, and know when it is empty")
	}
}

func ExampleSecret() {
	secret := gatehouse.NewSecret("a client secret")
	fmt.Printf("%v %+v %q\n", secret, secret, secret)
	// Output: [redacted] [redacted] [redacted]
}
