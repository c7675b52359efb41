// Package testkey has one RSA key for all emulators that the tests of a package
// start. Making keys takes longer than all else there, above all under the race
// detector.
package testkey

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
)

// RSA returns the key, of 2,048 bits. The first call makes it.
var RSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // only a broken machine comes here
	}
	return key
})
