package entra

// KnownTokenError is an AADSTS code with what it means for an integration.
type KnownTokenError struct {
	Code      int
	Title     string // short, for a table
	Meaning   string // one line: what is wrong
	Transient bool   // the same request may succeed later
}

// KnownTokenErrors returns the codes that an application can meet when it asks
// for a token, in ascending order. The caller owns the result. Texts are ours.
// Source of the codes: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
// and public logs.
func KnownTokenErrors() []KnownTokenError {
	return []KnownTokenError{
		{50001, "resource not found", "the resource asked for is disabled or does not exist", false},
		{50012, "assertion refused", "the certificate chain, thumbprint or signature of the assertion is wrong", false},
		{50196, "request loop", "the app asks for the same token again and again", true},
		{53003, "conditional access", "a Conditional Access policy for workload identities denies the token", false},
		{53011, "blocked by risk", "a policy of the tenant blocks this identity because of risk", false},
		{70001, "app disabled", "the application is disabled or does not exist in the tenant", false},
		{70003, "grant not supported", "the application asked for a kind of grant that Entra does not support", false},
		{70011, "scope not valid", "the scope asked for is not valid", false},
		{90002, "tenant not found", "the tenant id is wrong, or the tenant lives in another cloud", false},
		{90006, "passing failure", "Entra has a passing failure", true},
		{90012, "timeout", "the request to Entra timed out", true},
		{90024, "busy tenant", "the tenant has too many requests at once", true},
		{90033, "passing failure", "Entra is passingly unavailable", true},
		{90038, "other cloud", "the tenant lives in another national cloud: sign in at that cloud's authority", false},
		{90055, "tenant throttled", "the tenant sends too many requests", true},
		{500011, "resource not in the tenant", "the tenant has no service principal for the API: Defender for Endpoint was never set up there", false},
		{530032, "blocked by policy", "a security policy of the tenant blocks this identity", false},
		{700011, "app not found", "the application is unknown in the tenant", false},
		{700016, "app not in the tenant", "the application is unknown in this tenant: wrong tenant id, wrong client id, or no admin consent yet", false},
		{700022, "several resources", "more than one resource was asked for in one request", false},
		{700024, "assertion out of time", "the assertion is not within its valid time: this machine's clock is wrong", false},
		{700025, "public client", "the app is a public client and may send neither secret nor assertion", false},
		{700027, "certificate not registered", "the certificate is not registered on the app, or has expired there", false},
		{700030, "certificate subject", "the certificate's subject or issuer is not authorised for the app", false},
		{900023, "tenant id malformed", "the tenant is neither a GUID nor a domain name that Entra accepts", false},
		{900144, "parameter missing", "the token request lacks a parameter", false},
		{900382, "other cloud", "a confidential client is not supported across clouds: sign in at the tenant's own authority", false},
		{900432, "other cloud", "a confidential client is not supported across clouds: sign in at the tenant's own authority", false},
		{901002, "resource parameter", "the v2.0 endpoint takes a scope, not a resource", false},
		{1002012, "scope without .default", "an application must ask for a scope that ends in /.default", false},
		{7000215, "wrong client secret", "the client secret is wrong: most often its id was pasted in place of its value", false},
		{7000218, "no credential", "the request carries neither a client secret nor an assertion", false},
		{7000222, "client secret expired", "every client secret of the app that matches has expired", false},
		{9001023, "tenant needed", "an application cannot sign in to common or consumers: name the tenant", false},
		{9002313, "malformed request", "the token request is malformed", false},
	}
}
