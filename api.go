package gatehouse

// API is one of the three doors to Defender's data.
type API string

// The three doors. Microsoft has announced that MDE and XDR close on
// [Retirement] in favour of Graph.
const (
	APIMDE   API = "mde"   // Defender for Endpoint, https://api.security.microsoft.com/api
	APIXDR   API = "xdr"   // Defender XDR, the same host under another token audience
	APIGraph API = "graph" // Microsoft Graph security, https://graph.microsoft.com/v1.0/security
)

// Retirement is the day (UTC, yyyy-mm-dd) on which Microsoft retires the MDE
// and XDR APIs and the host api.securitycenter.microsoft.com. Source: Message
// Center post MC1220762; its scope is not clear, since Graph v1.0 has no
// devices and no vulnerabilities today.
const Retirement = "2027-02-01"
