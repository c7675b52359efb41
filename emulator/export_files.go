package emulator

import (
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// blobContainer is the container of export files, blobVersion the version of the storage service in their links.
const (
	blobContainer = "tvm-export"
	blobVersion   = "2021-08-06"
)

// Hours that the links of an export are good for.
const (
	sasHours    = 1
	sasMaxHours = 6
)

// exportFilesRow is the answer of an export by files.
type exportFilesRow struct {
	Context       string   `json:"@odata.context"`
	ExportFiles   []string `json:"exportFiles"`
	GeneratedTime stamp    `json:"generatedTime"`
}

// exportFiles answers the exports by files. It only signs links; the files are made when they are read.
func exportFiles(kind string) func(c *call) reply {
	return func(c *call) reply { return signFiles(c, kind) }
}

// signFiles lists the files of one export with links that are good for a while.
func signFiles(c *call, kind string) reply {
	hours, _, err := parseCount(c, "sasvalidhours", sasHours, sasMaxHours)
	if err != nil {
		return refuseExport(err)
	}
	snapshot := snapshotAt(c.now)
	row := exportFilesRow{
		Context:     contextOf(c, false, "microsoft.windowsDefenderATP.api.ExportFilesResponse"),
		ExportFiles: []string{}, GeneratedTime: stampOf(snapshot),
	}
	from := c.now.UTC().Truncate(time.Second)
	for i := range c.tenant.exports.table(kind).files {
		path := c.tenant.filePath(kind, snapshot, i)
		row.ExportFiles = append(row.ExportFiles, c.blobBase()+path+"?"+c.tenant.sas(path, from, from.Add(time.Duration(hours)*time.Hour)))
	}
	return reply{body: row}
}

// filePath gives the path of a file, as Microsoft's are made up: snapshot, kind, organisation and device group.
func (t *tenant) filePath(kind string, snapshot time.Time, file int) string {
	f := t.exports.table(kind).files[file]
	return fmt.Sprintf("/%s/%s%s/json/OrgId=%s/_RbacGroupId=%d/part-%05d-%s.c%03d.json.gz",
		blobContainer, timePath(snapshot), kind, t.org, t.groups[f.group].id, file, t.guid("part "+timePath(snapshot), int(f.group)), f.part)
}

// sas signs a path for a while, like a shared access signature of Azure Storage.
func (t *tenant) sas(path string, from, until time.Time) string {
	q := url.Values{
		"sv": {blobVersion}, "st": {from.UTC().Format(time.RFC3339)}, "se": {until.UTC().Format(time.RFC3339)}, "sr": {"b"}, "sp": {"r"},
	}
	return q.Encode() + "&sig=" + url.QueryEscape(t.signature(path, q.Get("st"), q.Get("se")))
}

// signature is what sas signs with.
func (t *tenant) signature(path, from, until string) string {
	key := t.digest("storage-key", 0)
	mac := hmac.New(sha256.New, key[:])
	_, _ = fmt.Fprint(mac, path, "\n", from, "\n", until, "\n", blobVersion) // a hash takes everything
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// storageForbidden is the message of every refused signature.
const storageForbidden = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."

// sasOptions lists what the link of a download carries.
func sasOptions() []string { return []string{"sv", "st", "se", "sr", "sp", "sig"} }

// checkLink refuses a link whose signature does not count; it is the right to read.
func checkLink(c *call, path string) *reply {
	var r reply
	if c.tenant == nil {
		r = blobError(http.StatusNotFound, "ResourceNotFound", "The specified resource does not exist.", "")
		return &r
	}
	from, until := c.query.Get("st"), c.query.Get("se")
	if !hmac.Equal([]byte(c.tenant.signature(path, from, until)), []byte(c.query.Get("sig"))) {
		r = blobError(http.StatusForbidden, "AuthenticationFailed", storageForbidden, "Signature did not match.")
		return &r
	}
	start, err1 := time.Parse(time.RFC3339, from)
	expiry, err2 := time.Parse(time.RFC3339, until)
	if err1 != nil || err2 != nil || c.now.Before(start.Add(-15*time.Minute)) || c.now.After(expiry) {
		const layout = "Mon, 02 Jan 2006 15:04:05 GMT"
		r = blobError(http.StatusForbidden, "AuthenticationFailed", storageForbidden,
			fmt.Sprintf("Signature not valid in the specified key time frame: Key start [%s] - Key expiry [%s] - Current [%s]",
				start.Format(layout), expiry.Format(layout), c.now.UTC().Format(layout)))
		return &r
	}
	return nil
}

// noBlob is the answer to a path that leads to no file.
func noBlob() reply {
	return blobError(http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.", "")
}

// blobHeader is the header of a file.
func blobHeader(contentType string) http.Header {
	return http.Header{"Content-Type": {contentType}, "X-Ms-Version": {blobVersion}, "X-Ms-Blob-Type": {"BlockBlob"}}
}

// downloadExport is the GET of an export file on the download host.
func downloadExport(c *call) reply {
	path := "/" + blobContainer + "/" + c.vars["path"]
	if refusal := checkLink(c, path); refusal != nil {
		return *refusal
	}
	kind, view, file, ok := c.tenant.fileOfPath(path)
	if !ok {
		return noBlob()
	}
	return reply{header: blobHeader("application/gzip"), stream: func(out io.Writer) error { return view.writeFile(out, kind, file) }}
}

// orgOfPath reads the organisation out of the path of an export file: it says whose file it is.
func orgOfPath(path string) string {
	_, rest, _ := strings.Cut(path, "/OrgId=")
	org, _, _ := strings.Cut(rest, "/")
	return org
}

// fileOfPath finds the file of a path, and the view that held when it was made.
func (t *tenant) fileOfPath(path string) (kind string, view *tenant, file int, ok bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) < 4 {
		return "", nil, 0, false
	}
	kind = parts[3]
	snapshot, err := time.Parse("2006-01-02/1504", parts[1]+"/"+parts[2])
	if err != nil || kind != kindFlaws && kind != kindInventory {
		return "", nil, 0, false
	}
	view = t.viewOf(snapshot)
	for i := range view.exports.table(kind).files {
		if view.filePath(kind, snapshot, i) == path {
			return kind, view, i, true
		}
	}
	return "", nil, 0, false
}

// writeFile streams a file: gzip of one JSON object for each line.
func (t *tenant) writeFile(out io.Writer, kind string, file int) error {
	zip, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(zip)
	lines.SetEscapeHTML(false)
	line := t.exportLines(kind)
	f := t.exports.table(kind).files[file]
	for n := f.first; n < f.first+f.rows; n++ {
		if err := lines.Encode(line(n)); err != nil {
			return err
		}
	}
	return zip.Close()
}

// exportLines gives the lines of the files of an export by their ordinals.
func (t *tenant) exportLines(kind string) func(n int) any {
	if kind == kindInventory {
		return func(n int) any { return assetSoftwareLine(t.inventoryRow(n)) }
	}
	cursor := t.exportCursor()
	return func(n int) any { return assetVulnerabilityLine(t.assetRow(cursor.seek(n))) }
}

// exportRows gives the rows of the JSON pages of an export by their ordinals.
func (t *tenant) exportRows(kind string) func(n int) any {
	if kind == kindInventory {
		return func(n int) any { return t.inventoryRow(n) }
	}
	cursor := t.exportCursor()
	return func(n int) any { return t.assetRow(cursor.seek(n)) }
}
