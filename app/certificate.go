package app

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// keyPair is a certificate in files that may be replaced while it is served.
type keyPair struct {
	certFile, keyFile string
	now               func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   string    // of the files that pair was read from
	checked time.Time // when they were last looked at
}

// keyPairAge is how long a certificate is served before its files are looked at.
const keyPairAge = 10 * time.Second

// get returns the certificate. New files that cannot be read leave the old one in
// place: whoever replaces two files does so one after the other.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if k.pair != nil && now.Sub(k.checked) < keyPairAge {
		return k.pair, nil
	}
	k.checked = now
	stamp, err := k.stampOf()
	if err == nil && (k.pair == nil || stamp != k.stamp) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(k.certFile, k.keyFile); err == nil {
			k.pair, k.stamp = &pair, stamp
		}
	}
	if k.pair == nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return k.pair, nil
}

// stampOf tells one state of the files from another.
func (k *keyPair) stampOf() (string, error) {
	var stamp strings.Builder
	for _, name := range []string{k.certFile, k.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&stamp, "%d %d ", info.Size(), info.ModTime().UnixNano())
	}
	return stamp.String(), nil
}
