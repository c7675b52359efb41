package defender

// Domain is a domain that an alert names. Microsoft's page:
// https://learn.microsoft.com/defender-endpoint/api/get-alert-related-domain-info.
type Domain struct {
	Record `json:"-"`
	Host   string `json:"host"`
}
