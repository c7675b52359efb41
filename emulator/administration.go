package emulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Grant gives roles to an application, with admin consent. They are in the tokens issued from now on.
func (s *Server) Grant(tenantID, clientID string, roles ...Role) error {
	return s.dir.change(tenantID, clientID, func(a *application) error {
		for _, r := range roles {
			if !slices.Contains(a.roles, r) {
				a.roles = append(a.roles, r)
			}
		}
		return nil
	})
}

// Revoke takes roles from an application. Tokens issued before keep them until they expire, as in Entra.
func (s *Server) Revoke(tenantID, clientID string, roles ...Role) error {
	return s.dir.change(tenantID, clientID, func(a *application) error {
		a.roles = slices.DeleteFunc(slices.Clone(a.roles), func(r Role) bool { return slices.Contains(roles, r) })
		return nil
	})
}

// SetRoles replaces the roles of an application.
func (s *Server) SetRoles(tenantID, clientID string, roles ...Role) error {
	return s.dir.change(tenantID, clientID, func(a *application) error {
		a.roles = slices.Clone(roles)
		return nil
	})
}

// AddSecret adds a client secret. Its value is required.
func (s *Server) AddSecret(tenantID, clientID string, secret SecretSpec) error {
	if secret.Value == "" {
		return fmt.Errorf("emulator: the secret has no value")
	}
	secret.ID = orText(secret.ID, s.ids.next())
	if secret.Expires.IsZero() {
		secret.Expires = s.now().AddDate(2, 0, 0)
	}
	return s.dir.change(tenantID, clientID, func(a *application) error {
		a.secrets = append(a.secrets, secret)
		return nil
	})
}

// ExpireSecret lets a client secret, by its id, expire now. An empty id is all of them.
func (s *Server) ExpireSecret(tenantID, clientID, secretID string) error {
	now := s.now()
	return s.dir.change(tenantID, clientID, func(a *application) error {
		a.secrets = slices.Clone(a.secrets)
		found := false
		for i := range a.secrets {
			if secretID == "" || strings.EqualFold(a.secrets[i].ID, secretID) {
				a.secrets[i].Expires, found = now, true
			}
		}
		if !found {
			return fmt.Errorf("emulator: no secret with id %s", secretID)
		}
		return nil
	})
}

// RegisterCertificate adds the certificates of a PEM text to an application.
func (s *Server) RegisterCertificate(tenantID, clientID string, pem []byte) error {
	return s.dir.change(tenantID, clientID, func(a *application) error {
		if err := a.register(pem); err != nil {
			return fmt.Errorf("emulator: %w", err)
		}
		return nil
	})
}

// RemoveCertificates takes all certificates from an application.
func (s *Server) RemoveCertificates(tenantID, clientID string) error {
	return s.dir.change(tenantID, clientID, func(a *application) error {
		a.certificates = nil
		return nil
	})
}

// SetRefusal makes Entra refuse every token request of an application with an AADSTS error; 0 ends that.
func (s *Server) SetRefusal(tenantID, clientID string, code int) error {
	if code != 0 && !knownAADSTS(code) {
		return fmt.Errorf("emulator: AADSTS%d is not known", code)
	}
	return s.dir.change(tenantID, clientID, func(a *application) error {
		a.refuse = code
		return nil
	})
}

// SetLicences replaces the licences of a tenant.
func (s *Server) SetLicences(tenantID string, licences ...string) error {
	t, ok := s.dir.tenant(tenantID)
	if !ok {
		return fmt.Errorf("emulator: no tenant %s", tenantID)
	}
	s.dir.mu.Lock()
	defer s.dir.mu.Unlock()
	t.licences = slices.Clone(licences)
	return nil
}

// SetFaults replaces the plan of faults and begins to count the calls anew. The skew takes effect at once.
func (s *Server) SetFaults(f Faults) error {
	p, err := newPlan(f, s.seed, func(name string) bool { _, ok := s.names[strings.ToLower(name)]; return ok })
	if err != nil {
		return err
	}
	s.plan.Store(p)
	return nil
}

// SetThrottled makes a route, named as in Stats, answer 429 to every call whatever its budget, or ends that.
func (s *Server) SetThrottled(route string, on bool) error {
	name, ok := s.names[strings.ToLower(route)]
	if !ok {
		return fmt.Errorf("emulator: no route %q", route)
	}
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.always[name] = on
	return nil
}

// RetireHost makes a host dead: connections to it are closed without a word, as from an address where nothing lives.
func (s *Server) RetireHost(name string) error { return s.setRetired(name, true) }

// ReviveHost brings a retired host back.
func (s *Server) ReviveHost(name string) error { return s.setRetired(name, false) }

func (s *Server) setRetired(name string, dead bool) error {
	if _, ok := s.hosts.find(name); !ok {
		return fmt.Errorf("emulator: no host %s", name)
	}
	s.hosts.retire(name, dead)
	return nil
}

// Hosts lists Microsoft's hosts that the emulator answers to, beside the accounts of Blob storage.
func (s *Server) Hosts() []string {
	var names []string
	for _, h := range microsoftHosts() {
		names = append(names, h.name)
	}
	slices.Sort(names)
	return names
}

// Now is the emulator's time, its skew included.
func (s *Server) Now() time.Time { return s.now() }
