package emulator

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// maxAssertion bounds an assertion: a longer one is not worth parsing.
const maxAssertion = 16 << 10

// clockLeeway is how far the client's clock may be off before an assertion is refused.
const clockLeeway = 5 * time.Minute

// assertion is a JWT taken apart and not yet believed.
type assertion struct {
	alg        string
	keyName    string // the header that names the key: x5t#S256 or x5t
	thumbprint string
	keyID      string // kid
	issuer     string
	subject    string
	audience   []string
	id         string // jti
	notBefore  time.Time
	expires    time.Time
	signed     string // what the signature is over
	signature  []byte
}

// errMalformed is the cause of every error of parseAssertion.
var errMalformed = errors.New("not a JWT")

// parseAssertion takes a JWT apart. It is strict: base64url without padding, one JSON object in each part, no name
// twice in different case to hide behind, numeric dates.
func parseAssertion(token string) (assertion, error) {
	if len(token) > maxAssertion {
		return assertion{}, fmt.Errorf("%w: longer than %d bytes", errMalformed, maxAssertion)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return assertion{}, fmt.Errorf("%w: %d parts", errMalformed, len(parts))
	}
	var head struct {
		Alg  string   `json:"alg"`
		Type string   `json:"typ"`
		X5t  string   `json:"x5t"`
		S256 string   `json:"x5t#S256"`
		Kid  string   `json:"kid"`
		Crit []string `json:"crit"`
	}
	var body struct {
		Issuer    string          `json:"iss"`
		Subject   string          `json:"sub"`
		Audience  json.RawMessage `json:"aud"`
		ID        string          `json:"jti"`
		NotBefore *json.Number    `json:"nbf"`
		Expires   *json.Number    `json:"exp"`
	}
	if err := errors.Join(decodePart(parts[0], &head), decodePart(parts[1], &body)); err != nil {
		return assertion{}, err
	}
	a := assertion{
		alg: head.Alg, keyID: head.Kid, issuer: body.Issuer, subject: body.Subject, id: body.ID,
		signed: parts[0] + "." + parts[1],
	}
	if len(head.Crit) > 0 {
		return assertion{}, fmt.Errorf("%w: critical headers", errMalformed)
	}
	a.keyName, a.thumbprint = "x5t#S256", head.S256
	if a.alg == "RS256" && head.S256 == "" {
		a.keyName, a.thumbprint = "x5t", head.X5t
	}
	var errs [4]error
	a.audience, errs[0] = decodeAudience(body.Audience)
	a.notBefore, errs[1] = decodeDate(body.NotBefore)
	a.expires, errs[2] = decodeDate(body.Expires)
	a.signature, errs[3] = base64.RawURLEncoding.Strict().DecodeString(parts[2])
	return a, errors.Join(errs[:]...)
}

// decodePart reads one part of a JWT into a struct.
func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return fmt.Errorf("%w: %w", errMalformed, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errMalformed, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value", errMalformed)
	}
	return nil
}

// decodeAudience reads aud, a text or a list of texts.
func decodeAudience(raw json.RawMessage) ([]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var many []string
	if err := json.Unmarshal(raw, &many); err != nil {
		return nil, fmt.Errorf("%w: aud: %w", errMalformed, err)
	}
	return many, nil
}

// decodeDate reads seconds since 1970. Absent is the zero time.
func decodeDate(n *json.Number) (time.Time, error) {
	if n == nil {
		return time.Time{}, nil
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, fmt.Errorf("%w: date %q", errMalformed, n.String())
	}
	return time.Unix(int64(seconds), 0), nil
}

// verify checks the signature: PS256 with a salt as long as the hash, or RS256.
func (a assertion) verify(key *rsa.PublicKey) error {
	digest := sha256.Sum256([]byte(a.signed))
	switch a.alg {
	case "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], a.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], a.signature)
	}
	return fmt.Errorf("algorithm %q", a.alg)
}

// inTime tells whether the assertion counts now. Entra wants exp; nbf is checked when it is there.
func (a assertion) inTime(now time.Time) bool {
	return !a.expires.IsZero() && now.Before(a.expires.Add(clockLeeway)) && !now.Before(a.notBefore.Add(-clockLeeway))
}

// checkAssertion authenticates an application by an assertion of either kind. The kind is told by its issuer: the
// application itself, or somebody outside.
func (s *Server) checkAssertion(req tokenRequest, raw string) *refusal {
	a, err := parseAssertion(raw)
	if err != nil {
		return refuse(50027, "detail", err.Error())
	}
	if strings.HasPrefix(a.issuer, "https://") {
		return s.checkFederated(req, a)
	}
	return s.checkCertificate(req, a)
}

// checkCertificate checks an assertion signed with a registered certificate.
func (s *Server) checkCertificate(req tokenRequest, a assertion) *refusal {
	if !strings.EqualFold(a.issuer, req.app.clientID) || !strings.EqualFold(a.subject, req.app.clientID) {
		return refuse(700021, "app", req.app.clientID)
	}
	cert, ok := req.app.certificateBy(a.keyName, a.thumbprint)
	if !ok {
		return refuse(700027, "reason", reasonNotRegistered, "thumbprint", hexThumbprint(a.thumbprint), "app", req.app.clientID)
	}
	now := s.now()
	if now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
		return refuse(700027, "reason", reasonKeyExpired, "thumbprint", hexThumbprint(a.thumbprint), "app", req.app.clientID,
			"start", cert.NotBefore.UTC().Format(usDate), "end", cert.NotAfter.UTC().Format(usDate))
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || a.verify(key) != nil {
		return refuse(700027, "reason", reasonBadSignature, "thumbprint", hexThumbprint(a.thumbprint), "app", req.app.clientID)
	}
	if !a.inTime(now) {
		return s.outOfTime(a, now)
	}
	if !slices.ContainsFunc(a.audience, req.isAudience) {
		return refuse(700023, "audience", strings.Join(a.audience, " "))
	}
	if a.id == "" || !s.replays.first(req.app.clientID+" "+a.id, now, a.expires.Add(clockLeeway)) {
		return refuse(50012, "id", a.id)
	}
	return nil
}

// checkFederated checks an assertion of an outside issuer. It may be used again until it expires: the file a workload
// reads it from holds the same one for an hour.
func (s *Server) checkFederated(req tokenRequest, a assertion) *refusal {
	match := func(part func(FederatedSpec) bool) bool { return slices.ContainsFunc(req.app.federated, part) }
	issuer := func(f FederatedSpec) bool { return f.Issuer == a.issuer }
	subject := func(f FederatedSpec) bool { return issuer(f) && f.Subject == a.subject }
	audience := func(f FederatedSpec) bool { return subject(f) && slices.Contains(a.audience, f.Audience) }
	switch {
	case !match(issuer):
		return refuse(700211, "issuer", a.issuer)
	case !match(subject):
		return refuse(700213, "subject", a.subject)
	case !match(audience):
		return refuse(700212, "audience", strings.Join(a.audience, " "))
	}
	key, err := s.outside.public()
	if err != nil || a.alg != "RS256" || a.verify(key) != nil {
		return refuse(50013, "issuer", a.issuer)
	}
	if now := s.now(); !a.inTime(now) {
		return s.outOfTime(a, now)
	}
	return nil
}

func (s *Server) outOfTime(a assertion, now time.Time) *refusal {
	return refuse(700024, "now", now.UTC().Format(isoMillis), "start", a.notBefore.UTC().Format(isoMillis),
		"end", a.expires.UTC().Format(isoMillis))
}

// hexThumbprint prints a thumbprint as Entra's messages do.
func hexThumbprint(s string) string {
	b, ok := decodeThumbprint(s)
	if !ok {
		return ""
	}
	return strings.ToUpper(fmt.Sprintf("%x", b))
}

// AssertionOptions say what a federated assertion claims.
type AssertionOptions struct {
	// Issuer is iss. Default: https://issuer.emulator.example.
	Issuer string
	// Subject is sub. Default: system:serviceaccount:default:gatehouse.
	Subject string
	// Audience is aud. Default: api://AzureADTokenExchange.
	Audience string
	// Lifetime is how long it counts, from now; a negative one has expired already. Default: one hour.
	Lifetime time.Duration
}

// FederatedAssertion mints an assertion of the outside issuer whose key the emulator holds: what a workload's token
// file would hold.
func (s *Server) FederatedAssertion(o AssertionOptions) (string, error) {
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	now := s.now()
	claims := map[string]any{
		"iss": orText(o.Issuer, outsideIssuer), "sub": orText(o.Subject, outsideSubject), "aud": []string{orText(o.Audience, outsideAudience)},
		"jti": s.ids.next(), "iat": now.Unix(), "nbf": now.Add(min(o.Lifetime, 0)).Unix(), "exp": now.Add(o.Lifetime).Unix(),
	}
	return s.outside.sign(claims)
}
