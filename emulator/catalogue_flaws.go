package emulator

// weakness is a family of flaws; it decides which scores and descriptions the flaws of a product get.
type weakness uint8

// The families of flaws.
const (
	weakBrowser weakness = iota
	weakDocument
	weakPrivilege
	weakRemote
	weakDenial
	weakClient
)

// Severity levels of flaws and of alerts, in rising order.
const (
	sevNone uint8 = iota
	sevInformational
	sevLow
	sevMedium
	sevHigh
	sevCritical
)

// severityName names a level as the MDE API does.
func severityName(level uint8) string {
	return [...]string{"UnSpecified", "Informational", "Low", "Medium", "High", "Critical"}[level]
}

// cvssVector is a CVSS 3.1 base vector with the score that the standard's formula gives it.
type cvssVector struct {
	vector string
	score  float64
}

// severity gives the level that CVSS 3.1 assigns to the score.
func (v cvssVector) severity() uint8 {
	switch {
	case v.score >= 9:
		return sevCritical
	case v.score >= 7:
		return sevHigh
	case v.score >= 4:
		return sevMedium
	}
	return sevLow
}

// family holds what the flaws of one weakness look like.
type family struct {
	vectors []cvssVector // likelier ones first
	texts   []string     // descriptions; %s is the product's title
	types   []string     // exploitTypes of those with an exploit
}

// families lists the texts and vectors by weakness.
func families() [6]family {
	return [6]family{
		weakBrowser: {
			[]cvssVector{
				{"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 8.8}, {"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1},
				{"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N", 4.3}, {"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H", 6.5},
			},
			[]string{
				"Use after free in %s allows a remote attacker to corrupt the heap by means of a crafted HTML page.",
				"Type confusion in the script engine of %s allows a remote attacker to run code inside the sandbox by means of a crafted page.",
				"Wrong security interface in %s allows a remote attacker to spoof the address bar by means of a crafted page.",
			},
			[]string{"Remote"},
		},
		weakDocument: {
			[]cvssVector{
				{"CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8}, {"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", 5.5},
				{"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N", 3.3},
			},
			[]string{
				"An out-of-bounds write in %s lets a crafted file run code with the rights of the user who opens it.",
				"An out-of-bounds read in %s lets a crafted file disclose memory of the process.",
			},
			[]string{"Local"},
		},
		weakPrivilege: {
			[]cvssVector{
				{"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8}, {"CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.0},
				{"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", 5.5}, {"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N", 3.3},
			},
			[]string{
				"An elevation of privilege vulnerability exists in %s: a local attacker with low rights can run code as SYSTEM or root.",
				"A race condition in %s lets a local user gain higher rights.",
			},
			[]string{"PrivilegeEscalation"},
		},
		weakRemote: {
			[]cvssVector{
				{"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.1}, {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", 5.3},
				{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5}, {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8},
			},
			[]string{
				"A remote code execution vulnerability exists in %s when it handles a crafted request from an unauthenticated peer.",
				"Improper validation in %s lets an unauthenticated peer read data that it should not see.",
			},
			[]string{"Remote"},
		},
		weakDenial: {
			[]cvssVector{
				{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5}, {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", 5.3},
				{"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1},
			},
			[]string{
				"A denial of service vulnerability exists in %s: a crafted input makes it use all of a processor.",
				"Uncontrolled memory use in %s lets a remote peer stop the service.",
			},
			[]string{"Denial of service"},
		},
		weakClient: {
			[]cvssVector{
				{"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N", 4.3}, {"CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8},
				{"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1},
			},
			[]string{
				"Improper input validation in %s lets a malicious server mislead its user.",
				"An uncontrolled search path in %s lets a planted library run with the rights of the user.",
			},
			[]string{"Local"},
		},
	}
}

// famousFlaw is a well-known vulnerability; the emulator tells its published facts.
type famousFlaw struct {
	vendor, product string
	fixed           string // first version without it, of the product's list
	id              string
	vector          cvssVector
	level           exploitLevel
	epss            float64
	published       string
	text            string
}

// famousFlaws lists well-known vulnerabilities that the catalogue holds beside invented ones, and one of Microsoft's own
// TVM ids, which have no CVE.
func famousFlaws() []famousFlaw {
	return []famousFlaw{
		{"apache", "log4j", "2.15.0", "CVE-2021-44228", cvssVector{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10}, exploitInKit, 0.9736, "2021-12-10", "Apache Log4j2 JNDI features do not protect against attacker controlled LDAP and other JNDI related endpoints (Log4Shell)."},
		{"google", "chrome", "117.0.5938.132", "CVE-2023-4863", cvssVector{"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 8.8}, exploitVerified, 0.9212, "2023-09-12", "Heap buffer overflow in libwebp allowed a remote attacker to write out of bounds by means of a crafted HTML page."},
		{"rarlab", "winrar", "6.23", "CVE-2023-38831", cvssVector{"CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8}, exploitInKit, 0.9341, "2023-08-23", "WinRAR lets attackers run code when a user views a benign file within a ZIP archive."},
		{"tukaani", "xz", "5.6.2", "CVE-2024-3094", cvssVector{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10}, exploitVerified, 0.8553, "2024-03-29", "Malicious code was found in the upstream tarballs of xz, starting with version 5.6.0."},
		{"openbsd", "openssh", "9.8p1", "CVE-2024-6387", cvssVector{"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.1}, exploitPublic, 0.7124, "2024-07-01", "A signal handler race condition in the OpenSSH server may be triggered by an unauthenticated remote attacker (regreSSHion)."},
		{"polkit_project", "polkit", "0.120", "CVE-2021-4034", cvssVector{"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8}, exploitVerified, 0.8876, "2022-01-28", "A local privilege escalation vulnerability was found in the pkexec utility of polkit (PwnKit)."},
		{"haxx", "curl", "8.4.0", "CVE-2023-38545", cvssVector{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8}, exploitPublic, 0.2634, "2023-10-18", "This flaw makes curl overflow a heap based buffer in the SOCKS5 proxy handshake."},
		{"microsoft", "exchange_server_2019", "15.2.1258.28", "TVM-2024-0007", cvssVector{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8}, noExploit, 0, "2024-02-13", "Defender assigned id: a security update for Exchange Server is missing for which no CVE is published yet."},
		{"apache", "log4j", "2.17.0", "TVM-2021-0001", cvssVector{"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.1}, noExploit, 0, "2021-12-14", "Defender assigned id: a component that bundles Apache Log4j was found without a product entry of its own."},
	}
}
