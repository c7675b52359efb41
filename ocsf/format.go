package ocsf

import (
	"net/netip"
	"strings"
)

// text is what the checks of this file read: a string, or the bytes of one.
type text interface{ ~string | ~[]byte }

// ValidIP tells whether a text is an ip_t: an IPv4 or IPv6 address, with or
// without a zone, of at most 40 bytes. The pattern of the schema also takes
// blanks around it; this does not.
func ValidIP(s string) bool { return isIP(s) }

// ValidMAC tells whether a text is a mac_t: six pairs of hexadecimal digits
// with colons or hyphens between them.
func ValidMAC(s string) bool { return isMAC(s) }

// ValidUUID tells whether a text is a uuid_t: 8-4-4-4-12 hexadecimal digits.
// The pattern of the schema is not anchored; this is.
func ValidUUID(s string) bool { return isUUID(s) }

// ValidEmail tells whether a text is an email_t, by the pattern of the schema.
func ValidEmail(s string) bool { return isEmail(s) }

// ValidSubnet tells whether a text is an address with a prefix length. The
// schema only limits the length of a subnet_t, so another text is a warning.
func ValidSubnet(s string) bool { return isSubnet(s) }

// ValidHostname tells whether a text can be a host name: labels of letters,
// digits, hyphens and underscores (and anything beyond ASCII), at most 63 bytes
// each and 253 together. The schema has no pattern, so another text is a
// warning.
func ValidHostname(s string) bool { return isHostname(s) }

// ValidURL tells whether a text can be a URL: something without blanks and
// control characters. The schema has no pattern, so another text is a warning.
func ValidURL(s string) bool { return isURL(s) }

// ValidDatetime tells whether a text is a datetime_t: RFC 3339, where the
// pattern of the schema lets the zone be absent.
func ValidDatetime(s string) bool { return isDatetime(s) }

// ValidHash tells whether a text can be a digest of the algorithm: hexadecimal
// digits, as many as the algorithm makes. Algorithms with another form (CTPH,
// TLSH, quickXorHash, Unknown, Other) take any text.
func ValidHash(algorithm HashAlgorithmID, s string) bool { return isHash(algorithm, s) }

func isIP[T text](s T) bool {
	return len(s) <= 40 && (isIPv4(s) || isNetip(string(s)))
}

func isNetip(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isIPv4 decides the common case without a copy.
func isIPv4[T text](s T) bool {
	part, digits, dots := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if digits > 0 && part == 0 {
				return false // leading zero
			}
			part = part*10 + int(c-'0')
			digits++
			if part > 255 {
				return false
			}
		case c == '.' && digits > 0:
			part, digits = 0, 0
			dots++
		default:
			return false
		}
	}
	return dots == 3 && digits > 0
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func isMAC[T text](s T) bool {
	if len(s) != 17 {
		return false
	}
	for i := range len(s) {
		if i%3 == 2 {
			if s[i] != ':' && s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isUUID[T text](s T) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isEmail follows the pattern: local@label.rest. The pattern's "+-/" is a
// range, so a comma is allowed too.
func isEmail[T text](s T) bool {
	at := -1
	for i := range len(s) {
		if s[i] == '@' {
			at = i
			break
		}
		if !isAlnum(s[i]) && strings.IndexByte("!#$%&'*+,-./=?^_`{|}~", s[i]) < 0 {
			return false
		}
	}
	return at > 0 && isMailDomain(s[at+1:])
}

func isMailDomain[T text](s T) bool {
	dot := -1
	for i := range len(s) {
		if s[i] == '.' && dot < 0 {
			dot = i
		}
		if !isAlnum(s[i]) && s[i] != '-' && s[i] != '.' {
			return false
		}
	}
	return dot > 0 && dot < len(s)-1
}

func isSubnet[T text](s T) bool {
	if len(s) > 42 {
		return false
	}
	_, err := netip.ParsePrefix(string(s))
	return err == nil
}

func isHostname[T text](s T) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	label := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.' && label == 0:
			return false
		case c == '.':
			label = 0
		case isAlnum(c) || c == '-' || c == '_' || c >= 0x80:
			label++
		default:
			return isNetip(string(s))
		}
		if label > 63 {
			return false
		}
	}
	return true
}

func isURL[T text](s T) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return len(s) > 0
}

// isDatetime follows the shape of RFC 3339 and the ranges of its digits.
func isDatetime[T text](s T) bool {
	const shape = "dddd-dd-ddTdd:dd:dd"
	if len(s) < len(shape) || !hasShape(s[:len(shape)], shape) {
		return false
	}
	rest := s[len(shape):]
	if len(rest) > 0 && rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return false
		}
		rest = rest[n:]
	}
	if len(rest) <= 1 {
		return len(rest) == 0 || rest[0] == 'Z' || rest[0] == 'z'
	}
	return len(rest) == 6 && (hasShape(rest, "+dd:dd") || hasShape(rest, "-dd:dd"))
}

// hasShape compares byte by byte; d is a digit, T also t.
func hasShape[T text](s T, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; shape[i] {
		case 'd':
			if c < '0' || c > '9' {
				return false
			}
		case 'T':
			if c != 'T' && c != 't' {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}

// isBase64 checks a bytestring_t: standard or URL alphabet, padded where base64
// needs it. The pattern of the schema insists on padding even where there is
// nothing to pad, which no encoder can follow.
func isBase64[T text](s T) bool {
	if len(s)%4 != 0 {
		return false
	}
	standard, url := true, true
	for i := range len(s) {
		c := s[i]
		switch {
		case isAlnum(c), c == '=' && i >= len(s)-2 && (i == len(s)-1 || s[i+1] == '='):
		case c == '+' || c == '/':
			url = false
		case c == '-' || c == '_':
			standard = false
		default:
			return false
		}
	}
	return standard || url
}

// hashDigits is the number of hexadecimal digits of a digest; 0 where the
// algorithm has another form.
func hashDigits(algorithm HashAlgorithmID) int {
	switch algorithm {
	case HashAlgorithmXxHashH3_64Bit:
		return 16
	case HashAlgorithmMD5, HashAlgorithmImphash, HashAlgorithmXxHashH3_128Bit, HashAlgorithmHASSH:
		return 32
	case HashAlgorithmSHA1:
		return 40
	case HashAlgorithmSHA224, HashAlgorithmSHA512_224, HashAlgorithmSHA3_224:
		return 56
	case HashAlgorithmSHA256, HashAlgorithmSHA512_256, HashAlgorithmSHA3_256:
		return 64
	case HashAlgorithmSHA384, HashAlgorithmSHA3_384:
		return 96
	case HashAlgorithmSHA512, HashAlgorithmSHA3_512:
		return 128
	}
	return 0
}

func isHash[T text](algorithm HashAlgorithmID, s T) bool {
	digits := hashDigits(algorithm)
	if digits == 0 {
		return len(s) > 0
	}
	if len(s) != digits {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}
