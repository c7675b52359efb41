package entra

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// parsePEM collects the certificates and the one private key of a PEM file.
// Blocks of other types (parameters, requests) are skipped.
func parsePEM(data []byte, _ string) (certs []*x509.Certificate, key any, err error) {
	var keys []any
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, fmt.Errorf("%w: a CERTIFICATE block of the PEM file is damaged", ErrCertificateFormat)
			}
			certs = append(certs, c)
			continue
		}
		k, err := parsePEMKey(block)
		if err != nil {
			return nil, nil, err
		}
		if k != nil {
			keys = append(keys, k)
		}
	}
	if err := checkPEM(len(certs), len(keys)); err != nil {
		return nil, nil, err
	}
	return certs, keys[0], nil
}

// checkPEM says what a PEM file lacks or has too much of.
func checkPEM(certs, keys int) error {
	switch {
	case certs == 0 && keys == 0:
		return fmt.Errorf("%w: the PEM file holds neither a certificate nor a private key", ErrCertificateFormat)
	case certs == 0:
		return fmt.Errorf("%w: the PEM file holds a private key alone: append the certificate to it", ErrCertificateMissing)
	case keys == 0:
		return fmt.Errorf("%w: the PEM file holds a certificate alone: append its private key", ErrCertificateKey)
	case keys > 1:
		return fmt.Errorf("%w: the PEM file holds more than one: leave the app's own alone", ErrCertificateKey)
	}
	return nil
}

// parsePEMKey returns the key of a block, or nil when the block is no key. The
// parser's own error is dropped: it may quote bytes of the key.
func parsePEMKey(block *pem.Block) (any, error) {
	if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return nil, nil
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, fmt.Errorf("%w: the key in the PEM file is encrypted: decrypt it (openssl pkey -in KEY -out PLAIN) or give a PFX file with its password", ErrCertificateKey)
	}
	parse, ok := map[string]func([]byte) (any, error){
		"PRIVATE KEY":     x509.ParsePKCS8PrivateKey,
		"RSA PRIVATE KEY": func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
		"EC PRIVATE KEY":  func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
	}[block.Type]
	if !ok {
		return nil, fmt.Errorf("%w: its kind is not known: convert it (openssl pkey -in KEY -out PLAIN)", ErrCertificateKey)
	}
	key, err := parse(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: the %s block of the PEM file is damaged", ErrCertificateKey, block.Type)
	}
	return key, nil
}

// parsePFX reads a PKCS#12 file.
func parsePFX(data []byte, password string) (certs []*x509.Certificate, key any, err error) {
	if _, err := x509.ParseCertificate(data); err == nil {
		return nil, nil, fmt.Errorf("%w: this is the public part alone (.cer), which goes to the portal: give the PEM or PFX file that also holds the key", ErrCertificateKey)
	}
	if !bytes.HasPrefix(data, []byte{0x30}) {
		return nil, nil, fmt.Errorf("%w: it is neither PEM (-----BEGIN CERTIFICATE-----) nor PFX", ErrCertificateFormat)
	}
	if tooManyRounds(data, 0) {
		return nil, nil, fmt.Errorf("%w: the PFX file asks for more than %d key derivation rounds", ErrCertificateFormat, maxKeyRounds)
	}
	private, leaf, chain, err := pkcs12.DecodeChain(data, password)
	if err == nil {
		return append([]*x509.Certificate{leaf}, chain...), private, nil
	}
	return nil, nil, pfxError(err, password)
}

// pfxError tells the reasons apart. The library has sentinels for two of them and
// texts for the others; the texts are constants without file content.
func pfxError(err error, password string) error {
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		if password == "" {
			return fmt.Errorf("%w: the PFX file needs one and none was given", ErrCertificatePassword)
		}
		return fmt.Errorf("%w: the PFX file does not open with the one given", ErrCertificatePassword)
	case err.Error() == "pkcs12: private key missing":
		return fmt.Errorf("%w: the PFX file holds certificates alone: export it again with the private key", ErrCertificateKey)
	case err.Error() == "pkcs12: certificate missing":
		return fmt.Errorf("%w: the PFX file holds a private key alone: export it again with the certificate", ErrCertificateMissing)
	}
	return fmt.Errorf("%w: the file is neither PEM nor a PFX file that can be read: export it again, or as PEM", ErrCertificateFormat)
}

// maxKeyRounds bounds the key derivation that a PFX file may ask for. Usual
// files ask for 2,000 to 600,000 rounds; a hostile one could ask for hours.
const maxKeyRounds = 5_000_000

// tooManyRounds walks DER for a number of rounds, which always follows the salt:
// an INTEGER right after an OCTET STRING in one SEQUENCE.
func tooManyRounds(der []byte, depth int) bool {
	const deepest = 16
	afterSalt := false
	for len(der) > 0 && depth < deepest {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return false
		}
		if afterSalt && isUniversal(v, asn1.TagInteger) && overLimit(v.FullBytes) {
			return true
		}
		afterSalt = isUniversal(v, asn1.TagOctetString)
		if (v.IsCompound || afterSalt) && tooManyRounds(v.Bytes, depth+1) {
			return true
		}
		der = rest
	}
	return false
}

func isUniversal(v asn1.RawValue, tag int) bool {
	return v.Class == asn1.ClassUniversal && v.Tag == tag
}

func overLimit(integer []byte) bool {
	var n int64
	_, err := asn1.Unmarshal(integer, &n)
	return err != nil || n > maxKeyRounds
}
