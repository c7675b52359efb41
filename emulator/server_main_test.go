package emulator

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain holds that no emulator leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
