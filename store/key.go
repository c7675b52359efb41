package store

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/gatehouse-sec/gatehouse"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// Cipher seals the data keys of secrets. A Tink AEAD over a key vault is one.
type Cipher interface {
	// Encrypt seals plaintext and binds it to associatedData.
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	// Decrypt opens what Encrypt sealed with the same associatedData.
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// keySize is the length of a key: AES-256.
const keySize = 32

// ownCipher is the key id of secrets that a Cipher of the caller has sealed.
const ownCipher = "cipher"

// keyring holds the keys that seal secrets. The first one seals, all open.
type keyring struct {
	origin string // where the keys were found, for messages
	ids    []string
	byID   map[string]*aead.KMSEnvelopeAEAD
}

func newKeyring(origin string) *keyring {
	return &keyring{origin: origin, byID: map[string]*aead.KMSEnvelopeAEAD{}}
}

// keyring returns the keys, read once. With create, a missing default key file
// is made.
func (s *Store) keyring(create bool) (*keyring, error) {
	s.keysMu.Lock()
	defer s.keysMu.Unlock()
	if s.keys != nil {
		return s.keys, nil
	}
	ring, err := s.loadKeyring(create)
	if err != nil {
		return nil, fmt.Errorf("store: %w: %w", ErrKey, err)
	}
	s.keys = ring
	return ring, nil
}

func (s *Store) loadKeyring(create bool) (*keyring, error) {
	o := s.options
	if o.Cipher != nil {
		ring := newKeyring("the cipher of the program")
		ring.add(ownCipher, o.Cipher)
		return ring, nil
	}
	reference := o.Key
	if reference == "" {
		if o.DatabaseURL != "" {
			return nil, errors.New("no key is set: give one as env:NAME or file:PATH, or keep only references to secrets; make one with: head -c 32 /dev/urandom | base64")
		}
		path := o.Path + ".key"
		if err := defaultKey(path, create); err != nil {
			return nil, err
		}
		reference = "file:" + path
	}
	ring := newKeyring(reference)
	return ring, ring.read(reference)
}

// defaultKey makes the key file beside the database when there is none.
func defaultKey(path string, create bool) error {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case !create:
		return fmt.Errorf("key file %s is missing: put it back, or give the secret again", path)
	}
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	// Written whole beside its place and then linked: two processes that start at once agree
	// on one key, and a crash leaves no half of one.
	draft := path + "." + rand.Text()
	text := "# Seals the secrets in the database beside it. Whoever has both has the secrets.\n" + base64.StdEncoding.EncodeToString(key) + "\n"
	if err := writeDurably(draft, text); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	err = os.Link(draft, path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(draft))
}

// writeDurably makes a file that only we may read and waits until it is on the disk.
func writeDurably(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path is the one that was configured
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// read reads keys, one a line, base64 of 32 bytes each; lines with # are comments.
func (k *keyring) read(reference string) error {
	if path, ok := strings.CutPrefix(reference, "file:"); ok {
		if err := privateFile(path); err != nil {
			return err
		}
	}
	text, err := ReadReference(reference)
	if err != nil {
		return err
	}
	for n, line := range strings.Split(text.Reveal(), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != keySize {
			return fmt.Errorf("%s: line %d is not base64 of %d bytes: make a key with: head -c 32 /dev/urandom | base64", reference, n+1, keySize)
		}
		wrap, err := subtle.NewAESGCM(key)
		if err != nil {
			return err
		}
		k.add(gatehouse.HashOf(key).String()[:12], wrap)
	}
	if len(k.ids) == 0 {
		return fmt.Errorf("%s holds no key", reference)
	}
	return nil
}

// privateFile refuses a key that others may read.
func privateFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("key file %s may be read by others (mode %04o): chmod 600 it", path, mode)
	}
	return nil
}

// add takes in a key: each secret has a data key of its own, sealed by this one.
func (k *keyring) add(id string, c Cipher) {
	if _, known := k.byID[id]; known {
		return
	}
	k.ids = append(k.ids, id)
	k.byID[id] = aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), c)
}

// seal seals a secret with the first key.
func (k *keyring) seal(value Secret, place []byte) (id string, sealed []byte, err error) {
	id = k.ids[0]
	sealed, err = k.byID[id].Encrypt([]byte(value.Reveal()), place)
	if err != nil {
		return "", nil, fmt.Errorf("store: %w: seal: %w", ErrKey, err)
	}
	return id, sealed, nil
}

// open opens a secret with the key that sealed it.
func (k *keyring) open(id string, sealed, place []byte) (Secret, error) {
	c, ok := k.byID[id]
	if !ok {
		return Secret{}, fmt.Errorf("%w: it was sealed with key %s, which is not in %s: add that key there, or give the secret again", ErrKey, id, k.origin)
	}
	value, err := c.Decrypt(sealed, place)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: it does not open: the database was changed from outside, or the secret was moved: give it again", ErrKey)
	}
	return NewSecret(string(value)), nil
}
