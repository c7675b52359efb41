package emulator

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The containers of what actions bring back.
const (
	packageContainer  = "investigation-packages"
	responseContainer = "live-response"
)

// How long their links are good for. Microsoft calls the first short-lived, the second thirty minutes.
const (
	packageLife  = 15 * time.Minute
	responseLife = 30 * time.Minute
)

// resultPath is where a file of an action lies. The organisation in it says whose it is.
func (t *tenant) resultPath(container, id, file string) string {
	return "/" + container + "/OrgId=" + t.org + "/" + id + "/" + file
}

// resultLink signs the link of a file of an action.
func (t *tenant) resultLink(c *call, base, path string, life time.Duration) string {
	from := c.now.UTC().Truncate(time.Second)
	return base + path + "?" + t.sas(path, from, from.Add(life))
}

// textValueRow is an answer that is one text.
type textValueRow struct {
	Context string `json:"@odata.context"`
	Value   string `json:"value"`
}

// textReply answers with one text.
func textReply(c *call, value string) reply {
	return reply{body: textValueRow{contextOf(c, false, "Edm.String"), value}}
}

// packageFile is the name of every package.
const packageFile = "WDATP_Investigation_Package.zip"

// safePath is where packages are fetched: Microsoft's page shows it on the host of the API, whose own token has no business
// there; the one in the query is the right to read.
const safePath = "/safedownload/"

// safeLink makes the link of a package out of that of the blob behind it.
func (c *call) safeLink(blob string) string {
	host := c.r.Host
	if !strings.Contains(host, ":") {
		host += ":443" // as the page prints it
	}
	return "https://" + host + safePath + packageFile + "?token=" + base64.URLEncoding.EncodeToString([]byte(blob))
}

// unwrapped turns a request for a package into that for the blob behind it; false is a request for something else.
func (h host) unwrapped(r *http.Request) bool {
	if !h.serves(apiMDE) || !strings.HasPrefix(r.URL.Path, safePath) {
		return false
	}
	blob := &url.URL{Path: "/" + packageContainer + "/none"} // what is behind a token that is none
	if raw, err := base64.URLEncoding.DecodeString(r.URL.Query().Get("token")); err == nil {
		if u, err := url.Parse(string(raw)); err == nil && strings.HasPrefix(u.Path, "/"+packageContainer+"/") {
			blob = u
		}
	}
	r.URL = blob
	return true
}

// getPackageURI is GET /api/machineactions/{id}/getPackageUri. The link comes in quotes of its own, within those of JSON.
func getPackageURI(c *call) reply {
	return withAction(c, func(t *tenant, at int) reply {
		a := t.actions[at]
		switch {
		case a.kind != kindPackage:
			return fail(http.StatusBadRequest, "InvalidInput", "Provided Guid is not a valid id for a CollectInvestigationPackage action")
		case a.status != statusSucceeded:
			return notFound("Investigation package of action", a.id)
		}
		return textReply(c, `"`+c.safeLink(t.resultLink(c, "", t.resultPath(packageContainer, a.id, packageFile), packageLife))+`"`)
	})
}

// downloadResult answers the GET of a file that an action brought back.
func downloadResult(container string) func(c *call) reply {
	return func(c *call) reply {
		if refusal := checkLink(c, "/"+container+"/"+c.vars["path"]); refusal != nil {
			return *refusal
		}
		parts := strings.Split(c.vars["path"], "/")
		if len(parts) != 3 {
			return noBlob()
		}
		return c.tenant.resultFile(container, parts[1], parts[2])
	}
}

// resultFile answers with a file of an action.
func (t *tenant) resultFile(container, id, file string) reply {
	t.mu.RLock()
	defer t.mu.RUnlock()
	t = t.newest()
	at := t.lockedAction(id)
	if at < 0 || t.actions[at].status != statusSucceeded {
		return noBlob()
	}
	a := t.actions[at]
	if container == responseContainer {
		return t.responseFile(a, file)
	}
	content, err := t.packageOf(a)
	if err != nil || file != packageFile {
		return noBlob()
	}
	return reply{header: blobHeader("application/zip"), stream: func(out io.Writer) error {
		_, err := out.Write(content)
		return err
	}}
}

// packageOf makes an investigation package: the same bytes whenever it is asked for. The caller holds the lock.
func (t *tenant) packageOf(a *machineAction) ([]byte, error) {
	row := t.lockedMachineRow(a.machine)
	var buf bytes.Buffer
	archive := zip.NewWriter(&buf)
	for _, file := range []struct{ name, text string }{
		{"System Information/SystemInformation.txt", fmt.Sprintf("Host Name: %s\r\nOS Name: %s\r\nOS Version: %s\r\n", row.ComputerDNSName, row.OSPlatform, row.Version)},
		{"Network Connections/ActiveNetConnections.txt", fmt.Sprintf("  Proto  Local Address          Foreign Address        State\r\n  TCP    %s:50122        %s:443        ESTABLISHED\r\n", row.LastIPAddress, row.LastExternalIPAddress)},
		{"Processes/Processes.csv", "Name,ProcessId,ParentProcessId\r\nwininit.exe,612,488\r\nservices.exe,704,612\r\nsvchost.exe,880,704\r\n"},
		{"Services/services.txt", "SERVICE_NAME: Sense\r\n        STATE              : 4  RUNNING\r\n"},
		{"Autoruns/Run.csv", "Hive,Key,Value\r\nHKLM,SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run,SecurityHealth\r\n"},
	} {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: file.name, Method: zip.Deflate, Modified: a.updated.time()})
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, file.text); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return buf.Bytes(), err
}
