package server

import (
	"context"
	"errors"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/gatehouse-sec/gatehouse/api"
)

// ask runs a query through the API that was chosen. When none was, it is Graph for
// the tables that only Graph knows, where the integration allows that, and else the
// first that it allows.
func (s *Server) ask(ctx context.Context, integration string, q HuntQuery) (HuntResult, error) {
	if q.API == "" && gatehouse.NeedsGraph(q.Text) {
		through := q
		through.API = gatehouse.APIGraph
		found, err := s.backend.Hunt(ctx, integration, through)
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.CodePermission && p.Code != api.CodeInvalid {
			return found, err
		}
	}
	return s.backend.Hunt(ctx, integration, q)
}
