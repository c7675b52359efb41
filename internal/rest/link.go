package rest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"

	"github.com/go-json-experiment/json/jsontext"
)

// DownloadLink is the address of an export file. Its query is the right to read
// the file and so a secret: every way to print the link leaves it out.
type DownloadLink struct{ u *url.URL }

// UnmarshalJSONFrom reads a link.
func (l *DownloadLink) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, err := decodeText(dec)
	if err != nil {
		return err
	}
	*l, err = ParseDownloadLink(text)
	return err
}

// ParseDownloadLink reads a link from a text.
func ParseDownloadLink(text string) (DownloadLink, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return DownloadLink{}, errors.New("a download link is not a URL")
	}
	return DownloadLink{u}, nil
}

// String returns the link without its query.
func (l DownloadLink) String() string {
	if l.u == nil {
		return ""
	}
	return (&url.URL{Scheme: l.u.Scheme, Host: l.u.Host, Path: l.u.Path}).String()
}

// Name returns the last part of the path, which stays the same when the same
// file is linked again.
func (l DownloadLink) Name() string {
	if l.u == nil {
		return ""
	}
	return path.Base(l.u.Path)
}

// Reveal returns the whole link, for a download by other means. Treat it as a
// secret.
func (l DownloadLink) Reveal() string {
	if l.u == nil {
		return ""
	}
	return l.u.String()
}

// Format prints the link without its query, whatever the verb.
func (l DownloadLink) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(l.String())) }

// MarshalText writes the link without its query.
func (l DownloadLink) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// LogValue logs the link without its query.
func (l DownloadLink) LogValue() slog.Value { return slog.StringValue(l.String()) }

var (
	_ fmt.Formatter  = DownloadLink{}
	_ slog.LogValuer = DownloadLink{}
)

// ExportFiles is the answer of an export: where the files of one snapshot lie.
type ExportFiles struct {
	// Files may be empty.
	Files []DownloadLink `json:"exportFiles"`
	// GeneratedTime names the snapshot, which Microsoft renews every six hours.
	GeneratedTime Time `json:"generatedTime"`
}
