package emulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-sec/gatehouse/emulator"
)

// Start an emulator, sign in as the application of its tenant, and call an API, all under Microsoft's host names.
func Example() {
	srv, err := emulator.Start(emulator.Options{Size: emulator.Size{Devices: 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	who := srv.DefaultTenant()

	res, err := srv.Client().PostForm("https://login.microsoftonline.com/"+who.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {who.ClientID}, "client_secret": {who.SecretID},
		"scope": {"https://api.securitycenter.microsoft.com/.default"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, strings.Contains(string(body), "AADSTS7000215"), "for the secret's id in place of its value")

	req, _ := http.NewRequest(http.MethodGet, "https://api.security.microsoft.com/api/machines", nil)
	res, err = srv.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	fmt.Println(res.StatusCode, "without a token")
	// Output:
	// 401 true for the secret's id in place of its value
	// 401 without a token
}
