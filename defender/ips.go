package defender

// IP is an IP address that an alert names. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-alert-related-ip-info.
type IP struct {
	Record `json:"-"`
	ID     string `json:"id"` // the address itself
}
