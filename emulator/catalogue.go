package emulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// exploitLevel says how far the exploitation of a vulnerability has come.
type exploitLevel uint8

// The levels of exploitation, each including the one before.
const (
	noExploit exploitLevel = iota
	exploitPublic
	exploitVerified
	exploitInKit
)

// String names the level as exploitabilityLevel of the export assessments does (tvm-xdr-graph.md 4.6).
func (l exploitLevel) String() string {
	return [...]string{"NoExploit", "ExploitIsPublic", "ExploitIsVerified", "ExploitIsInKit"}[l]
}

// vulnerability is one entry of the vulnerability catalogue.
type vulnerability struct {
	id        string
	text      string // description; %s stands for the product's title
	vector    cvssVector
	epss      float64
	published stamp
	updated   stamp
	product   int32 // index into the products, -1 for one that exposes nothing here
	fixed     uint8 // index of the first version without it
	exploit   exploitLevel
	weakness  weakness
	zeroDay   bool
}

// product is one entry of the software catalogue.
type product struct {
	seedProduct
	releases []string // versions, oldest to newest
	kbs      []string // the update that brings each version, "" where there is none
	flaws    []int32  // vulnerabilities, by rising fixed version
	openFrom []int    // for each version, where in flaws those begin that it still has
}

// id gives the software id of the API.
func (p *product) id() string { return p.vendor + "-_-" + p.name }

// open gives the vulnerabilities that a version has: indexes into the catalogue.
func (p *product) open(version uint8) []int32 { return p.flaws[p.openFrom[version]:] }

// catalogue is the software and vulnerability knowledge, the same for every tenant whatever its seed.
type catalogue struct {
	products []product
	flaws    []vulnerability
	byID     map[string]int32
	families [6]family
}

// catalogueSeed makes the catalogue the same in every tenant, as the real one is.
const catalogueSeed = 0x6761746568617365

// newCatalogue builds a catalogue of the given numbers of products and vulnerabilities (zero: the built-in ones alone).
func newCatalogue(products, flaws int, born time.Time) *catalogue {
	c := &catalogue{families: families(), byID: map[string]int32{}}
	seeds := seedProducts()
	if products > 0 {
		for i := len(seeds); i < products; i++ {
			seeds = append(seeds, inventedProduct(i))
		}
		seeds = seeds[:max(products, len(seedSystems()))]
	}
	random := rand.New(rand.NewPCG(catalogueSeed, 1))
	for i, s := range seeds {
		c.products = append(c.products, product{seedProduct: s, releases: strings.Fields(s.versions)})
		c.addFlaws(int32(i), random, born)
	}
	for i := len(c.flaws); i < flaws; i++ {
		c.add(c.inventFlaw(-1, 0, weakness(i%len(c.families)), random, born))
	}
	return c
}

// inventedProduct names a product beyond the built-in list.
func inventedProduct(i int) seedProduct {
	return seedProduct{
		vendor: fmt.Sprintf("litware_%02d", i%37), name: fmt.Sprintf("suite_%04d", i), title: fmt.Sprintf("Litware Suite %d", i),
		os: osAny, share: 10, versions: "1.0.2 1.2.0 1.4.1 2.0.3",
		path: fmt.Sprintf(`C:\Program Files\Litware\Suite%d\suite.exe`, i), weakness: weakness(i % 6),
	}
}

// addFlaws invents the vulnerabilities of one product, adds its well-known ones, and sorts them by the version that mends them.
func (c *catalogue) addFlaws(index int32, random *rand.Rand, born time.Time) {
	p := &c.products[index]
	first := len(c.flaws)
	p.kbs = make([]string, len(p.releases))
	for v := 1; v < len(p.releases); v++ {
		if p.kb {
			p.kbs[v] = fmt.Sprintf("50%05d", 30000+random.IntN(20000))
		}
		for range 1 + random.IntN(3) {
			c.add(c.inventFlaw(index, uint8(v), p.weakness, random, born))
		}
	}
	for _, f := range famousFlaws() {
		if f.vendor == p.vendor && f.product == p.name {
			c.add(f.entry(index, p))
		}
	}
	for i := first; i < len(c.flaws); i++ {
		p.flaws = append(p.flaws, int32(i))
	}
	slices.SortStableFunc(p.flaws, func(a, b int32) int { return int(c.flaws[a].fixed) - int(c.flaws[b].fixed) })
	p.openFrom = make([]int, len(p.releases))
	for v := range p.releases {
		at := slices.IndexFunc(p.flaws, func(f int32) bool { return int(c.flaws[f].fixed) > v })
		if at < 0 {
			at = len(p.flaws)
		}
		p.openFrom[v] = at
	}
}

// add appends an entry, under its id.
func (c *catalogue) add(v vulnerability) {
	c.byID[strings.ToUpper(v.id)] = int32(len(c.flaws))
	c.flaws = append(c.flaws, v)
}

// entry turns a well-known vulnerability into a catalogue entry of its product.
func (f famousFlaw) entry(index int32, p *product) vulnerability {
	day, err := time.Parse(time.DateOnly, f.published)
	if err != nil {
		panic("emulator: date of " + f.id + ": " + err.Error())
	}
	return vulnerability{
		id: f.id, text: f.text, vector: f.vector, epss: f.epss, published: stampOf(day), updated: stampOf(day.AddDate(0, 2, 11)),
		product: index, fixed: uint8(slices.Index(p.releases, f.fixed)), exploit: f.level, weakness: p.weakness, zeroDay: f.level == exploitInKit,
	}
}

// inventFlaw makes up one vulnerability. Its number is far above those that are assigned, so no real CVE is misreported.
func (c *catalogue) inventFlaw(index int32, fixed uint8, w weakness, random *rand.Rand, born time.Time) vulnerability {
	f := c.families[w]
	pick := min(random.IntN(len(f.vectors)), random.IntN(len(f.vectors))) // the first are likelier
	day := born.AddDate(0, 0, -40-random.IntN(1200)).Truncate(24 * time.Hour)
	v := vulnerability{
		id:   fmt.Sprintf("CVE-%d-%d", day.Year(), 90000+len(c.flaws)),
		text: f.texts[random.IntN(len(f.texts))], vector: f.vectors[pick],
		published: stampOf(day), updated: stampOf(day.Add(time.Duration(random.IntN(30*24*60)) * time.Minute)),
		product: index, fixed: fixed, weakness: w, epss: float64(1+random.IntN(900)) / 100000,
	}
	switch roll := random.IntN(100); {
	case roll < 2:
		v.exploit, v.epss = exploitInKit, 0.6+float64(random.IntN(3700))/10000
	case roll < 6:
		v.exploit, v.epss = exploitVerified, 0.2+float64(random.IntN(5000))/10000
	case roll < 15:
		v.exploit, v.epss = exploitPublic, 0.02+float64(random.IntN(3000))/10000
	}
	return v
}

// updateName names the security update that brings a version, by the month of the newest vulnerability it mends.
func (c *catalogue) updateName(p *product, version uint8) string {
	newest := stamp(0)
	for _, f := range p.flaws[p.openFrom[version-1]:p.openFrom[version]] {
		newest = max(newest, c.flaws[f].published)
	}
	return newest.time().Format("January 2006 Security Updates")
}

// describe gives the description of an entry with its product's title in place.
func (c *catalogue) describe(v *vulnerability) string {
	if !strings.Contains(v.text, "%s") {
		return v.text
	}
	title := "a product that no device here has"
	if v.product >= 0 {
		title = c.products[v.product].title
	}
	return fmt.Sprintf(v.text, title)
}
