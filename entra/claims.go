package entra

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gatehouse-sec/gatehouse/internal/plain"
)

// Claims is what an access token says about itself. Nothing of it is verified:
// only the API that the token is for can do that. Use it to explain, never to
// decide. Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
type Claims struct {
	Audience  []string  // aud; Entra sends exactly one
	Issuer    string    // iss
	TenantID  string    // tid
	AppID     string    // appid, or azp in version 2.0
	AppName   string    // app_displayname; optional
	ObjectID  string    // oid, the service principal
	Roles     []string  // application permissions; empty when none is granted
	Scopes    []string  // scp, delegated permissions; empty in app-only tokens
	Proof     string    // appidacr or azpacr: "1" secret, "2" certificate or assertion
	Version   string    // ver: "1.0" or "2.0"
	Expires   time.Time // exp, UTC; zero when absent
	IssuedAt  time.Time // iat, UTC; zero when absent
	NotBefore time.Time // nbf, UTC; zero when absent
}

// maxToken bounds what is parsed. Entra's tokens have 1 to 8 kilobytes.
const maxToken = 1 << 18

// ParseClaims reads the claims of a JWT without verifying its signature. Errors
// never contain the token.
func ParseClaims(token string) (Claims, error) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(token) > maxToken || len(parts) != 3 {
		return Claims{}, errors.New("access token is not a JWT: it does not have three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return Claims{}, errors.New("access token is not a JWT: its second part is not base64url")
	}
	var w wireClaims
	if err := json.Unmarshal(payload, &w, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)); err != nil {
		// The decoder's error is dropped, as it may quote the payload.
		return Claims{}, errors.New("access token is not a JWT of Entra: its claims cannot be decoded")
	}
	return w.claims(), nil
}

// ForAudience reports whether the token is meant for one of the audiences, for
// example Cloud.MDE.Audiences. A trailing slash and case do not matter.
func (c Claims) ForAudience(audiences ...string) bool {
	return slices.ContainsFunc(c.Audience, func(got string) bool {
		return slices.ContainsFunc(audiences, func(want string) bool {
			return strings.EqualFold(strings.TrimSuffix(got, "/"), strings.TrimSuffix(want, "/"))
		})
	})
}

// HasRole reports whether the token carries the application permission.
func (c Claims) HasRole(name string) bool { return slices.Contains(c.Roles, name) }

// String names audience, application, tenant and roles in one line.
func (c Claims) String() string {
	return plain.Short(fmt.Sprintf("token for %s of app %s in tenant %s with roles [%s] until %s", strings.Join(c.Audience, " "),
		c.AppID, c.TenantID, strings.Join(c.Roles, " "), c.Expires.Format(time.RFC3339)))
}

// wireClaims are the claims as they come.
type wireClaims struct {
	Aud      textList `json:"aud"`
	Iss      string   `json:"iss"`
	Tid      string   `json:"tid"`
	AppID    string   `json:"appid"`
	Azp      string   `json:"azp"`
	AppName  string   `json:"app_displayname"`
	Oid      string   `json:"oid"`
	Roles    textList `json:"roles"`
	Scp      string   `json:"scp"`
	AppIDAcr string   `json:"appidacr"`
	AzpAcr   string   `json:"azpacr"`
	Ver      string   `json:"ver"`
	Exp      unixTime `json:"exp"`
	Iat      unixTime `json:"iat"`
	Nbf      unixTime `json:"nbf"`
}

func (w wireClaims) claims() Claims {
	return Claims{
		Audience: w.Aud, Issuer: w.Iss, TenantID: w.Tid, AppID: cmp.Or(w.AppID, w.Azp),
		AppName: w.AppName, ObjectID: w.Oid, Roles: w.Roles, Scopes: strings.Fields(w.Scp),
		Proof: cmp.Or(w.AppIDAcr, w.AzpAcr), Version: w.Ver,
		Expires: w.Exp.Time, IssuedAt: w.Iat.Time, NotBefore: w.Nbf.Time,
	}
}

// textList takes a string or an array of strings.
type textList []string

// UnmarshalJSON accepts both forms; null is an empty list.
func (l *textList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one, jsontext.AllowInvalidUTF8(true)) == nil {
		*l = nil
		if one != "" {
			*l = textList{one}
		}
		return nil
	}
	var many []string
	err := json.Unmarshal(data, &many, jsontext.AllowInvalidUTF8(true))
	*l = many
	return err
}

// unixTime takes seconds since 1970 as a number or as text.
type unixTime struct{ time.Time }

// UnmarshalJSON accepts both forms; null is the zero time.
func (t *unixTime) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		t.Time = time.Time{}
		return nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	// Past the year 9999 a time can be neither printed nor marshalled.
	const latest = 253402300799
	if err != nil || seconds < 0 || seconds > latest || math.IsNaN(seconds) {
		return errors.New("not a time in seconds")
	}
	t.Time = time.Unix(int64(seconds), 0).UTC()
	return nil
}
