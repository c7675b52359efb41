package defender_test

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse/defender"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

func TestDirectives(t *testing.T) {
	t.Parallel()
	sdktest.Directives(t, defender.Operations())
}
