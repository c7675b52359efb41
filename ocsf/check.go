package ocsf

// check is what a text type asks of its values beyond being a text.
type check struct {
	ok    func([]byte) bool
	what  string // completes "is not ..."
	level Code   // CodeFormat where the schema has the rule, CodeUnlikely where it is ours
}

// checkOf returns the check of a type; nil where any text will do. Hashes are
// checked with their algorithm, see checkFingerprint.
func checkOf(name string) *check {
	switch name {
	case "ip_t":
		return &check{isIP[[]byte], "an IP address", CodeFormat}
	case "mac_t":
		return &check{isMAC[[]byte], "a MAC address (six pairs of hexadecimal digits with : or - between)", CodeFormat}
	case "uuid_t":
		return &check{isUUID[[]byte], "a UUID", CodeFormat}
	case "email_t":
		return &check{isEmail[[]byte], "an email address", CodeFormat}
	case "datetime_t":
		return &check{isDatetime[[]byte], "an RFC 3339 time", CodeFormat}
	case "bytestring_t":
		return &check{isBase64[[]byte], "base64", CodeFormat}
	case "subnet_t":
		return &check{isSubnet[[]byte], "an address with a prefix length", CodeUnlikely}
	case "hostname_t":
		return &check{isHostname[[]byte], "a host name", CodeUnlikely}
	case "url_t":
		return &check{isURL[[]byte], "a URL", CodeUnlikely}
	}
	return nil
}
