package entra

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(panicEnv) != "" {
		panicWithEverything()
	}
	goleak.VerifyTestMain(m)
}
