package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// alertRelatedRoutes lists what hangs on one alert.
func alertRelatedRoutes() []route {
	get := func(path string, roles []string, handle func(*call) reply) route {
		return route{method: http.MethodGet, path: path, api: apiMDE, roles: roles, perMinute: 100, perHour: 1500, handle: handle}
	}
	return []route{
		get("/api/alerts/{id}/domains", []string{"URL.Read.All", "Url.Read.All"}, alertDomains), // the role is Url.Read.All; pages print URL
		get("/api/alerts/{id}/files", []string{"File.Read.All"}, alertFiles),
		get("/api/alerts/{id}/ips", []string{"Ip.Read.All"}, alertIPs),
		get("/api/alerts/{id}/machine", readMachines(), alertMachine),
		get("/api/alerts/{id}/user", []string{"User.Read.All"}, alertUser),
	}
}

// fileRow is a file as the MDE API prints it (core.md 6.6).
type fileRow struct {
	SHA1                string  `json:"sha1"`
	SHA256              string  `json:"sha256"`
	MD5                 string  `json:"md5"`
	GlobalPrevalence    *int64  `json:"globalPrevalence"`
	GlobalFirstObserved stamp   `json:"globalFirstObserved"`
	GlobalLastObserved  stamp   `json:"globalLastObserved"`
	Size                *int64  `json:"size"`
	FileType            *string `json:"fileType"`
	IsPEFile            bool    `json:"isPeFile"`
	FilePublisher       *string `json:"filePublisher"`
	FileProductName     *string `json:"fileProductName"`
	Signer              *string `json:"signer"`
	Issuer              *string `json:"issuer"`
	SignerHash          *string `json:"signerHash"`
	IsValidCertificate  *bool   `json:"isValidCertificate"`
	DeterminationType   string  `json:"determinationType"`
	DeterminationValue  *string `json:"determinationValue"`
}

// fileRow turns a finding into a file of the MDE API.
func (t *tenant) fileRow(f *finding) fileRow {
	prevalence := int64(1 + mix(f.name, 7)%900)
	row := fileRow{
		SHA1: f.sha1, SHA256: f.sha256, MD5: f.md5, GlobalPrevalence: &prevalence, Size: &f.size,
		GlobalFirstObserved: stampOf(t.born.AddDate(0, 0, -100-int(prevalence%300))), GlobalLastObserved: stampOf(t.born.Add(-time.Hour)),
		IsPEFile: f.path != "" && f.path[0] != '/', DeterminationType: "Unknown",
	}
	if f.publisher != "" {
		valid := true
		row.FilePublisher, row.Signer, row.Issuer = orNull(f.publisher), orNull(f.publisher), orNull(f.publisher+" Code Signing CA")
		row.SignerHash, row.IsValidCertificate = orNull(hashOf("signer "+f.publisher, 20)), &valid
		row.FileProductName = orNull(f.publisher + " software")
	}
	return row
}

// findingsAt gives the findings of the alert with an index.
func (t *tenant) findingsAt(i int32) []finding {
	t.mu.RLock()
	a := *t.alerts[i]
	t.mu.RUnlock()
	return t.findings(&a)
}

// alertFiles is GET /api/alerts/{id}/files: each file once.
func alertFiles(c *call) reply {
	return withAlert(c, func(i int32) reply {
		rows := []fileRow{}
		for _, f := range c.tenant.findingsAt(i) {
			known := slices.ContainsFunc(rows, func(r fileRow) bool { return r.SHA1 == f.sha1 })
			if f.sha1 != "" && !known {
				rows = append(rows, c.tenant.fileRow(&f))
			}
		}
		return listOf("Files", rows).serve(c)
	})
}

// ipRow is an address that an alert saw; its id is the address.
type ipRow struct {
	ID string `json:"id"`
}

// alertIPs is GET /api/alerts/{id}/ips.
func alertIPs(c *call) reply {
	return withAlert(c, func(i int32) reply {
		rows := []ipRow{}
		for _, f := range c.tenant.findingsAt(i) {
			if f.kind == "Ip" {
				rows = append(rows, ipRow{f.value})
			}
		}
		return listOf("Ips", rows).serve(c)
	})
}

// alertDomains is GET /api/alerts/{id}/domains.
func alertDomains(c *call) reply {
	return withAlert(c, func(i int32) reply {
		rows := []domainRow{}
		for _, f := range c.tenant.findingsAt(i) {
			if f.kind != "Url" {
				continue
			}
			if u, err := url.Parse(f.value); err == nil && u.Hostname() != "" {
				rows = append(rows, domainRow{u.Hostname()})
			}
		}
		return listOf("Domains", rows).serve(c)
	})
}

// alertMachine is GET /api/alerts/{id}/machine.
func alertMachine(c *call) reply {
	return withAlert(c, func(i int32) reply {
		c.tenant.mu.RLock()
		machine := c.tenant.alerts[i].machine
		c.tenant.mu.RUnlock()
		return oneMachine(c, machine)
	})
}

// alertUser is GET /api/alerts/{id}/user.
func alertUser(c *call) reply {
	return withAlert(c, func(i int32) reply {
		c.tenant.mu.RLock()
		a := *c.tenant.alerts[i]
		c.tenant.mu.RUnlock()
		index := c.tenant.userOf(&a)
		if index < 0 {
			return fail(http.StatusNotFound, "ResourceNotFound", "There is no User related to alert "+c.vars["id"])
		}
		return single(c, false, "Users", c.tenant.userRow(index))
	})
}
