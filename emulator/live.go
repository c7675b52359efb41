package emulator

import "fmt"

// dataOf finds the newest view of a tenant, after all that is due has happened.
func (s *Server) dataOf(tenantID string) (*tenant, error) {
	if found, ok := s.dir.tenant(tenantID); ok {
		return found.data().viewAt(s.now()), nil
	}
	return nil, fmt.Errorf("emulator: there is no tenant %s", tenantID)
}

// ownerOf finds the tenant that an export file belongs to: its path names the organisation.
func (s *Server) ownerOf(path string) *tenant {
	org := orgOfPath(path)
	s.dir.mu.RLock()
	defer s.dir.mu.RUnlock()
	for _, t := range s.dir.tenants {
		if t.org == org {
			return t.data().viewAt(s.now())
		}
	}
	return nil
}
