package entra_test

import (
	"fmt"

	"github.com/gatehouse-sec/gatehouse/entra"
)

func ExampleResolveBaseURL() {
	base, err := entra.ResolveBaseURL("https://api-gcc-high.securitycenter.microsoft.com", entra.BaseURLOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(base, "in", base.Cloud.Title)
	fmt.Println("sign in at", base.Cloud.Authority)
	fmt.Println(base.Warnings[0])
	// Output:
	// https://api-gov.securitycenter.microsoft.us in US Government GCC High
	// sign in at https://login.microsoftonline.us
	// api-gcc-high.securitycenter.microsoft.com is not a host that Microsoft documents: api-gov.securitycenter.microsoft.us is used instead
}

func ExampleNewCredential() {
	_, err := entra.NewCredential(entra.CredentialOptions{
		TenantID: "contoso.onmicrosoft.com",
		ClientID: "my-app",
		Secret:   entra.NewSecret("the secret's value"),
	})
	fmt.Println(err)
	// Output:
	// client id (6 characters) is not a GUID: copy 'Application (client) ID' from the app's Overview page
}

func ExampleSecret() {
	secret := entra.NewSecret("hunter2")
	fmt.Printf("%v %+v %#v %q\n", secret, secret, secret, secret)
	fmt.Println(len(secret.Reveal()))
	// Output:
	// [redacted] [redacted] [redacted] [redacted]
	// 7
}

func ExampleCapabilityByName() {
	capability, err := entra.CapabilityByName("hunting.run")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, door := range capability.Doors {
		fmt.Println(door.API, door.AnyOf[0].Name)
	}
	// Output:
	// mde AdvancedQuery.Read.All
	// graph ThreatHunting.Read.All
}
