package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gatehouse-sec/gatehouse/api"
)

// AuditService reads the audit log. It needs the scope admin.
type AuditService struct{ c *Client }

// Page reads the entries after a number, up to limit; 0 is the server's default.
func (s *AuditService) Page(ctx context.Context, after int64, limit int) (api.Audit, error) {
	v := url.Values{"after": {strconv.FormatInt(after, 10)}}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return get[api.Audit](ctx, s.c, v, "audit")
}

// Verify reads the whole log on the server and says where it is not as it was
// written.
func (s *AuditService) Verify(ctx context.Context) (api.AuditVerdict, error) {
	return get[api.AuditVerdict](ctx, s.c, nil, "audit", "verdict")
}
