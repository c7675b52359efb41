package emulator

import (
	"sync"
	"time"
)

// shared is what the tenants of one emulator have in common, so that a thousand of them are light: the lists that never
// change, and the catalogues of software and vulnerabilities, of which there is one for each size asked for.
type shared struct {
	born      time.Time // when the emulator started; every generated time is relative to it
	platforms []platform
	groups    []deviceGroup
	templates []template
	noises    *[eventKinds][2][]noise
	rules     ActionRules

	mu         sync.Mutex
	catalogues map[[2]int]*catalogue
}

// newShared makes what tenants share.
func newShared(born time.Time, rules ActionRules) *shared {
	noise := noises()
	return &shared{
		born: born.UTC().Truncate(time.Second), platforms: platforms(), groups: groups(), templates: templates(), noises: &noise, rules: rules,
		catalogues: map[[2]int]*catalogue{},
	}
}

// catalogue gives the catalogue of a size.
func (s *shared) catalogue(products, flaws int) *catalogue {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]int{products, flaws}
	c, ok := s.catalogues[key]
	if !ok {
		c = newCatalogue(products, flaws, s.born)
		s.catalogues[key] = c
	}
	return c
}
