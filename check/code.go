package check

// Code names a kind of finding. Codes are stable: scripts may rely on them.
type Code string

// Entry describes one kind of finding. Words in braces stand for what the
// check fills in.
type Entry struct {
	Code     Code
	Severity Severity // its usual severity
	Title    string   // a few words, for a list
	What     string
	Why      string
	Mend     string
}

// Findings of the base URL and the hosts.
const (
	HostOK          Code = "host-ok"
	HostUnknown     Code = "host-unknown"
	HostUnlisted    Code = "host-unlisted"
	HostCorrected   Code = "host-corrected"
	HostRetires     Code = "host-retires"
	HostUnreachable Code = "host-unreachable"
	HostUntrusted   Code = "host-untrusted"
	ClockSkew       Code = "clock-skew"
)

// Findings of the tenant, the application and its credential.
const (
	TenantOK                 Code = "tenant-ok"
	TenantNotFound           Code = "tenant-not-found"
	WrongCloud               Code = "wrong-cloud"
	AppNotInTenant           Code = "app-not-in-tenant"
	AppDisabled              Code = "app-disabled"
	SecretIDPasted           Code = "secret-id-pasted"
	SecretWrong              Code = "secret-wrong"
	SecretExpired            Code = "secret-expired"
	CertificateNotRegistered Code = "certificate-not-registered"
	CertificateExpired       Code = "certificate-expired"
	AssertionTime            Code = "assertion-time"
	SignInBlocked            Code = "sign-in-blocked"
	SignInFailed             Code = "sign-in-failed"
	CredentialExpiry         Code = "credential-expiry"         //nolint:gosec // the name of a finding
	CredentialExpiryUnknown  Code = "credential-expiry-unknown" //nolint:gosec // the name of a finding
)

// Findings of tokens, permissions and capabilities.
const (
	TokenOK           Code = "token-ok"
	WrongAudience     Code = "wrong-audience"
	WrongIdentity     Code = "wrong-identity"
	NoApplicationRole Code = "no-application-role"
	PermissionMissing Code = "permission-missing"
	CapabilityOK      Code = "capability-ok"
	CapabilityOff     Code = "capability-off"
	NoLicence         Code = "no-licence"
	Forbidden         Code = "forbidden"
	Throttled         Code = "throttled"
	UpstreamError     Code = "upstream-error"
	Retirement        Code = "retirement"
)

// Codes returns the catalogue of findings, in the order in which a check
// comes upon them.
func Codes() []Entry {
	return append(append(hostEntries(), identityEntries()...), accessEntries()...)
}

// entryOf finds the catalogue entry of a code; each code above has one, as a
// test holds.
func entryOf(code Code) Entry {
	for _, e := range Codes() {
		if e.Code == code {
			return e
		}
	}
	return Entry{Code: code, Severity: Error}
}

func hostEntries() []Entry {
	return []Entry{
		{
			HostOK, OK, "host answers",
			"{subject} answers over TLS ({detail}).", "", "",
		},
		{
			HostUnknown, Error, "host is not one of Microsoft's",
			"The base URL is refused: {detail}.",
			"A token is sent only to a host that Gatehouse knows, so that a typing error cannot give it away.",
			"Use --base-url https://api.security.microsoft.com (or the host of your cloud: gatehouse check --help lists them); if the host is really yours, name it with --allow-host.",
		},
		{
			HostUnlisted, Warning, "host was allowed by hand",
			"Tokens are sent to {subject}, which is not one of Microsoft's hosts, because --allow-host names it.",
			"Whoever runs that host can use the token until it expires.",
			"Remove --allow-host {subject} unless the host is your own gateway.",
		},
		{
			HostCorrected, Warning, "host was spelt as in an old guide",
			"{detail}.",
			"The spelling given is not a host of Microsoft's; the documented one was used in its place.",
			"Set --base-url to {host}.",
		},
		{
			HostRetires, Warning, "host will be retired",
			"{subject} is the old name of the API and stops on {date}.",
			"After that day calls to it fail.",
			"Set --base-url to {host}; the permissions stay as they are.",
		},
		{
			HostUnreachable, Error, "host does not answer: retired, mistyped or blocked",
			"{subject} does not answer: {detail}.",
			"Nothing that this host serves can be read; a host that Microsoft retired, a mistyped name and a firewall look the same from here.",
			"Compare the name with the table in gatehouse check --help, use https://api.security.microsoft.com in place of a retired host, and allow {subject}:443 in firewall and proxy.",
		},
		{
			HostUntrusted, Error, "host's certificate is not trusted",
			"{subject} answers with a certificate that is not trusted: {detail}.",
			"Somebody stands between this machine and Microsoft, most often a proxy that inspects TLS.",
			"Let the proxy pass {subject} untouched, or add its root certificate to this machine's trust store.",
		},
		{
			ClockSkew, Warning, "clocks differ",
			"This machine's clock is {detail} than Microsoft's.",
			"From five minutes on, Microsoft refuses signed assertions, and tokens look expired or not yet valid.",
			"Set this machine's clock, for example with: timedatectl set-ntp true.",
		},
	}
}

func identityEntries() []Entry { return append(registrationEntries(), credentialEntries()...) }

func registrationEntries() []Entry {
	return []Entry{
		{
			TenantOK, OK, "tenant found",
			"Tenant {subject} exists ({detail}).", "", "",
		},
		{
			TenantNotFound, Error, "no such tenant",
			"Microsoft Entra ID knows no tenant {subject}.",
			"Without the right tenant nobody can sign in.",
			"Copy the Directory (tenant) ID from the application's Overview page in the Entra portal into --tenant-id.",
		},
		{
			WrongCloud, Error, "tenant lives in another cloud",
			"Tenant {subject} lives in {actual}, and Gatehouse was told {given}.",
			"Each cloud has its own sign-in and API hosts; the others do not know the tenant.",
			"Set --base-url {host} (and --cloud {cloud}).",
		},
		{
			AppNotInTenant, Error, "application is not in this tenant",
			"Application {subject} is not found in tenant {tenant}.",
			"Either the client id is mistyped, or the application is registered in another tenant and was never consented to in this one.",
			"Copy the Application (client) ID from the application's Overview page into --client-id and check that --tenant-id is its tenant; for an application of another tenant, open https://{authority}/{tenant}/adminconsent?client_id={subject} as an administrator.",
		},
		{
			AppDisabled, Error, "application is disabled",
			"Application {subject} is disabled in this tenant.",
			"A disabled application gets no token.",
			"In the Entra portal, open Enterprise applications > {subject} > Properties and set 'Enabled for users to sign-in' to Yes.",
		},
	}
}

func credentialEntries() []Entry {
	return []Entry{
		{
			SecretIDPasted, Error, "the secret's id was pasted in place of its value",
			"The client secret is refused, and it has the form of a secret's id, not of its value.",
			"The portal shows the value once, when the secret is made; afterwards only the id can be copied.",
			"Make a new secret (Certificates & secrets > New client secret) and copy the column Value, not Secret ID.",
		},
		{
			SecretWrong, Error, "client secret is wrong",
			"The client secret is refused for application {subject}.",
			"The value does not belong to this application, was cut off when copied, or was deleted.",
			"Make a new secret (Certificates & secrets > New client secret) and copy its Value whole; check that --client-id is the same application.",
		},
		{
			SecretExpired, Error, "client secret has expired",
			"The client secret of application {subject} has expired.",
			"Nothing can be read until there is a new one.",
			"Make a new secret (Certificates & secrets > New client secret), or better a certificate, and remove the expired one.",
		},
		{
			CertificateNotRegistered, Error, "certificate is not registered on the application",
			"The certificate with thumbprint {thumbprint} is not registered on application {subject}.",
			"Entra accepts a signature only from a certificate whose public part was uploaded to the application.",
			"Upload the public certificate under Certificates & secrets > Certificates and compare the thumbprint shown there with {thumbprint}.",
		},
		{
			CertificateExpired, Error, "certificate has expired",
			"The certificate with thumbprint {thumbprint} expired on {date}.",
			"Nothing can be read until there is a new one.",
			"Make a new certificate, upload its public part under Certificates & secrets > Certificates, and give its file with --certificate.",
		},
		{
			AssertionTime, Error, "signed assertion is outside its time",
			"Entra refuses the signed assertion as not valid at this time.",
			"The assertion carries this machine's time; when the clock is wrong it is from the past or the future.",
			"Set this machine's clock, for example with: timedatectl set-ntp true.",
		},
		{
			SignInBlocked, Error, "sign-in is blocked by policy",
			"A Conditional Access policy of the tenant refuses a token to application {subject}.",
			"Policies for workload identities may allow an application from named locations only.",
			"In the Entra portal, open Protection > Conditional Access, find the policy for workload identities, and allow this machine's address or exclude the application.",
		},
		{
			SignInFailed, Error, "sign-in failed",
			"Entra refuses a token for {subject}: {detail}.",
			"Without a token nothing can be read.",
			"Look the AADSTS number up at https://login.microsoftonline.com/error and mend what it names.",
		},
		{
			CredentialExpiry, Warning, "credential expires soon",
			"The {kind} expires on {date}, in {days} days.",
			"From that day on nobody can sign in and every stream stops.",
			"Add a new certificate under Certificates & secrets before {date} and give its file with --certificate.",
		},
		{
			CredentialExpiryUnknown, Info, "credential's expiry cannot be seen",
			"When the {kind} expires cannot be seen with these permissions.",
			"A secret that expires unseen stops every stream at once.",
			"Note the date shown under Certificates & secrets, or use a certificate: its date is in the file.",
		},
	}
}

func accessEntries() []Entry {
	return []Entry{
		{
			TokenOK, OK, "token received",
			"A token for {subject} was received ({detail}).", "", "",
		},
		{
			WrongAudience, Error, "token is for another API",
			"The token's audience is {actual}, and {host} wants {wanted}.",
			"Defender answers 403 to a good token that was issued for another API.",
			"Remove --resource, or set it to {wanted}.",
		},
		{
			WrongIdentity, Error, "token is for another tenant or application",
			"The token is for {actual}, and {wanted} was asked for.",
			"What is read with it would belong to somebody else.",
			"Check --tenant-id and --client-id, and that no proxy rewrites sign-in.",
		},
		{
			NoApplicationRole, Error, "no application permission at all",
			"The token for {subject} carries no application permission.",
			"Two mistakes look the same in a token: Delegated permissions were added in place of Application ones, or admin consent was not given.",
			"On the application's API permissions page look at the column Type (it must say Application: remove Delegated ones and add them again as Application) and at the column Status (it must say Granted: press 'Grant admin consent').",
		},
		{
			PermissionMissing, Error, "one permission is missing",
			"The application permission {subject} on {resource} is missing; {detail}.",
			"Each capability needs its own permission, and Defender answers 403 without it.",
			"Add it under API permissions > Add a permission > APIs my organization uses > {resource} > Application permissions > {subject}, then press 'Grant admin consent'.",
		},
		{
			CapabilityOK, OK, "capability works",
			"{subject} works over {api} ({detail}).", "", "",
		},
		{
			CapabilityOff, Info, "capability is off",
			"{subject} is off: {detail}.",
			"It was not asked for.",
			"To have it, grant {permission}.",
		},
		{
			NoLicence, Error, "tenant has no licence for it",
			"The tenant has no active Defender licence for {subject}: {detail}.",
			"The permissions may be right; Microsoft answers nobody in a tenant whose Defender is not licensed or was never set up.",
			"Have an administrator open https://security.microsoft.com once to set Defender up, and check under Billing > Licenses that Defender for Endpoint (for vulnerabilities: Plan 2 or Defender Vulnerability Management) is active.",
		},
		{
			Forbidden, Error, "refused although the token has the permission",
			"Defender refuses {subject} although the token carries the permission: {detail}.",
			"A permission granted less than an hour ago may not be in force everywhere, or the feature is switched off in the tenant.",
			"Wait an hour after granting, then run gatehouse check again; if it stays, look at Settings > Endpoints > Advanced features in the Defender portal.",
		},
		{
			Throttled, Error, "Microsoft is throttling this application",
			"Microsoft answered 429 to {subject}: {detail}.",
			"The quota belongs to this application in this tenant; another program that uses the same application spends it too.",
			"Wait {wait}, stop other programs that use this client id, or register an application of its own for Gatehouse.",
		},
		{
			UpstreamError, Error, "Microsoft answered with an error",
			"{subject} failed: {detail}.",
			"It may pass by itself; if it stays, the request id helps Microsoft's support to find it.",
			"Run gatehouse check again in a few minutes.",
		},
		{
			Retirement, Warning, "stops on the retirement date",
			"{subject} runs over the {api} API, which Microsoft retires on {date}.",
			"After that day it stops working.",
			"{detail}",
		},
	}
}
