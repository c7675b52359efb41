package emulator

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Page sizes of the JSON exports.
const (
	exportPage    = 50000
	exportMaxPage = 200000
)

// exportRoutes lists the exports of software vulnerabilities: pages, delta, files, and the files themselves.
func exportRoutes() []route {
	get := func(path string, perMinute, perHour int, options []string, handle func(*call) reply) route {
		return route{
			method: http.MethodGet, path: path, api: apiMDE, roles: []string{"Vulnerability.Read.All"}, perMinute: perMinute, perHour: perHour,
			options: options, needs: licenceForTVM, handle: handle,
		}
	}
	return []route{
		get("/api/machines/softwarevulnerabilitiesbymachine", 30, 1000, []string{"pagesize", "$top", "$skiptoken"}, exportPages(kindFlaws, "microsoft.windowsDefenderATP.api.AssetVulnerability")),
		get("/api/machines/softwarevulnerabilitychangesbymachine", 30, 1000, []string{"pagesize", "$top", "$skiptoken", "sincetime"}, exportChanges),
		get("/api/machines/softwarevulnerabilitiesexport", 5, 20, []string{"sasvalidhours"}, exportFiles(kindFlaws)),
		{method: http.MethodGet, path: "/" + blobContainer + "/{path...}", api: apiBlob, options: sasOptions(), handle: downloadExport},
	}
}

// skipToken is the cursor of the JSON exports: it is bound to a snapshot, as the recorded ones are.
type skipToken struct {
	ExportDefinition struct {
		TimePath string `json:"TimePath"`
	} `json:"ExportDefinition"`
	ExportFileIndex int `json:"ExportFileIndex"`
	LineStoppedAt   int `json:"LineStoppedAt"`

	blank string // set after an empty page, so that the link is another one
}

// String prints the token as it stands in a link.
func (s skipToken) String() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("emulator: skip token: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(append(text, s.blank...))
}

// timePath names a snapshot in tokens and file names.
func timePath(snapshot time.Time) string { return snapshot.Format("2006-01-02/1504/") }

// parseSkipToken reads a token and the moment of its snapshot. A blank stands for a plus that lost its escape.
func parseSkipToken(text string) (token skipToken, snapshot time.Time, err error) {
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, " ", "+"))
	if err == nil {
		err = json.Unmarshal(raw, &token)
	}
	if err == nil {
		snapshot, err = time.Parse("2006-01-02/1504/", token.ExportDefinition.TimePath)
	}
	return token, snapshot, err
}

// exportWindow is what a call of a JSON export asks for.
type exportWindow struct {
	size     int
	top      bool // $top was sent: that many rows, and no nextLink
	token    skipToken
	snapshot time.Time
}

// snapshotLife is how long pages of a snapshot can be asked for after a newer one was made.
const snapshotLife = 24 * time.Hour

// readExportWindow reads the options of a JSON export.
func readExportWindow(c *call) (exportWindow, error) {
	w := exportWindow{snapshot: snapshotAt(c.now)}
	size, _, err := parseCount(c, "pagesize", exportPage, exportMaxPage)
	if err != nil {
		return w, err
	}
	w.size = c.tenant.pageSize(size)
	if top, asked, err := parseCount(c, "$top", 0, exportMaxPage); err != nil {
		return w, err
	} else if asked {
		w.size, w.top = top, true
	}
	if c.empty {
		w.token.blank = " "
	}
	if text := c.query.Get("$skiptoken"); text != "" {
		token, snapshot, err := parseSkipToken(text)
		if err != nil || snapshot.After(c.now) || c.now.Sub(snapshot) > snapshotEvery+snapshotLife {
			return w, odataErrorf("The $skiptoken is not valid or its snapshot is gone; start again from the first page.")
		}
		token.blank = w.token.blank
		w.token, w.snapshot = token, snapshot
	}
	w.token.ExportDefinition.TimePath = timePath(w.snapshot)
	return w, nil
}

// refuseExport is the 400 for an option that cannot be read.
func refuseExport(err error) reply {
	return fail(http.StatusBadRequest, "InvalidInput", "Invalid input "+err.Error())
}

// exportPages answers the exports by JSON pages. The pages of a cursor come from the snapshot it began with.
func exportPages(kind, typeName string) func(c *call) reply {
	return func(c *call) reply { return pageOf(c, kind, typeName) }
}

// pageOf answers with one page of an export.
func pageOf(c *call, kind, typeName string) reply {
	w, err := readExportWindow(c)
	if err != nil {
		return refuseExport(err)
	}
	view := c.tenant.viewOf(w.snapshot)
	x := view.exports.table(kind)
	first, ok := x.rowAt(w.token.ExportFileIndex, w.token.LineStoppedAt)
	if !ok && x.rows > 0 {
		return refuseExport(odataErrorf("The $skiptoken points at no row."))
	}
	if c.empty {
		w.size = 0
	}
	last := min(x.rows, first+w.size)
	next := ""
	if last < x.rows && !w.top {
		w.token.ExportFileIndex, w.token.LineStoppedAt = x.fileAt(last)
		next = exportLink(c, w.token)
	}
	return reply{stream: func(out io.Writer) error {
		rows := newRowWriter(out)
		rows.begin(contextOf(c, false, "Collection("+typeName+")"))
		rows.openValue()
		row := view.exportRows(kind)
		for n := first; n < last && rows.err == nil; n++ {
			rows.row(row(n))
		}
		return rows.end(next)
	}}
}

// exportLink gives the link to the next page: parameters in lower case, and the token.
func exportLink(c *call, token skipToken) string {
	var options strings.Builder
	for _, name := range []string{"pagesize", "sincetime"} {
		if value := c.query.Get(name); value != "" {
			options.WriteString(name + "=" + url.QueryEscape(value) + "&")
		}
	}
	return c.base + c.r.URL.EscapedPath() + "?" + options.String() + "$skiptoken=" + url.QueryEscape(token.String())
}
