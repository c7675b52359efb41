package graph_test

import (
	"testing"

	"github.com/gatehouse-sec/gatehouse/graph"
	"github.com/gatehouse-sec/gatehouse/internal/sdktest"
)

func TestDirectives(t *testing.T) {
	t.Parallel()
	sdktest.Directives(t, graph.Operations())
}
